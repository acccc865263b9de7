"""Two arms' answers to one task, joined on the sample: paired differences and what they show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from argus_eval.core.record import Record
from argus_eval.core.results import TaskComparison, Verdict
from argus_eval.engine.accuracy_summary import TaskAnswers, weighted_value
from argus_eval.engine.scoring import corpus_metrics_of, metric_infos
from argus_eval.metrics.protocol import CorpusMetric, MetricInfo
from argus_eval.stats.bootstrap import MINIMUM_DRAWS, MINIMUM_IMAGES, Bootstrap, paired_cluster_bootstrap
from argus_eval.stats.corpus import corpus_preservation, nothing_differed
from argus_eval.stats.pairs import PairedScores
from argus_eval.stats.policy import GUARD_MARGIN
from argus_eval.stats.preservation import Margin, Preservation, preservation
from argus_eval.stats.verdict import Verdict as Decision

__all__ = [
    "OPEN_SCALE_GUARD",
    "PairedTask",
    "corpus_outcome",
    "equal_outputs",
    "item_scores",
    "join_answers",
    "pair_task",
    "task_comparison",
]

#: Guard on a metric outside [0, 1] (CIDEr), which no number of points fits: 3 % of the baseline's value.
OPEN_SCALE_GUARD = Margin(keep=0.97)

# At most this share of requests may fail for reasons that are not the model's.
_MOST_ERRORS = 0.01
# How many items are looked at before a whole task is taken apart.
_TRIED = 16


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


def pair_task(answers: TaskAnswers, baseline: str, arm: str, seed: int, *, exact: bool = False) -> PairedTask:
    """Join two arms on one task.

    Args:
        answers: the task's records.
        baseline, arm: arm ids.
        seed: of the bootstrap, for corpus metrics.
        exact: the arm is L0, verified by hash: only then do equal answers prove that all are.
    """
    info = metric_infos(answers.plan.task)[0]
    pairs, errors = join_answers(answers.records.get(baseline, ()), answers.records.get(arm, ()))
    total = len(pairs) + errors
    identical = bool(pairs) and all(a.text == b.text for a, b in pairs)
    invalid: tuple[str, ...] = ()
    if total and errors / total > _MOST_ERRORS:
        invalid = (f"{errors} of {total} requests failed; at most {_MOST_ERRORS:.0%} may",)
    scores = _paired_scores(pairs, info) if pairs else None
    if pairs and scores is None and not invalid:
        scores = _paired_items(answers, baseline, arm, info)
    corpus = None
    if pairs and scores is None and not invalid:
        common = {"task": answers.plan.display, "metric": info.name, "n": len(pairs)}
        corpus = _compare_corpus(answers, (baseline, arm), common, (identical, exact), seed)
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
    pairs, _ = join_answers(answers.records.get(baseline, ()), answers.records.get(arm, ()))
    return sum(a.hashes.get("tokens") == b.hashes.get("tokens") for a, b in pairs), len(pairs)


def _undecided(common: dict[str, Any], verdict: Verdict, reason: str, identical: bool) -> TaskComparison:
    return TaskComparison(
        **common, difference=None, ci=None, flips={}, verdict=verdict, identical=identical, reason=reason
    )


def join_answers(baseline: Sequence[Record], arm: Sequence[Record]) -> tuple[list[tuple[Record, Record]], int]:
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


def _paired_items(answers: TaskAnswers, baseline: str, arm: str, info: MetricInfo) -> PairedScores | None:
    """Scores of a metric that is computed over all samples but is their mean all the same (POPE's accuracy)."""
    if not info.bounded:
        return None
    index, metric = _corpus_metric(answers, info.name)
    before, after, clusters = _aligned(answers, baseline, arm, index)
    if not len(before) == len(after) == len(clusters):
        return None
    values = [item_scores(metric, statistics, info.name) for statistics in (before, after)]
    if values[0] is None or values[1] is None:
        return None
    return PairedScores(baseline=values[0], arm=values[1], clusters=np.array(clusters))


def item_scores(metric: CorpusMetric, statistics: Sequence[Any], name: str) -> NDArray[np.float64] | None:
    """Each sample's own value, where the metric is the mean of them; ``None`` for AP, F1, CIDEr and their like.

    A metric that is a mean can be paired item by item, which needs fewer images than a bootstrap.

    Args:
        metric: the corpus metric.
        statistics: what it took from each sample.
        name: of the value.

    Returns:
        Shape (n,), or ``None`` where the mean of the samples' values is not the metric's value on all of them and
        on a part of them.
    """
    tried = [metric.reduce([item]).get(name) for item in statistics[:_TRIED]]
    if not tried or not _is_mean(tried, metric.reduce(statistics[:_TRIED]).get(name)):
        return None
    values = tried + [metric.reduce([item]).get(name) for item in statistics[_TRIED:]]
    if not _is_mean(values, metric.reduce(statistics).get(name)):
        return None
    return np.array(values, dtype=np.float64)


def _is_mean(values: Sequence[float | None], whole: float | None) -> bool:
    if whole is None or any(value is None for value in values):
        return False
    return abs(float(np.mean([value for value in values if value is not None])) - whole) < 1e-9


def _corpus_metric(answers: TaskAnswers, name: str) -> tuple[int, CorpusMetric]:
    metrics = corpus_metrics_of(answers.plan.task)
    return next((index, metric) for index, metric in enumerate(metrics) if metric.infos[0].name == name)


def _aligned(answers: TaskAnswers, baseline: str, arm: str, index: int) -> tuple[list[Any], list[Any], list[str]]:
    """Statistics of both arms on the samples that both answered, in one order, and the samples' images."""
    by_arm = []
    for name in (baseline, arm):
        read = [record for record in answers.records.get(name, ()) if record.prediction is not None]
        found = answers.statistics.get(index, {}).get(name, ())
        if len(read) != len(found):
            return [], [], [""]
        by_arm.append({r.sample: (r, item) for r, item in zip(read, found, strict=True) if r.status == "ok"})
    shared = [key for key in by_arm[0] if key in by_arm[1]]
    return (
        [by_arm[0][key][1] for key in shared],
        [by_arm[1][key][1] for key in shared],
        [by_arm[0][key][0].image for key in shared],
    )


def _compare_corpus(
    answers: TaskAnswers, arms: tuple[str, str], common: dict[str, Any], equal: tuple[bool, bool], seed: int
) -> TaskComparison:
    """Difference of a corpus metric with a paired bootstrap, judged as a guard; ``equal``: answers, and proven."""
    (baseline, arm), (identical, exact) = arms, equal
    index, metric = _corpus_metric(answers, common["metric"])
    before, after, clusters = _aligned(answers, baseline, arm, index)
    if not before or not len(before) == len(after) == len(clusters):
        return _undecided(common, Verdict.INVALID, "the arms answered different samples", identical)
    info = metric.infos[0]
    pairs, _ = join_answers(answers.records[baseline], answers.records[arm])
    moved = len({a.image for a, b in pairs if a.prediction != b.prediction})
    margin = GUARD_MARGIN if info.bounded else OPEN_SCALE_GUARD
    outcome, difference = corpus_outcome(
        metric, (before, after), clusters, margin, moved=moved, identical=identical and exact, seed=seed
    )
    if identical and not exact:
        value = weighted_value(metric, before, info.name)(np.ones(len(before)))
        outcome = nothing_differed(outcome, value)
    return TaskComparison(
        **common,
        difference=difference,
        # Of the tested statistic, which is the difference only where the margin is in points.
        ci=(outcome.interval.low, outcome.interval.high) if outcome.interval and margin.keep == 1 else None,
        flips={},
        verdict=Verdict(outcome.verdict.published),
        identical=identical,
        reason=outcome.reason,
    )


def corpus_outcome(
    metric: CorpusMetric,
    statistics: tuple[Sequence[Any], Sequence[Any]],
    clusters: Sequence[str],
    margin: Margin,
    *,
    moved: int,
    identical: bool,
    seed: int,
    alpha: float = 0.05,
) -> tuple[Preservation, float | None]:
    """Test whether an arm preserves a corpus metric's first value; for every page and gate the same way.

    Args:
        metric: the corpus metric.
        statistics: of the baseline and of the arm, on the same samples in the same order.
        clusters: the image of each sample.
        margin: how much may be lost.
        moved: images on which the arms' predictions differ.
        identical: every answer is equal to the baseline's, and the arm is L0, verified by hash.
        seed: of the bootstrap.
        alpha: one-sided error of either verdict.

    Returns:
        The outcome, and the plain difference of the two values.
    """
    name = metric.infos[0].name
    both = tuple(weighted_value(metric, items, name) for items in statistics)
    whole = [value(np.ones(len(clusters))) for value in both]
    difference = None if whole[0] is None or whole[1] is None else float(whole[1] - whole[0])
    if identical:
        verdict = Decision.PASS_IDENTICAL if difference is not None else Decision.NOT_MEASURED
        reason = "every answer is equal to the baseline's" if difference is not None else "undefined"
        images = len(set(clusters))
        same = Preservation(verdict=verdict, reason=reason, margin=margin, n=len(clusters), images=images)
        return same, difference
    if len(set(clusters)) < MINIMUM_IMAGES:
        # No draw can change what too few images say.
        empty = Bootstrap(
            estimate=difference, interval=None, draws=np.zeros(0), images=len(set(clusters)), undefined=0
        )
        return corpus_preservation(
            empty, margin, discordant_images=moved, n=len(clusters), alpha=alpha
        ), difference
    draws = paired_cluster_bootstrap(
        both[0], both[1], clusters, seed=seed, level=1 - 2 * alpha, draws=MINIMUM_DRAWS, keep=margin.keep
    )
    outcome = corpus_preservation(draws, margin, discordant_images=moved, n=len(clusters), alpha=alpha)
    return outcome, difference
