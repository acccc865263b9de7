"""From accuracy records to task results and paired accuracy differences."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from argus_eval.core.prediction import prediction_from_json
from argus_eval.core.record import Record
from argus_eval.core.results import DataResolution, MetricValue, TaskResult, Unparsed
from argus_eval.core.sample import Sample
from argus_eval.engine.configured_metrics import configured_metrics
from argus_eval.engine.corpus_intervals import corpus_intervals, resampled
from argus_eval.engine.plan import TaskPlan
from argus_eval.engine.scoring import metric_infos
from argus_eval.engine.task_notes import limit_note, metric_notes, record_notes
from argus_eval.metrics.corpus import prepared
from argus_eval.metrics.protocol import CorpusMetric, MetricInfo
from argus_eval.parsing.dialects import DIALECTS
from argus_eval.stats.cluster import accuracy_interval, cluster_robust_interval
from argus_eval.tasks.perfect import perfect_answer, shows_ceiling

__all__ = ["TaskAnswers", "collect_answers", "task_result", "weighted_value", "without_answers"]

Weights = NDArray[np.float64]
Status = Literal["scored", "not_measured", "unsupported"]


@dataclass(frozen=True, slots=True)
class TaskAnswers:
    """All records of one task by arm, and what corpus metrics take from each sample.

    Attributes:
        plan: the task and its data.
        records: arm → records in the order they were asked in.
        statistics: metric position → arm → statistics in the order of that arm's ``records``.
        metrics: the corpus metrics, knowing what they must of the whole data set.
        ceilings: dialect → value → what the reference itself scores in it.
    """

    plan: TaskPlan
    records: Mapping[str, Sequence[Record]]
    statistics: Mapping[int, Mapping[str, Sequence[Any]]]
    metrics: tuple[CorpusMetric, ...] = ()
    ceilings: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)


def collect_answers(plan: TaskPlan, records: Iterable[Record], dialects: Iterable[str] = ()) -> TaskAnswers:
    """Group a task's accuracy records; corpus metrics see each sample once more.

    Args:
        plan: the task and its data.
        records: in any order.
        dialects: those whose ceilings are wanted.
    """
    by_arm: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        by_arm[record.arm].append(record)
    for found in by_arm.values():
        found.sort(key=lambda record: (record.block, record.order))
    metrics = configured_metrics(plan) if by_arm else ()
    if not metrics:
        return TaskAnswers(plan=plan, records=by_arm, statistics={})
    wanted = tuple(dialects) if shows_ceiling(plan.task.spec) else ()
    look = _SecondLook(plan=plan, metrics=metrics, dialects=wanted)
    statistics = look.over(by_arm)
    return TaskAnswers(plan=plan, records=by_arm, statistics=statistics, metrics=metrics, ceilings=look.ceilings())


@dataclass(slots=True, kw_only=True)
class _SecondLook:
    """One more pass over the samples, for metrics that need them all together."""

    plan: TaskPlan
    metrics: Sequence[CorpusMetric]
    dialects: Sequence[str]
    _perfect: dict[tuple[str, int], list[Any]] = field(default_factory=lambda: defaultdict(list))

    def over(self, by_arm: Mapping[str, Sequence[Record]]) -> dict[int, dict[str, list[Any]]]:
        """Statistics by metric and arm."""
        wanted: dict[str, list[tuple[str, Record]]] = defaultdict(list)
        for arm, records in by_arm.items():
            for record in records:
                if record.prediction is not None:
                    wanted[record.sample].append((arm, record))
        found: dict[tuple[int, str, str], Any] = {}
        for sample in self.plan.samples():
            if isinstance(sample, Sample) and sample.key in wanted:
                self._note_perfect(sample)
                for arm, record in wanted[sample.key]:
                    prediction = prediction_from_json(dict(record.prediction or {}))
                    for index, metric in enumerate(self.metrics):
                        found[index, arm, sample.key] = metric.statistics(prediction, sample)
        return {
            index: {
                arm: [found[index, arm, r.sample] for r in records if (index, arm, r.sample) in found]
                for arm, records in by_arm.items()
            }
            for index in range(len(self.metrics))
        }

    def ceilings(self) -> dict[str, dict[str, float | None]]:
        """What the references of the answered samples score in each dialect."""
        values: dict[str, dict[str, float | None]] = {}
        for (dialect, index), statistics in self._perfect.items():
            values.setdefault(dialect, {}).update(self.metrics[index].reduce(statistics))
        return values

    def _note_perfect(self, sample: Sample) -> None:
        for name in self.dialects:
            prediction = perfect_answer(self.plan.task.spec, sample, DIALECTS.get(name))
            for index, metric in enumerate(self.metrics):
                self._perfect[name, index].append(metric.statistics(prediction, sample))


def without_answers(plan: TaskPlan, data: DataResolution, status: Status, reason: str) -> TaskResult:
    """A task whose accuracy was not measured, or that the model does not support."""
    metrics = {
        info.name: MetricValue(
            value=None,
            ci=None,
            n=0,
            status=status,
            primary=index == 0,
            higher_is_better=info.higher_is_better,
            reason=reason,
        )
        for index, info in enumerate(metric_infos(plan.task))
    }
    return TaskResult(task=plan.display, data=data, metrics=metrics)


def task_result(
    answers: TaskAnswers, arm: str, data: DataResolution, prompt: str, seed: int, dialect: str | None = None
) -> TaskResult:
    """Every metric of one arm on one task, with intervals clustered by image, and the ceilings of ``dialect``."""
    records = answers.records.get(arm, ())
    scored = [record for record in records if record.status == "ok"]
    reasons, repairs = _parse_counts(scored)
    values = _corpus_values(answers, arm, scored, seed)
    ceilings = answers.ceilings.get(dialect or "", {})
    metrics: dict[str, MetricValue] = {}
    for index, info in enumerate(metric_infos(answers.plan.task)):
        value, ci = values[info.name] if info.name in values else _mean(scored, info)
        ci = ci or _interval_of_mean(scored, info, value)
        metrics[info.name] = MetricValue(
            value=value,
            ci=ci,
            n=len(scored),
            status="scored" if value is not None else "not_measured",
            primary=index == 0,
            higher_is_better=info.higher_is_better,
            reason=None if value is not None else "not defined on these samples",
            ceiling=ceilings.get(info.name),
        )
    return TaskResult(
        task=answers.plan.display,
        data=data,
        metrics=metrics,
        unparsed=Unparsed(n=sum(reasons.values()), reasons=dict(reasons)),
        errors=len(records) - len(scored),
        repairs=dict(repairs),
        prompt_fingerprint=prompt,
        notes=_notes(answers, arm, scored),
        first_error=next((record.error for record in records if record.status == "error"), None),
    )


def _notes(answers: TaskAnswers, arm: str, records: Sequence[Record]) -> tuple[str, ...]:
    notes = [*limit_note(answers.plan), *record_notes(answers.plan, records)]
    for index, metric in enumerate(answers.metrics):
        statistics = answers.statistics.get(index, {}).get(arm, ())
        notes.extend(metric_notes(metric, statistics, token_scores=answers.plan.token_scores))
    return tuple(notes)


def _parse_counts(records: Sequence[Record]) -> tuple[Counter[str], Counter[str]]:
    reasons: Counter[str] = Counter()
    repairs: Counter[str] = Counter()
    for record in records:
        prediction = record.prediction or {}
        if "unparsed" in prediction:
            reasons[str(prediction["unparsed"])] += 1
        found = prediction.get("repairs")
        if isinstance(found, list):
            repairs.update(str(item).partition(":")[0] for item in found)
    return reasons, repairs


def _mean(records: Sequence[Record], info: MetricInfo) -> tuple[float | None, tuple[float, float] | None]:
    pairs = [(value, r.image) for r in records if (value := r.scores.get(info.name)) is not None]
    if not pairs:
        return None, None
    values = np.array([value for value, _ in pairs])
    clusters = [image for _, image in pairs]
    interval = (accuracy_interval if info.bounded else cluster_robust_interval)(values, clusters)
    return float(values.mean()), (interval.low, interval.high) if interval else None


def _interval_of_mean(
    records: Sequence[Record], info: MetricInfo, value: float | None
) -> tuple[float, float] | None:
    """The interval of a corpus metric that is the mean of what its samples score; ``None`` for all others."""
    mean, interval = _mean(records, info)
    return interval if value is not None and mean is not None and abs(mean - value) < 1e-9 else None


def _corpus_values(
    answers: TaskAnswers, arm: str, records: Sequence[Record], seed: int
) -> dict[str, tuple[float | None, tuple[float, float] | None]]:
    found: dict[str, tuple[float | None, tuple[float, float] | None]] = {}
    clusters = [record.image for record in records]
    for index, metric in enumerate(answers.metrics):
        statistics = answers.statistics.get(index, {}).get(arm, ())
        if not statistics:
            continue
        values = prepared(metric, statistics)
        bounds = corpus_intervals(values, clusters, seed) if resampled(metric, clusters) else {}
        found.update({name: (value, bounds.get(name)) for name, value in values(None).items()})
    return found


def weighted_value(metric: CorpusMetric, statistics: Sequence[Any], name: str) -> Any:
    """One named value of a corpus metric as a function of item weights, for the bootstrap."""
    values = prepared(metric, statistics)

    def value(weights: Weights) -> float | None:
        return values(weights).get(name)

    return value
