"""Finished runs with known answers, written as files, so that the real commands read them."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from argus_eval.core.fingerprint import fingerprint
from argus_eval.core.record import Record, Times, record_key
from argus_eval.core.results import (
    ArmResult,
    Comparison,
    DataResolution,
    Fidelity,
    LossClass,
    MetricValue,
    Results,
    TaskResult,
)
from argus_eval.data.fingerprint import data_fingerprint
from argus_eval.store import RunDirectory, RunWriter

MODEL = "m"
BASELINE, FAST = "m:baseline", "m:fast"


@dataclass(kw_only=True)
class FakeTask:
    """One task: scores of each arm on the same samples.

    ``scores`` maps arm id → one score a sample. ``images`` gives each sample's image; one each where ``None``.
    """

    scores: Mapping[str, Sequence[float]]
    name: str = "vqav2"
    metric: str = "vqa_accuracy"
    images: Sequence[str] | None = None
    requested: str = "hub"
    resolved: str = "hub"
    prompt: str = "sha256:prompt"
    salt: str = ""
    unparsed: Mapping[str, Sequence[bool]] = field(default_factory=dict)
    failed: Mapping[str, Sequence[bool]] = field(default_factory=dict)
    answers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    planned: int | None = None

    @property
    def n(self) -> int:
        return len(next(iter(self.scores.values())))

    def content(self, index: int) -> str:
        return fingerprint([self.name, index, self.salt])

    def image(self, index: int) -> str:
        return self.images[index] if self.images is not None else f"{self.name}-{index:05d}"

    def records(self, arm: str) -> list[Record]:
        return [self._record(arm, index) for index in range(self.n)]

    def _record(self, arm: str, index: int) -> Record:
        score = float(self.scores[arm][index])
        common = Record(
            key=record_key("accuracy", arm, self.name, str(index)),
            pass_name="accuracy",
            arm=arm,
            task=self.name,
            sample=str(index),
            replicate=0,
            block=index // 8,
            order=index % 8,
            status="ok",
            image=self.image(index),
            hashes={"sample": self.content(index)},
        )
        if arm in self.failed and self.failed[arm][index]:
            return replace(common, status="error", error="out of memory")
        # Equal scores stand for equal answers, unless the test says what was answered.
        text = self.answers[arm][index] if arm in self.answers else f"answer {score}"
        lost = arm in self.unparsed and self.unparsed[arm][index]
        prediction: dict[str, object] = {"unparsed": "empty answer"} if lost else {"answer": text}
        hashes = {**common.hashes, "tokens": fingerprint(ascii(text))}
        return replace(common, text=text, prediction=prediction, scores={self.metric: score}, hashes=hashes)

    def result(self, arm: str, weights: str) -> TaskResult:
        random = weights == "random"
        value = None if random else float(np.mean(self.scores[arm]))
        metric = MetricValue(
            value=value,
            ci=None,
            n=0 if random else self.n,
            status="not_measured" if random else "scored",
            primary=True,
            higher_is_better=True,
            reason="random weights" if random else None,
        )
        data = DataResolution(
            requested=self.requested,
            resolved=self.resolved,
            fingerprint=data_fingerprint([self.content(i) for i in range(self.n)]),
            n=self.n if self.planned is None else self.planned,
        )
        return TaskResult(task=self.name, data=data, metrics={self.metric: metric}, prompt_fingerprint=self.prompt)


def write_run(
    folder: pathlib.Path,
    tasks: Sequence[FakeTask],
    *,
    loss_class: LossClass | None = None,
    broken: str | None = None,
    weights: Literal["trained", "random", "none"] = "trained",
    complete: bool = True,
    limit: int | None = None,
    timed: Mapping[str, np.ndarray] | None = None,
    **results: Any,
) -> RunDirectory:
    """A run of every arm in the tasks' scores; ``timed``: arm → TTFT in seconds, shape (replicates, images)."""
    arms = list(next(iter(tasks)).scores)
    run = RunWriter.create(folder, {"schema": "test", "config": {"limit": limit}})
    with RunWriter(run) as writer:
        if weights != "random":
            for task in tasks:
                writer.append(record for arm in arms for record in task.records(arm))
        writer.append(_timed_records(timed or {}))
    fidelity = None
    if loss_class is not None:
        fidelity = Fidelity(
            loss_class=loss_class,
            n=8,
            ids_equal=True,
            pixels_max_abs_diff=0.0,
            tokens_equal_share=1.0,
            pixels_hash_equal=True,
            broken=broken,
        )
    run.write_results(
        Results(
            run_id=folder.name,
            complete=complete,
            command="test",
            environment={},
            arms=(
                *(_arm(arm, "baseline" if arm == BASELINE else "variant", tasks, weights) for arm in arms),
                *((_arm("m:baseline (A/A)", "aa", (), weights),) if timed else ()),
            ),
            comparisons=tuple(
                Comparison(baseline=BASELINE, arm=arm, speedup={}, tasks=(), fidelity=fidelity)
                for arm in arms
                if arm != BASELINE
            ),
            **results,
        )
    )
    return run


def _arm(arm: str, role: Any, tasks: Sequence[FakeTask], weights: Any) -> ArmResult:
    return ArmResult(
        id=arm,
        role=role,
        model=MODEL,
        parameters=None,
        weights=weights,
        recipes=() if role != "variant" else ("fast",),
        backend="test",
        tasks=tuple(task.result(arm, weights) for task in tasks),
        efficiency=(),
    )


def _timed_records(timed: Mapping[str, np.ndarray]) -> list[Record]:
    return [
        Record(
            key=record_key("latency", arm, replicate, image),
            pass_name="latency",
            arm=arm,
            task="t",
            sample=f"{replicate}-{image}",
            replicate=replicate,
            block=replicate,
            order=image,
            status="ok",
            times_ns=Times(ttft=round(1e9 * seconds), e2e=round(1e9 * seconds)),
            image=f"i{replicate}-{image}",
            regime="cold-image/1",
        )
        for arm, times in timed.items()
        for replicate, row in enumerate(times)
        for image, seconds in enumerate(row)
    ]


def two_arms(n: int, lost: int = 0, gained: int = 0, accuracy: float = 0.6) -> dict[str, list[float]]:
    """0/1 scores: the arm loses the first ``lost`` right answers and gains the first ``gained`` wrong ones."""
    right = round(accuracy * n)
    baseline = [1.0] * right + [0.0] * (n - right)
    arm = [0.0] * lost + [1.0] * (right - lost) + [1.0] * gained + [0.0] * (n - right - gained)
    return {BASELINE: baseline, FAST: arm}
