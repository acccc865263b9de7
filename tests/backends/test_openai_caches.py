"""A server that remembers images is found out, and made to forget them before they are timed again."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from argus_eval.backends.openai.backend import OpenAIBackend
from argus_eval.backends.openai.cache_audit import Probe, audit
from argus_eval.backends.openai.caches import Forgetting, ServerMemory
from argus_eval.core.request import Request
from argus_eval.errors import SampleError
from tests.backends.fake_server import Call, FakeServer, answer, head, part, refuse, send_json
from tests.backends.fake_server import end as end_body
from tests.backends.test_openai_backend import ask, picture

COLD_S, WARM_NS = 0.15, 140_000_000


class Remembering:
    """A model server with a cache, of one make.

    Args:
        make: "vllm" goes by names, "sglang" can be flushed, "other" can do neither, "plain" has no cache.
        counts: it tells its hits.
    """

    def __init__(self, make: str, *, counts: bool = False) -> None:
        self.make, self.counts = make, counts
        self.known: set[str] = set()
        self.hits = 0

    async def chat(self, call: Call, writer: asyncio.StreamWriter) -> None:
        if call.method == "GET":
            await send_json(writer, {"data": [{"id": "tiny"}]})
            return
        shown = call.body["messages"][0]["content"][0]
        name = shown.get("uuid") if self.make == "vllm" else None
        name = name or shown["image_url"]["url"]
        if name in self.known and self.make != "plain":
            self.hits += 1
        else:
            await asyncio.sleep(COLD_S)
        self.known.add(name)
        await answer(writer, *["x"] * call.body["max_tokens"], finish="length")

    async def root(self, call: Call, writer: asyncio.StreamWriter) -> None:
        if self.make == "vllm" and call.path == "/version":
            await send_json(writer, {"version": "0.32"})
        elif self.make == "sglang" and call.path == "/flush_cache":
            self.known.clear()
            await send_json(writer, {})
        elif self.counts and call.path == "/metrics":
            await head(writer, kind="text/plain")
            await part(writer, f'vllm:mm_cache_hits_total{{engine="0"}} {self.hits}.0\n'.encode())
            await end_body(writer)
        else:
            await refuse(writer, "404 Not Found", "no such page")


@contextmanager
def backend_of(model: Remembering) -> Iterator[OpenAIBackend]:
    with FakeServer({"v1": model.chat, "root": model.root}) as server:
        backend = OpenAIBackend(f"tiny@{server.base('v1')}", keep_special_tokens=False, weights="trained")
        try:
            yield backend
        finally:
            backend.close()


def question(seed: int) -> Request:
    return dataclasses.replace(ask(tokens=1, fixed=True), images=(picture(40 * seed),))


def ttft_ns(runner, seed: int) -> int:
    timing = runner.time(question(seed)).timing
    assert timing is not None
    return timing.ttft_ns


@pytest.mark.parametrize(("make", "counts"), [("vllm", True), ("sglang", False)])
def test_what_can_forget_is_cold_every_time(make: str, counts: bool) -> None:
    with backend_of(Remembering(make, counts=counts)) as backend:
        runner, twin = backend.runner(()), backend.twin()
        for asking, seed in ((runner, 1), (twin, 1), (runner, 2), (runner, 1), (twin, 2)):
            assert ttft_ns(asking, seed) > WARM_NS
        (note,) = [note for note in backend.loaded.notes if note.startswith("cache audit")]
        assert "cold again" in note
        assert ("hits counted: 0, 5, 0" in note) == counts


def test_twice_in_a_row_shows_the_cache() -> None:
    with backend_of(Remembering("vllm")) as backend:
        runner = backend.runner(())
        assert ttft_ns(runner, 1) > WARM_NS
        assert ttft_ns(runner, 1) < WARM_NS
        assert ttft_ns(runner, 2) > WARM_NS


def test_what_cannot_forget_is_not_timed_again() -> None:
    with backend_of(Remembering("other")) as backend:
        runner = backend.runner(())
        assert ttft_ns(runner, 1) > WARM_NS
        assert ttft_ns(runner, 2) > WARM_NS
        with pytest.raises(SampleError, match="cannot be made to forget it"):
            runner.time(question(1))
        assert ttft_ns(runner, 3) > WARM_NS


@pytest.mark.parametrize("cached", [False, True])
def test_what_a_busy_machine_leaves_open_is_looked_at_longer(cached: bool) -> None:
    """The first five rounds are the same: a repeated image seems to take four fifths, but not by rank."""
    new, again = [1.0, 1.0, 1.0, 0.7, 1.2, 0.75, 1.1], [0.8, 1.2, 0.72, 0.8, 0.78]
    shown: list[str] = []

    def seconds(item: Request, names: tuple[str, ...]) -> float:
        name = item.images[0].sha256
        shown.append(name)
        if shown.count(name) == 1:
            return new.pop(0) if new else 1.0
        # Of three questions about the known image in a row the last one is the repetition that counts.
        counts = shown.count(name) % 3 == 1
        return again.pop(0) if counts and again else 0.8 if cached else 1.0

    memory = ServerMemory(None, Forgetting.NOTHING, own=False)  # type: ignore[arg-type]
    found = audit(Probe(ask=seconds, hits=lambda: None), memory, question(1))
    assert found.remembers == cached
    assert found.n == 5 * 4
    assert ("no way is known to make this server forget" in found.sentence) == cached


def test_images_of_the_accuracy_pass_count_as_seen() -> None:
    from argus_eval.backends.protocol import Question

    with backend_of(Remembering("sglang")) as backend:
        asked = [Question(task=None, sample=None, request=question(seed)) for seed in (1, 2)]  # type: ignore[arg-type]
        backend.runner(()).answer(asked)
        assert ttft_ns(backend.runner(()), 2) > WARM_NS


def test_without_a_cache_nothing_is_refused() -> None:
    with backend_of(Remembering("plain")) as backend:
        runner = backend.runner(())
        for seed in (1, 2, 1):
            assert ttft_ns(runner, seed) > WARM_NS
        assert any("no cache" in note for note in backend.loaded.notes)


@pytest.mark.parametrize("make", ["vllm", "sglang"])
def test_images_asked_about_together_are_unknown_to_each_other(make: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("argus_eval.backends.openai.cache_audit.audit.__defaults__", (1,))
    model = Remembering(make)
    with backend_of(model) as backend:
        runner = backend.runner(())
        assert ttft_ns(runner, 1) > WARM_NS
        found = runner.load([question(1), question(2)], streams=2)
        assert found.seconds > COLD_S
        assert model.hits == 2  # the audit's own round
        again = runner.load([question(1), question(2), question(1)], streams=3)
        if make == "vllm":
            assert not any(isinstance(answer, SampleError) for answer in again.answers)
        else:
            assert "need as many images" in str(again.answers[0])
        assert model.hits == 2


def test_a_started_server_is_emptied_and_repeats_get_names() -> None:
    posted: list[str] = []

    class Client:
        """Only what resets need."""

        def post(self, path: str) -> int:
            posted.append(path)
            return 200

        async def fetch(self, method: str, path: str) -> tuple[int, object]:
            return self.post(path), {"success": True}

        class loop:  # noqa: N801
            run = staticmethod(asyncio.run)

    memory = ServerMemory(Client(), Forgetting.RESET, own=True)  # type: ignore[arg-type]
    names = memory.forget_all([question(1), question(2), question(1)])
    assert posted == ["/reset_prefix_cache", "/reset_mm_cache", "/reset_encoder_cache"]
    assert names[:2] == [(), ()]
    assert len(names[2]) == 1
