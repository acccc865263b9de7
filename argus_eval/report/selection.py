"""Which samples a page shows: those on which an arm and its baseline differ first."""

from __future__ import annotations

import heapq
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from argus_eval.core.results import Results
from argus_eval.report.digest import EXAMPLES_A_TASK, AccuracyRow, Digest, LatencyRow

__all__ = ["KINDS", "KIND_WORDS", "UNREMARKABLE", "MAX_SAMPLES", "Finding", "find_samples"]

MAX_SAMPLES = 2000

#: In the order they are shown.
KINDS = (
    "lost",
    "gained",
    "unparsed",
    "error",
    "both-wrong",
    "slow",
    "changed",
    "wrong",
    "right",
    "example",
    "same",
)
KIND_WORDS = {
    "lost": "lost: the baseline scored higher",
    "gained": "gained: the arm scored higher",
    "unparsed": "unparsed: the answer could not be read",
    "error": "error: the request failed",
    "both-wrong": "both wrong",
    "slow": "slow: far above the arm's median TTFT",
    "changed": "other words, same score",
    "wrong": "wrong",
    "right": "right",
    "example": "example: no accuracy was measured",
    "same": "no difference",
}
#: Kinds that show what the data look like, and of which a few are enough.
UNREMARKABLE = ("right", "example", "same")
#: "slow" means this many times the arm's own median.
_SLOW_FACTOR = 1.5
_SLOW_AN_ARM = 25

SampleKey = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One sample on one arm, and why it is worth looking at (the first kind that applies)."""

    sample: SampleKey
    arm: str
    kind: str
    baseline_score: float | None
    score: float | None
    slowness: float | None = None


def find_samples(results: Results, digest: Digest, limit: int = MAX_SAMPLES) -> tuple[list[Finding], int]:
    """Findings about at most ``limit`` distinct samples, and how many findings there are in all.

    Kinds come in the order of :data:`KINDS`; within a kind tasks and arms take turns, so that no arm hides others.
    """
    findings = [*_answers(results, digest), *_slow(results, digest), *_examples(results, digest)]
    findings.sort(key=lambda finding: (KINDS.index(finding.kind), -(finding.slowness or 0.0)))
    kept: list[Finding] = []
    samples: set[SampleKey] = set()
    same: dict[str, int] = {}
    for kind in KINDS:
        for finding in _taking_turns([item for item in findings if item.kind == kind]):
            new = finding.sample not in samples
            if kind in UNREMARKABLE:
                task = finding.sample[0]
                if not new or same.get(task, 0) >= EXAMPLES_A_TASK:
                    continue
                same[task] = same.get(task, 0) + 1
            if new and len(samples) >= limit:
                continue
            samples.add(finding.sample)
            kept.append(finding)
    return kept, sum(finding.kind not in UNREMARKABLE for finding in findings)


def _answers(results: Results, digest: Digest) -> Iterable[Finding]:
    parents = {comparison.arm: comparison.baseline for comparison in results.comparisons}
    compared = set(parents.values())
    signs = _directions(results)
    for sample, rows in digest.accuracy.items():
        for arm, row in rows.items():
            parent = parents.get(arm)
            if parent is None and arm in compared:
                continue
            before = rows.get(parent) if parent is not None else None
            yield Finding(
                sample=sample,
                arm=arm,
                kind=_kind(row, before, signs.get(sample[0], 1)),
                baseline_score=before.score if before else None,
                score=row.score,
            )


def _kind(row: AccuracyRow, before: AccuracyRow | None, sign: int) -> str:
    if row.error:
        return "error"
    if before is not None and row.score is not None and before.score is not None and row.score != before.score:
        return "lost" if sign * row.score < sign * before.score else "gained"
    if row.unparsed:
        return "unparsed"
    wrong = row.score is not None and row.score <= 0
    if before is None:
        return "wrong" if wrong else "right"
    if wrong:
        return "both-wrong"
    return "same" if row.text_hash == before.text_hash else "changed"


def _slow(results: Results, digest: Digest) -> Iterable[Finding]:
    known = {arm.id for arm in results.arms if arm.role != "aa"}
    for arm, rows in digest.latency.items():
        if arm not in known or len(rows) < 2:
            continue
        median = statistics.median(row.ttft_s for row in rows)
        worst: dict[SampleKey, float] = {}
        for sample, slowness in _slowness(rows, median):
            worst[sample] = max(slowness, worst.get(sample, 0.0))
        slowest = heapq.nlargest(_SLOW_AN_ARM, worst.items(), key=lambda item: item[1])
        for sample, slowness in slowest:
            answered = digest.accuracy.get(sample, {}).get(arm)
            if slowness >= _SLOW_FACTOR:
                yield Finding(
                    sample=sample,
                    arm=arm,
                    kind="slow",
                    baseline_score=None,
                    score=answered.score if answered else None,
                    slowness=slowness,
                )


def _examples(results: Results, digest: Digest) -> Iterable[Finding]:
    """Samples of a run without answers: what the model was shown, at least."""
    arms = [arm.id for arm in results.arms if arm.role != "aa"]
    if digest.accuracy or not arms:
        return
    for task, keys in digest.examples.items():
        for key in keys:
            yield Finding(sample=(task, key), arm=arms[0], kind="example", baseline_score=None, score=None)


def _slowness(rows: Iterable[LatencyRow], median: float) -> Iterable[tuple[SampleKey, float]]:
    return ((row.sample, row.ttft_s / median) for row in rows if median > 0)


def _directions(results: Results) -> Mapping[str, int]:
    return {
        task.task: 1 if metric.higher_is_better else -1
        for arm in results.arms
        for task in arm.tasks
        for metric in task.metrics.values()
        if metric.primary
    }


def _taking_turns(findings: list[Finding]) -> list[Finding]:
    ranks: dict[tuple[str, str], int] = {}
    ranked = []
    for finding in findings:
        group = (finding.sample[0], finding.arm)
        ranks[group] = ranks.get(group, 0) + 1
        ranked.append((ranks[group], finding))
    return [finding for _, finding in sorted(ranked, key=lambda item: item[0])]
