"""From accuracy records to task results and paired accuracy differences."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from argus_eval.core.prediction import prediction_from_json
from argus_eval.core.record import Record
from argus_eval.core.results import DataResolution, MetricValue, TaskComparison, TaskResult, Unparsed, Verdict
from argus_eval.core.sample import Sample
from argus_eval.engine.plan import TaskPlan
from argus_eval.engine.scoring import corpus_metrics_of, metric_infos
from argus_eval.metrics.protocol import CorpusMetric, MetricInfo
from argus_eval.stats.bootstrap import (
    MINIMUM_DRAWS,
    MINIMUM_IMAGES,
    cluster_bootstrap,
    paired_cluster_bootstrap,
)
from argus_eval.stats.cluster import accuracy_interval, cluster_robust_interval
from argus_eval.stats.pairs import PairedScores
from argus_eval.stats.policy import GUARD_MARGIN
from argus_eval.stats.preservation import Preservation, preservation
from argus_eval.stats.verdict import Verdict as Decision

__all__ = [
    "PairedTask",
    "TaskAnswers",
    "collect_answers",
    "equal_outputs",
    "pair_task",
    "task_comparison",
    "task_result",
    "without_answers",
]

# At most this share of requests may fail for reasons that are not the model's.
_MOST_ERRORS = 0.01

Weights = NDArray[np.float64]
Status = Literal["scored", "not_measured", "unsupported"]


@dataclass(frozen=True, slots=True)
class TaskAnswers:
    """All records of one task by arm, and what corpus metrics take from each sample.

    ``statistics``: metric position → arm → statistics in the order of that arm's ``records``.
    """

    plan: TaskPlan
    records: Mapping[str, Sequence[Record]]
    statistics: Mapping[int, Mapping[str, Sequence[Any]]]


def collect_answers(plan: TaskPlan, records: Iterable[Record]) -> TaskAnswers:
    """Group a task's accuracy records; corpus metrics see each sample once more."""
    by_arm: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        by_arm[record.arm].append(record)
    for found in by_arm.values():
        found.sort(key=lambda record: (record.block, record.order))
    metrics = corpus_metrics_of(plan.task)
    return TaskAnswers(plan=plan, records=by_arm, statistics=_statistics(plan, by_arm, metrics))


def _statistics(
    plan: TaskPlan, by_arm: Mapping[str, Sequence[Record]], metrics: Sequence[CorpusMetric]
) -> dict[int, dict[str, list[Any]]]:
    if not metrics:
        return {}
    wanted: dict[str, list[tuple[str, Record]]] = defaultdict(list)
    for arm, records in by_arm.items():
        for record in records:
            if record.prediction is not None:
                wanted[record.sample].append((arm, record))
    found: dict[tuple[int, str, str], Any] = {}
    for sample in plan.samples():
        if isinstance(sample, Sample):
            for arm, record in wanted.get(sample.key, ()):
                prediction = prediction_from_json(dict(record.prediction or {}))
                for index, metric in enumerate(metrics):
                    found[index, arm, sample.key] = metric.statistics(prediction, sample)
    return {
        index: {
            arm: [found[index, arm, r.sample] for r in records if (index, arm, r.sample) in found]
            for arm, records in by_arm.items()
        }
        for index in range(len(metrics))
    }


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


def task_result(answers: TaskAnswers, arm: str, data: DataResolution, prompt: str, seed: int) -> TaskResult:
    """Every metric of one arm on one task, with intervals clustered by image."""
    records = answers.records.get(arm, ())
    scored = [record for record in records if record.status == "ok"]
    reasons, repairs = _parse_counts(scored)
    values = _corpus_values(answers, arm, scored, seed)
    metrics: dict[str, MetricValue] = {}
    for index, info in enumerate(metric_infos(answers.plan.task)):
        value, ci = values[info.name] if info.name in values else _mean(scored, info)
        metrics[info.name] = MetricValue(
            value=value,
            ci=ci,
            n=len(scored),
            status="scored" if value is not None else "not_measured",
            primary=index == 0,
            higher_is_better=info.higher_is_better,
            reason=None if value is not None else "not defined on these samples",
        )
    return TaskResult(
        task=answers.plan.display,
        data=data,
        metrics=metrics,
        unparsed=Unparsed(n=sum(reasons.values()), reasons=dict(reasons)),
        errors=len(records) - len(scored),
        repairs=dict(repairs),
        prompt_fingerprint=prompt,
    )


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


