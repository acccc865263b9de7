"""A server's own words about its requests, believed only where they can be true."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_eval.backends.openai.backend import OpenAIBackend
from argus_eval.backends.openai.server_times import (
    Histogram,
    ended_between,
    read_histograms,
    reported_stages,
    with_server_stages,
)
from argus_eval.backends.protocol import ArmRunner
from argus_eval.core.timing import Timing
from tests.backends.fake_server import (
    DONE,
    ROLE,
    Call,
    FakeServer,
    answer,
    end,
    event,
    head,
    part,
    refuse,
    send_json,
    usage_event,
)
from tests.backends.test_openai_backend import ask

#: As vLLM 0.32 writes it, cut to what matters; two engines, so two label sets.
PAGE = """\
# HELP vllm:request_queue_time_seconds Histogram of time spent in WAITING phase for request.
# TYPE vllm:request_queue_time_seconds histogram
vllm:request_queue_time_seconds_bucket{engine="0",le="0.3",model_name="a} 7.0"} 4.0
vllm:request_queue_time_seconds_count{engine="0",model_name="a} 7.0"} 4.0
vllm:request_queue_time_seconds_sum{engine="0",model_name="a} 7.0"} 1.25e-04
vllm:request_queue_time_seconds_count{engine="1",model_name="a} 7.0"} 2.0
vllm:request_queue_time_seconds_sum{engine="1",model_name="a} 7.0"} 0.5
# TYPE vllm:request_queue_time_seconds_created gauge
vllm:request_queue_time_seconds_created{engine="0",model_name="a} 7.0"} 1.76e+09
vllm:request_prefill_time_seconds_count 6 1760000000000
vllm:request_prefill_time_seconds_sum 3.5 1760000000000
vllm:request_decode_time_seconds_sum{engine="0"} NaN
vllm:request_decode_time_seconds_count{engine="0"} 6
process_cpu_seconds_total 12.5
"""


def test_sums_over_label_sets_and_nothing_else() -> None:
    found = read_histograms(PAGE)
    assert set(found) == {"queue", "prefill"}
    assert found["queue"] == Histogram(sum_s=0.500125, count=6.0)
    assert found["prefill"] == Histogram(sum_s=3.5, count=6.0)


@given(st.text())
def test_no_page_breaks_the_reader(text: str) -> None:
    for page in (
        text,
        f"vllm:request_queue_time_seconds_sum{text}",
        f"vllm:request_queue_time_seconds_count {text}",
    ):
        for found in read_histograms(page).values():
            assert found.sum_s >= 0


def test_exactly_one_request_may_have_ended() -> None:
    before = {"queue": Histogram(sum_s=1.0, count=4.0), "prefill": Histogram(sum_s=8.0, count=4.0)}

    def later(queue: float, prefill: float, ended: float) -> dict[str, Histogram]:
        return {
            "queue": Histogram(sum_s=1.0 + queue, count=4.0 + ended),
            "prefill": Histogram(sum_s=8.0 + prefill, count=4.0 + ended),
        }

    assert ended_between(before, later(0.25, 0.5, 1)) == {"queue": 250_000_000, "prefill": 500_000_000}
    assert ended_between(before, later(0.25, 0.5, 2)) == {}
    assert ended_between(before, before) == {}
    # Started again in between: counts begin at 0.
    assert ended_between(before, {"queue": Histogram(sum_s=0.25, count=1.0)}) == {}
    # The first request ever: vLLM's page has no line of it before.
    assert ended_between({}, {"queue": Histogram(sum_s=0.25, count=1.0)}) == {"queue": 250_000_000}


def test_words_of_a_chunk() -> None:
    told = {"metrics": {"queue_time_ms": 1.5, "time_to_first_token_ms": 30, "generation_time_ms": None}}
    assert reported_stages(told) == {"queue": 1_500_000, "prefill": 30_000_000}
    assert reported_stages({"timings": {"prompt_ms": 12.25, "predicted_ms": 99.5, "prompt_n": 3}}) == {
        "prefill": 12_250_000,
        "decode": 99_500_000,
    }
    for hostile in (10**400, float("nan"), float("inf"), -1, "12", True, [1]):
        assert reported_stages({"timings": {"prompt_ms": hostile}, "metrics": hostile}) == {}


def test_server_stages_are_parts_of_what_the_client_saw() -> None:
    seen = Timing(
        ttft_ns=100,
        e2e_ns=150,
        stages_ns={"send": 10, "wait": 60, "stream": 30, "decode": 50},
        first_token_count=1,
    )
    early = with_server_stages(seen, {"queue": 5, "prefill": 20, "decode": 49})
    assert early.stages_ns == {
        **seen.stages_ns,
        "stream.queue": 5,
        "stream.prefill": 20,
        "decode.engine": 49,
    }
    assert early.residual() == seen.residual() == 0
    # The head came after the work was done.
    late = with_server_stages(seen, {"queue": 5, "prefill": 56})
    assert late.stages_ns == {**seen.stages_ns, "wait.queue": 5, "wait.prefill": 56}
    # The client was late to see the head: which stage held the work cannot be told.
    assert with_server_stages(seen, {"queue": 5, "prefill": 30}).stages_ns == seen.stages_ns
    # What the client saw was shorter than what the server says.
    assert with_server_stages(seen, {"prefill": 95, "decode": 80}).stages_ns == seen.stages_ns


class Telling:
    """A server with vLLM's page: 10 ms of prefill a request. ``visitors`` more requests end at the same time."""

    def __init__(self, visitors: int = 0, page: str | None = "") -> None:
        self.ended, self.visitors, self.page, self.read = 0, visitors, page, 0

    async def v1(self, call: Call, writer: asyncio.StreamWriter) -> None:
        if call.method == "GET":
            await send_json(writer, {"data": [{"id": "tiny"}]})
            return
        await answer(writer, "a", pause_s=0.06)
        self.ended += 1 + self.visitors

    async def root(self, call: Call, writer: asyncio.StreamWriter) -> None:
        if call.path != "/metrics":
            await refuse(writer, "404 Not Found", "no such page")
            return
        self.read += 1
        if self.page is None:
            await refuse(writer, "404 Not Found", "no such page")
            return
        name = "vllm:request_prefill_time_seconds"
        await head(writer, kind="text/plain")
        lines = f"{name}_sum {0.01 * self.ended}\n{name}_count {self.ended}\n"
        await part(writer, (self.page + lines).encode())
        await end(writer)


