"""Many requests at a time: as many as asked for, each once, and only whole answers count."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from argus_eval.backends.openai.address import Secret, parse_address
from argus_eval.backends.openai.backend import OpenAIBackend
from argus_eval.backends.openai.client import ServerClient
from argus_eval.backends.openai.exchange import Exchange
from argus_eval.backends.openai.failures import RequestFailed
from argus_eval.backends.protocol import ArmRunner, TakesLoad
from argus_eval.core.request import Decoding, Request
from argus_eval.core.response import Response
from argus_eval.engine import throughput_pass
from argus_eval.engine.budget import Stopwatch
from argus_eval.engine.workload import WorkItem
from argus_eval.errors import SampleError
from tests.backends.fake_server import Call, FakeServer, answer, refuse, send_json
from tests.backends.test_openai_backend import ask, picture

WORK_S = 0.03


class Busy:
    """Notes how many requests are under way at a time.

    Args:
        lives: requests it answers; later ones are refused.
        meet: requests that wait for each other before any is answered.
        version: what ``/version`` says; without, the server is of no known kind.
        short: the prompt that is answered with a token too few.
    """

    def __init__(self, *, lives: int = 1000, meet: int = 1, version: str | None = "1", short: str = "-") -> None:
        self.lives, self.meet, self.version, self.short = lives, meet, version, short
        self.active = self.highest = self.asked = 0
        self.together = asyncio.Event()
        self.names: list[str | None] = []
        self.bodies: list[dict] = []

    async def v1(self, call: Call, writer: asyncio.StreamWriter) -> None:
        if call.method == "GET":
            await send_json(writer, {"data": [{"id": "tiny"}]})
            return
        self.asked += 1
        self.bodies.append(call.body)
        *images, text = call.body["messages"][0]["content"]
        self.names += [image.get("uuid") for image in images]
        if self.asked > self.lives:
            await refuse(writer, "429 Too Many Requests", "slow down")
            return
        await self.work()
        count = call.body["max_tokens"] - (text["text"] == self.short)
        await answer(writer, *["x"] * count, finish="length")

    async def work(self) -> None:
        self.active += 1
        self.highest = max(self.highest, self.active)
        if self.active % self.meet == 0:
            self.together.set()
            self.together = asyncio.Event()
        else:
            await asyncio.wait_for(self.together.wait(), 60)
        await asyncio.sleep(WORK_S)
        self.active -= 1

    async def root(self, call: Call, writer: asyncio.StreamWriter) -> None:
        if call.path == "/version" and self.version is not None:
            await send_json(writer, {"version": self.version})
        else:
            await refuse(writer, "404 Not Found", "no such page")


@contextmanager
def served(model: Busy) -> Iterator[ArmRunner]:
    with FakeServer({"v1": model.v1, "root": model.root}) as server:
        backend = OpenAIBackend(f"tiny@{server.base('v1')}", keep_special_tokens=False, weights="trained")
        try:
            yield backend.runner(())
        finally:
            backend.close()


def requests(count: int, images: int | None = None) -> list[Request]:
    """``count`` questions about ``images`` different images."""
    decoding = Decoding(max_new_tokens=4, fixed_length=True)
    return [
        Request(key=str(i), images=(picture(21 * (i % (images or count))),), prompt=str(i), decoding=decoding)
        for i in range(count)
    ]


@pytest.fixture(autouse=True)
def unaudited(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache audit has tests of its own."""
    monkeypatch.setattr("argus_eval.backends.openai.runner.Caches.inspect", lambda *_: None)


def test_as_many_at_a_time_as_asked_for() -> None:
    model = Busy(meet=4)
    with served(model) as runner:
        assert isinstance(runner, TakesLoad)
        found = runner.load(requests(12), streams=4)
    assert model.highest == 4
    assert [isinstance(item, Response) and item.lengths.output_tokens for item in found.answers] == [4] * 12
    assert found.seconds >= 3 * WORK_S
    # Nothing that only times or comparisons of answers need.
    assert not any("return_token_ids" in body or "continuous_usage_stats" in body for body in model.bodies)
    assert all(body["ignore_eos"] for body in model.bodies)