def _corpus_values(
    answers: TaskAnswers, arm: str, records: Sequence[Record], seed: int
) -> dict[str, tuple[float | None, tuple[float, float] | None]]:
    found: dict[str, tuple[float | None, tuple[float, float] | None]] = {}
    for index, metric in enumerate(corpus_metrics_of(answers.plan.task)):
        statistics = answers.statistics.get(index, {}).get(arm, ())
        if not statistics:
            continue
        values = metric.reduce(statistics)
        primary = metric.infos[0].name
        clusters = [record.image for record in records]
        interval = None
        # Fewer images give no interval, whatever the draws say; AP over thousands of draws is minutes of work.
        if len(set(clusters)) >= MINIMUM_IMAGES:
            reducer = _reducer(metric, statistics, primary)
            interval = cluster_bootstrap(reducer, clusters, seed=seed, draws=MINIMUM_DRAWS).interval
        for info in metric.infos:
            ci = (interval.low, interval.high) if interval and info.name == primary else None
            found[info.name] = (values.get(info.name), ci)
    return found


def _reducer(metric: CorpusMetric, statistics: Sequence[Any], name: str) -> Any:
    def value(weights: Weights) -> float | None:
        return metric.reduce(statistics, weights).get(name)

    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedTask:
    """Both arms' answers to one task, joined on the sample.

    Attributes:
        task: display name. metric: its primary metric.
        scores: paired scores in [0, 1]; ``None`` for corpus metrics and where nothing was answered.
        n: joined samples. identical: all their outputs are equal.
        invalid: why no verdict may be given; empty where one may.
        corpus: the comparison of a corpus metric, which the policy cannot pool.
    """

    task: str
    metric: str
    scores: PairedScores | None
    n: int
    identical: bool
    invalid: tuple[str, ...] = ()
    corpus: TaskComparison | None = None


def pair_task(answers: TaskAnswers, baseline: str, arm: str, seed: int) -> PairedTask:
    """Join two arms on one task.

    Args:
        answers: the task's records.
        baseline, arm: arm ids.
        seed: of the bootstrap, for corpus metrics.
    """
    info = metric_infos(answers.plan.task)[0]
    pairs, errors = _join(answers.records.get(baseline, ()), answers.records.get(arm, ()))
    total = len(pairs) + errors
    identical = bool(pairs) and all(a.text == b.text for a, b in pairs)
    invalid: tuple[str, ...] = ()
    if total and errors / total > _MOST_ERRORS:
        invalid = (f"{errors} of {total} requests failed; at most {_MOST_ERRORS:.0%} may",)
    scores = _paired_scores(pairs, info) if pairs else None
    corpus = None
    if pairs and scores is None and not invalid:
        common = {"task": answers.plan.display, "metric": info.name, "n": len(pairs)}
        corpus = _compare_corpus(answers, baseline, arm, common, identical, seed)
    return PairedTask(
        task=answers.plan.display,
        metric=info.name,
        scores=scores,
        n=len(pairs),
        identical=identical,
        invalid=invalid,
        corpus=corpus,
    )


def task_comparison(paired: PairedTask, guard: Preservation | None) -> TaskComparison:
    """A task's line in results.json, from the policy's guard on it."""
    if paired.corpus is not None:
        return paired.corpus
    common = {"task": paired.task, "metric": paired.metric, "n": paired.n}
    if paired.invalid:
        return _undecided(common, Verdict.INVALID, "; ".join(paired.invalid), paired.identical)
    if guard is None and paired.scores is not None:
        # Another task made the comparison invalid; this one still shows its own difference.
        guard = preservation(paired.scores, GUARD_MARGIN)
    if guard is None:
        return _undecided(common, Verdict.NOT_MEASURED, "no answers to compare", False)
    return TaskComparison(
        **common,  # type: ignore[arg-type]
        difference=guard.difference,
        ci=(guard.interval.low, guard.interval.high) if guard.interval else None,
        flips={"lost": guard.lost, "gained": guard.gained},
        verdict=Verdict(guard.verdict.published),
        identical=paired.identical,
        reason=guard.reason,
    )


