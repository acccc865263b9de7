"""Two arms' answers to one task, joined on the sample: paired differences and what they show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from argus_eval.core.record import Record
from argus_eval.core.results import TaskComparison, Verdict
from argus_eval.engine.accuracy_summary import TaskAnswers, weighted_value
from argus_eval.engine.scoring import corpus_metrics_of, metric_infos
from argus_eval.metrics.protocol import MetricInfo
from argus_eval.stats.bootstrap import MINIMUM_DRAWS, MINIMUM_IMAGES, paired_cluster_bootstrap
from argus_eval.stats.pairs import PairedScores
from argus_eval.stats.policy import GUARD_MARGIN
from argus_eval.stats.preservation import Preservation, preservation
from argus_eval.stats.verdict import Verdict as Decision

__all__ = ["PairedTask", "equal_outputs", "pair_task", "task_comparison"]

# At most this share of requests may fail for reasons that are not the model's.
_MOST_ERRORS = 0.01


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
    both = weighted_value(metric, before, name), weighted_value(metric, after, name)
    values = [value(np.ones(len(clusters))) for value in both]
    difference = None if values[0] is None or values[1] is None else values[1] - values[0]
    interval = None
    if not identical and len(set(clusters)) >= MINIMUM_IMAGES:
        interval = paired_cluster_bootstrap(*both, clusters, seed=seed, level=0.9, draws=MINIMUM_DRAWS).interval
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
