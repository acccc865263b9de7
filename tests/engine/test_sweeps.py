"""Throughput and cache audit: what is found must be what the fake arm is."""

from __future__ import annotations

from typing import Any

import pytest

from argus_eval.core.response import Lengths, Response
from argus_eval.core.timing import Timing
from argus_eval.engine import throughput_pass
from argus_eval.engine.budget import Stopwatch
from argus_eval.engine.cache_audit import audit_result, run_audit
from argus_eval.engine.throughput_pass import TOKENS, run_throughput, throughput_result
from argus_eval.errors import SampleError
from argus_eval.measure.clock import ManualClock
from tests.engine.fakes import workload

ITEMS = workload().items


class FakeArm:
    """Takes a fixed time a batch and a share of it a request; remembers images if told to."""

    def __init__(self, clock: ManualClock, *, fixed_s: float, each_s: float, cached: float = 1.0) -> None:
        self.clock, self.fixed_s, self.each_s, self.cached = clock, fixed_s, each_s, cached
        self.seen: set[str] = set()
        self.largest: int | None = None
        self.refused = 0

    def answer(self, questions: Any) -> Any:
        if self.largest is not None and len(questions) > self.largest:
            self.refused += 1
        self.clock.advance(self.fixed_s + self.each_s * len(questions))
        return [Response(text="", lengths=Lengths(output_tokens=TOKENS)) for _ in questions]

    def time(self, request: Any, *, stages: bool = True, hashes: bool = False) -> Response:
        image = request.images[0].sha256
        seconds = self.each_s / (self.cached if image in self.seen else 1)
        self.seen.add(image)
        self.clock.advance(seconds)
        nanoseconds = round(seconds * 1e9)
        return Response(text="", timing=Timing(ttft_ns=nanoseconds, e2e_ns=nanoseconds))


class FakeAhead(FakeArm):
    """Prepares in half of the time of a request, and beside the model if it was told what comes."""

    def __init__(self, clock: ManualClock, *, each_s: float, looks_ahead: bool) -> None:
        super().__init__(clock, fixed_s=0.0, each_s=each_s)
        self.looks_ahead = looks_ahead
        self.expected: list[Any] = []

    def expect(self, questions: Any) -> None:
        self.expected.append(questions)

    def answer(self, questions: Any) -> Any:
        prepared = questions in self.expected
        if prepared:
            self.expected.remove(questions)
        self.clock.advance(self.each_s * len(questions) * (0.5 if prepared else 1.0))
        return [Response(text="", lengths=Lengths(output_tokens=TOKENS)) for _ in questions]


def stopwatch(clock: ManualClock, budget_s: float) -> Stopwatch:
    watch = Stopwatch(budget_s=budget_s, clock_s=lambda: clock() / 1e9)
    watch.start()
    return watch


def sweep(arm: Any, budget_s: float) -> Any:
    seconds = lambda: arm.clock() / 1e9  # noqa: E731
    watch = stopwatch(arm.clock, budget_s)
    return run_throughput({"m": arm}, ITEMS, watch, until_s=budget_s, clock_s=seconds)


def test_the_best_batch_size_is_found() -> None:
    arm = FakeArm(ManualClock(), fixed_s=0.1, each_s=0.01)
    rates, batches = throughput_result(sweep(arm, 1000), "m")
    assert [rate.batch for rate in batches] == list(throughput_pass.BATCHES)
    assert rates["requests_per_s"] == pytest.approx(64 / (0.1 + 0.64))
    assert rates["output_tokens_per_s"] == pytest.approx(TOKENS * 64 / (0.1 + 0.64))
    assert batches[3].requests_per_s == pytest.approx(8 / 0.18)
    assert batches[3].ci is not None


@pytest.mark.parametrize(("looks_ahead", "share"), [(False, 1.0), (True, 2 / 3)])
def test_only_what_may_looks_ahead_and_only_within_its_own_time(looks_ahead: bool, share: float) -> None:
    arm = FakeAhead(ManualClock(), each_s=0.1, looks_ahead=looks_ahead)
    rates, _ = throughput_result(sweep(arm, 1000), "m")
    # Of three batches a round the first one has to be prepared while the clock runs.
    assert rates["requests_per_s"] == pytest.approx(10 / share)
    assert arm.expected == []


def test_a_batch_that_does_not_fit_ends_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    arm = FakeArm(ManualClock(), fixed_s=0.1, each_s=0.01)
    arm.largest = 8
    monkeypatch.setattr(throughput_pass, "out_of_memory_count", lambda: arm.refused)
    rates, batches = throughput_result(sweep(arm, 1000), "m")
    assert [rate.batch for rate in batches] == [1, 2, 4, 8, 16]
    assert batches[-1].out_of_memory
    assert batches[-1].requests_per_s is None
    assert batches[-1].reason == "out of memory at batch size 16"
    assert rates["requests_per_s"] == pytest.approx(8 / 0.18)


def test_the_sweep_keeps_its_time() -> None:
    arm = FakeArm(ManualClock(), fixed_s=0.1, each_s=0.1)
    records = sweep(arm, 10)
    assert records
    assert arm.clock() / 1e9 <= 10


@pytest.mark.parametrize(("factor", "cached"), [(1.0, False), (1.02, False), (3.0, True)])
def test_the_audit_tells_arms_that_remember_images(factor: float, cached: bool) -> None:
    arm = FakeArm(ManualClock(), fixed_s=0, each_s=0.05, cached=factor)
    records = run_audit("m", {"m:a": arm}, ITEMS[:6], stopwatch(arm.clock, 100))  # type: ignore[dict-item]
    found = audit_result(records, "m:a")
    assert found is not None
    assert found.ratio == pytest.approx(factor)
    assert found.images == 6
    assert found.cached is cached
    assert audit_result(records, "m:b") is None


def test_an_image_that_fails_is_left_out_of_the_audit() -> None:
    arm = FakeArm(ManualClock(), fixed_s=0, each_s=0.05)
    original = arm.time

    def failing(request: Any, **more: Any) -> Response:
        if request.images[0].sha256 == "i0":
            raise SampleError("no")
        return original(request, **more)

    arm.time = failing  # type: ignore[method-assign]
    records = run_audit("m", {"m:a": arm}, ITEMS[:3], stopwatch(arm.clock, 100))  # type: ignore[dict-item]
    found = audit_result(records, "m:a")
    assert found is not None
    assert found.images == 2