def equal_outputs(answers: TaskAnswers, baseline: str, arm: str) -> tuple[int, int]:
    """How many samples both arms answered with the same tokens, and how many both answered."""
    pairs, _ = _join(answers.records.get(baseline, ()), answers.records.get(arm, ()))
    return sum(a.hashes.get("tokens") == b.hashes.get("tokens") for a, b in pairs), len(pairs)


def _undecided(common: dict[str, Any], verdict: Verdict, reason: str, identical: bool) -> TaskComparison:
    return TaskComparison(
        **common, difference=None, ci=None, flips={}, verdict=verdict, identical=identical, reason=reason
    )


def _join(baseline: Sequence[Record], arm: Sequence[Record]) -> tuple[list[tuple[Record, Record]], int]:
    """Records of both arms on the same samples, and how many samples failed on either."""
    others = {record.sample: record for record in arm}
    pairs, errors = [], 0
    for record in baseline:
        other = others.get(record.sample)
        if other is None or record.status != "ok" or other.status != "ok":
            errors += 1
        else:
            pairs.append((record, other))
    return pairs, errors


def _paired_scores(pairs: Sequence[tuple[Record, Record]], info: MetricInfo) -> PairedScores | None:
    """Scores of both arms; ``None`` for metrics that no single sample has or that leave [0, 1]."""
    values = [(a.scores.get(info.name), b.scores.get(info.name)) for a, b in pairs]
    if not info.bounded or any(a is None or b is None for a, b in values):
        return None
    return PairedScores(
        baseline=np.array([a for a, _ in values], dtype=np.float64),
        arm=np.array([b for _, b in values], dtype=np.float64),
        clusters=np.array([record.image for record, _ in pairs]),
    )


def _compare_corpus(
    answers: TaskAnswers, baseline: str, arm: str, common: dict[str, Any], identical: bool, seed: int
) -> TaskComparison:
    """Difference of a corpus metric with a paired bootstrap; a verdict only where it lies in [0, 1]."""
    metric = next(m for m in corpus_metrics_of(answers.plan.task) if m.infos[0].name == common["metric"])
    index = corpus_metrics_of(answers.plan.task).index(metric)
    before, after = (answers.statistics[index][name] for name in (baseline, arm))
    clusters = [r.image for r in answers.records[baseline] if r.status == "ok"]
    if not len(before) == len(after) == len(clusters):
        return _undecided(common, Verdict.INVALID, "the arms answered different samples", identical)
    name = metric.infos[0].name
    reducers = _reducer(metric, before, name), _reducer(metric, after, name)
    values = [reducer(np.ones(len(clusters))) for reducer in reducers]
    difference = None if values[0] is None or values[1] is None else values[1] - values[0]
    interval = None
    if not identical and len(set(clusters)) >= MINIMUM_IMAGES:
        interval = paired_cluster_bootstrap(
            *reducers, clusters, seed=seed, level=0.9, draws=MINIMUM_DRAWS
        ).interval
    verdict, reason = Verdict.INCONCLUSIVE, "fewer than 200 images: no interval for a corpus metric"
    if identical:
        verdict, reason = Verdict.PASS, "every answer is equal to the baseline's"
    elif not metric.infos[0].bounded:
        reason = f"{name} is not in [0, 1]; no margin is declared for it"
    elif interval is not None:
        verdict, reason = _bounded_verdict(interval.low, interval.high)
    return TaskComparison(
        **common,
        difference=difference,
        ci=(interval.low, interval.high) if interval else None,
        flips={},
        verdict=verdict,
        identical=identical,
        reason=reason,
    )


def _bounded_verdict(low: float, high: float) -> tuple[Verdict, str]:
    margin = GUARD_MARGIN.absolute
    if low > -margin:
        return Verdict.PASS, f"the lower bound clears the margin of {100 * margin:.0f} points"
    if high < -margin:
        return Verdict.FAIL, f"the upper bound misses the margin of {100 * margin:.0f} points"
    return Verdict(
        Decision.INCONCLUSIVE.published
    ), f"the interval contains the margin of {100 * margin:.0f} points"