def test_no_image_is_known_to_a_server_that_takes_names() -> None:
    model = Busy()
    with served(model) as runner:
        assert isinstance(runner, TakesLoad)
        runner.load(requests(6, images=2), streams=6)
        runner.load(requests(6, images=2), streams=6)
    assert None not in model.names
    assert len(set(model.names)) == 12


def test_a_server_that_cannot_forget_is_not_measured_warm() -> None:
    model = Busy(version=None)
    with served(model) as runner:
        assert isinstance(runner, TakesLoad)
        assert all(isinstance(item, Response) for item in runner.load(requests(4), streams=4).answers)
        for again in (requests(4), requests(8, images=1)):
            found = runner.load(again, streams=4)
            assert len(found.answers) == len(again)
            assert "cannot be made to forget" in str(found.answers[0])
    assert model.asked == 4


def test_a_short_answer_and_a_refusal_are_no_successes_and_not_retried() -> None:
    model = Busy(short="2")
    with served(model) as runner:
        assert isinstance(runner, TakesLoad)
        found = runner.load(requests(4), streams=2).answers
        assert [isinstance(item, SampleError) for item in found] == [False, False, True, False]
        assert "does not fix the length" in str(found[2])
    model = Busy(lives=2)
    with served(model) as runner:
        assert isinstance(runner, TakesLoad)
        found = runner.load(requests(4), streams=4).answers
    assert sum(isinstance(item, SampleError) and "HTTP 429" in str(item) for item in found) == 2
    assert model.asked == 4


def test_a_sweep_ends_where_requests_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throughput_pass, "_MOST_ROUNDS", 3)
    monkeypatch.setattr(throughput_pass, "TOKENS", 2)
    # Four rounds of three at size 1, of six at size 2; the first requests of size 4 are refused.
    model = Busy(lives=36)
    items = [
        WorkItem(
            task="t", sample=str(i), image=str(i), request=dataclasses.replace(ask(), images=(picture(21 * i),))
        )
        for i in range(6)
    ]
    with served(model) as runner:
        watch = Stopwatch(budget_s=600.0, clock_s=time.monotonic)
        watch.start()
        records = throughput_pass.run_throughput(
            {"m:baseline": runner}, items, watch, until_s=600.0, clock_s=lambda: 0.0
        )
    values, sweep = throughput_pass.throughput_result(records, "m:baseline")
    assert [(rate.batch, rate.requests_per_s is not None) for rate in sweep] == [(1, True), (2, True), (4, False)]
    assert sweep[1].ci is not None
    assert sweep[1].rounds == 3
    assert not any(rate.out_of_memory for rate in sweep)
    assert sweep[0].requests_per_s is not None
    assert sweep[1].requests_per_s is not None
    assert sweep[0].requests_per_s < 1 / WORK_S
    assert sweep[1].requests_per_s < 2 / WORK_S
    best = max(sweep[0].requests_per_s, sweep[1].requests_per_s)
    assert values["output_tokens_per_s"] == pytest.approx(2 * best)
    assert "HTTP 429" in (records[-1].error or "")
    # Six images pay for one wave of four.
    assert [record.lengths["output_tokens"] for record in records if record.block == 2] == [12] * 4


def test_a_broken_connection_holds_no_other_stream_up_while_the_process_is_asked_after() -> None:
    """A process may take seconds to be gone; the clocks of the other streams run on."""

    async def one_breaks(call: Call, writer: asyncio.StreamWriter) -> None:
        if call.body["messages"][0]["content"][-1]["text"] == "breaks":
            raise ConnectionError
        await answer(writer, "a", "b", "c", pause_s=0.1)

    def dies_slowly() -> bool:
        time.sleep(3.0)
        return False

    with FakeServer({"v1": one_breaks}) as server:
        client = ServerClient(parse_address(f"tiny@{server.base('v1')}"), Secret(), ended=dies_slowly)
        asked = [dataclasses.replace(ask(), prompt=prompt) for prompt in ("breaks", "whole")]
        broken, whole = client.load(asked, [(), ()], streams=2)[0]
        client.close()
    assert isinstance(broken, RequestFailed)
    assert isinstance(whole, Exchange)
    assert whole.last_token is not None
    assert whole.last_token - whole.begun < 2e9
