"""A workload and timed passes whose true times are known."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np

from argus_eval.backends.protocol import Question
from argus_eval.core.record import Record
from argus_eval.core.request import Decoding, Request
from argus_eval.core.response import Lengths, Response
from argus_eval.core.sample import AnswersTarget, EncodedImage, Sample
from argus_eval.core.timing import Timing
from argus_eval.engine.budget import Stopwatch
from argus_eval.engine.narrator import Silent
from argus_eval.engine.timed_pass import Measure, TimedPass, run_timed_pass
from argus_eval.engine.workload import WorkItem, Workload
from argus_eval.measure.clock import ManualClock
from argus_eval.measure.throttle import ThrottleCounters
from argus_eval.store import RunDirectory, RunWriter

__all__ = ["ARMS", "Answering", "FakeMachine", "measure_into", "question_of", "workload"]

ARMS = ("m:baseline", "m:baseline (A/A)", "m:fast")


def workload(images: int = 40) -> Workload:
    """Items without real images; the fakes never decode one."""

    def item(index: int, prefix: str) -> WorkItem:
        image = EncodedImage(data=b"", sha256=f"{prefix}{index}", size=None, format=None)
        request = Request(key=str(index), images=(image,), prompt="?", decoding=Decoding(max_new_tokens=1))
        return WorkItem(task="t", sample=f"{prefix}{index}", image=f"{prefix}{index}", request=request)

    return Workload(
        items=tuple(item(index, "i") for index in range(images)),
        warmup=tuple(item(index, "w") for index in range(3)),
        fingerprint="sha256:w",
    )


def question_of(key: str, *, image_bytes: int = 0) -> Question:
    """A question about an image that nobody decodes."""
    image = EncodedImage(data=bytes(image_bytes), sha256=f"i{key}", size=None, format=None)
    target = AnswersTarget(answers=("yes",))
    sample = Sample(key=key, images=(image,), inputs={}, target=target, cluster=f"i{key}")
    request = Request(key=key, images=(image,), prompt="?", decoding=Decoding(max_new_tokens=1))
    return Question(task=cast(Any, None), sample=sample, request=request)


class Answering:
    """Answers in imaginary time, so many seconds an answer; notes how many were asked together."""

    def __init__(self, *, seconds: float, dies_after: int | None = None) -> None:
        self.clock = ManualClock()
        self.batches: list[int] = []
        self._seconds, self._dies_after = seconds, dies_after

    def answer(self, questions: Sequence[Question]) -> list[Any]:
        if self._dies_after is not None and len(self.batches) >= self._dies_after:
            raise KeyboardInterrupt
        self.batches.append(len(questions))
        self.clock.advance(self._seconds * len(questions))
        return [Response(text=question.request.key, token_ids=(1, 2)) for question in questions]


class FakeMachine:
    """Runs requests in imaginary time.

    Args:
        base_s: time of the baseline on the smallest image; images differ by up to a factor of three.
        speedup: arm → how much faster it is.
        noise: relative standard deviation of a request.
        drift: relative slow-down a second.
    """

    def __init__(
        self, base_s: float, speedup: dict[str, float], *, noise: float = 0.0, drift: float = 0.0, seed: int = 0
    ) -> None:
        self.clock = ManualClock()
        self._base_s, self._speedup, self._noise, self._drift = base_s, speedup, noise, drift
        self._rng = np.random.default_rng(seed)
        self.calls: list[tuple[str, str]] = []

    def measure(self, arm: str, item: WorkItem) -> tuple[Timing, Response | None]:
        size = 1 + 2 * (sum(map(ord, item.image)) % 7) / 6
        seconds = self._base_s * size / self._speedup.get(arm, 1.0)
        seconds *= 1 + self._drift * self.seconds()
        seconds *= float(np.exp(self._rng.normal(0, self._noise)))
        self.clock.advance(seconds)
        self.calls.append((arm, item.image))
        nanoseconds = round(seconds * 1e9)
        timing = Timing(ttft_ns=nanoseconds, e2e_ns=nanoseconds, stages_ns={"vision": nanoseconds})
        return timing, Response(text="", timing=timing, lengths=Lengths(output_tokens=1))

    def seconds(self) -> float:
        return self.clock() / 1e9


def _never_throttled() -> ThrottleCounters:
    return ThrottleCounters(quota=None, thermal=None, device=None)


def measure_into(
    folder: pathlib.Path,
    machine: FakeMachine,
    *,
    budget_s: float,
    arms: tuple[str, ...] = ARMS,
    in_any_case: bool = True,
    measure: Callable[[str, WorkItem], tuple[Timing, Response | None]] | None = None,
    most_rows: int = 11,
    **more: Any,
) -> list[Record]:
    """Run one TTFT pass into a run folder, going on from what is there; the records of measured requests."""
    run = (
        RunDirectory(folder) if (folder / "manifest.json").exists() else RunWriter.create(folder, {"run_id": "x"})
    )
    chosen: Measure = measure or machine.measure
    job = TimedPass(
        name="latency",
        model="m",
        regime="cold-image",
        arms=arms,
        measure=chosen,
        quantity="ttft",
        most_rows=most_rows,
        in_any_case=in_any_case,
        done={record.key: record for record in run.records()},
        tokens=1,
        seed=0,
        **{"share": 1.0, "read_throttle": _never_throttled, **more},
    )
    watch = Stopwatch(budget_s=budget_s, clock_s=machine.seconds)
    watch.start()
    with RunWriter(run) as writer:
        run_timed_pass(job, workload(), writer, watch, Silent())
    return [record for record in run.records() if record.role == "measured"]