@contextmanager
def served(telling: Telling) -> Iterator[ArmRunner]:
    """One runner: about the same image again and again nothing is audited."""
    with FakeServer({"v1": telling.v1, "root": telling.root}) as server:
        backend = OpenAIBackend(f"tiny@{server.base('v1')}", keep_special_tokens=False, weights="trained")
        try:
            yield backend.runner(())
        finally:
            backend.close()


def stages(runner: ArmRunner, *, timed: bool = True) -> dict[str, int]:
    timing = runner.time(ask(tokens=1), stages=timed).timing
    assert timing is not None
    return dict(timing.stages_ns)


def of_the_server(found: dict[str, int]) -> dict[str, int]:
    return {name: ns for name, ns in found.items() if "." in name}


def test_the_page_is_read_around_a_request() -> None:
    with served(Telling()) as runner:
        assert of_the_server(stages(runner)) == {"stream.prefill": 10_000_000}
        assert of_the_server(stages(runner)) == {"stream.prefill": 10_000_000}
        assert stages(runner, timed=False) == {}


def test_somebody_elses_request_spoils_it() -> None:
    with served(Telling(visitors=1)) as runner:
        assert of_the_server(stages(runner)) == {}


@pytest.mark.parametrize("page", [None, "x" * (9 * 2**20) + "\n"])
def test_a_server_without_a_page_or_an_end_to_it_is_asked_once(page: str | None) -> None:
    telling = Telling(page=page)
    with served(telling) as runner:
        for _ in range(3):
            found = stages(runner)
            assert {"send", "wait", "stream"} <= set(found)
            assert of_the_server(found) == {}
    assert telling.read == 1


def test_times_in_the_last_chunk() -> None:
    """llama.cpp tells them there, beside the end of the answer."""

    async def llama(call: Call, writer: asyncio.StreamWriter) -> None:
        if call.method == "GET":
            await send_json(writer, {"data": [{"id": "tiny"}]})
            return
        await head(writer)
        await part(writer, ROLE)
        await asyncio.sleep(0.06)
        await part(writer, event(content="a"))
        last = event(delta={}, finish_reason="stop").replace(
            b'"choices"', b'"timings": {"prompt_ms": 15.5, "predicted_ms": 1e12}, "choices"'
        )
        await part(writer, last + usage_event(1) + DONE)
        await end(writer)

    telling = Telling(page=None)
    with FakeServer({"v1": llama, "root": telling.root}) as server:
        backend = OpenAIBackend(f"tiny@{server.base('v1')}", keep_special_tokens=False, weights="trained")
        try:
            assert of_the_server(stages(backend.runner(()))) == {"stream.prefill": 15_500_000}
        finally:
            backend.close()
