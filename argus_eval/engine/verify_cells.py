"""Does our number agree with the published one? Nouns of ``argus-eval verify`` and the judgement itself.

On the whole split both numbers come from the same samples, so what chance the samples bring is in both and
cancels: the difference itself is held against the tolerance. A part of a split brings its own chance: it can show
that a score deviates (its interval, widened by the tolerance, leaves the published score out), not that it agrees.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from argus_eval.core.published import PublishedScore
from argus_eval.core.results import MetricValue, TaskResult

__all__ = ["Cell", "Status", "cell_words", "judge", "signed_points", "without_measurement"]

# A published 72.7 % is anything from 72.65 to 72.75; 0.0272 - 0.0172 is a hair above 0.01 in floating point.
_SLACK = 1e-9


class Status(StrEnum):
    """What is known about one published score."""

    VERIFIED = "verified"
    DEVIATES = "deviates"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One model on one task: what others published, what was measured here, and what follows.

    Attributes:
        model, task, metric: names as listed.
        status: what follows; ``reason`` says why where it is not verified.
        published: the published score; ``None`` where none is on file.
        value: ours; ``None`` where it was not measured. ``ci``: its interval, where it has one.
        n: samples it was measured on.
        difference: ours − published.
        date: ISO date of the measurement.
    """

    model: str
    task: str
    metric: str = ""
    status: Status = Status.UNVERIFIED
    published: PublishedScore | None = None
    value: float | None = None
    ci: tuple[float, float] | None = None
    n: int = 0
    difference: float | None = None
    date: str = ""
    reason: str = ""


def judge(score: PublishedScore, result: TaskResult, limit: int | None, date: str) -> Cell:
    """Hold a measured task against a published score.

    Args:
        score: with a task.
        result: of the same task, on the benchmark itself.
        limit: ``--limit``; ``None`` means that everything there was has been measured.
        date: ISO date of the measurement.
    """
    metric = result.metrics.get(score.metric)
    if metric is None or metric.value is None:
        why = (metric.reason if metric else None) or f"{score.metric} was not measured"
        return without_measurement(score, why)
    cell = replace(
        without_measurement(score, ""),
        value=metric.value,
        ci=metric.ci,
        n=metric.n,
        difference=metric.value - score.value,
        date=date,
    )
    status, reason = _decide(score, result, metric, limit)
    return replace(cell, status=status, reason=reason)


def without_measurement(score: PublishedScore, reason: str) -> Cell:
    """The cell of a score that nothing was held against."""
    assert score.task is not None
    return Cell(model=score.model, task=score.task, metric=score.metric, published=score, reason=reason)


def _decide(
    score: PublishedScore, result: TaskResult, metric: MetricValue, limit: int | None
) -> tuple[Status, str]:
    assert metric.value is not None
    if score.tolerance is None:
        return Status.UNVERIFIED, "the published score has no tolerance on file"
    missing = _missing(score, result, metric.n, limit)
    if missing is None:
        if abs(metric.value - score.value) <= score.tolerance + _SLACK:
            return Status.VERIFIED, ""
        return Status.DEVIATES, f"the difference is larger than the tolerance{_inside(score, metric)}"
    if score.n is not None and metric.n > score.n:
        return Status.UNVERIFIED, missing
    if metric.ci is None:
        return Status.UNVERIFIED, f"{missing}: a part can show that a score deviates, never that it agrees"
    low, high = metric.ci[0] - score.tolerance, metric.ci[1] + score.tolerance
    if low <= score.value <= high:
        return Status.UNVERIFIED, f"{missing}; so far nothing speaks against it: measure the whole split"
    return Status.DEVIATES, f"{missing}, yet its interval and the tolerance leave the published score out"


def _missing(score: PublishedScore, result: TaskResult, n: int, limit: int | None) -> str | None:
    """Why this is not the whole split; ``None`` if it is, as far as can be known."""
    if score.n is not None and n != score.n:
        return f"{n:,} samples were scored, the published split has {score.n:,}"
    if result.errors:
        return f"{result.errors:,} of {n + result.errors:,} samples failed"
    if score.n is None and limit is not None:
        return f"--limit {limit:,}, and how many samples the published split has is not on file"
    return None


def _inside(score: PublishedScore, metric: MetricValue) -> str:
    if metric.ci is None:
        return ""
    inside = metric.ci[0] <= score.value <= metric.ci[1]
    return f" (the published score lies {'inside' if inside else 'outside'} our interval)"


def cell_words(cell: Cell) -> str:
    """A cell as pages and tables write it.

    >>> verified = Cell(model="m", task="t", status=Status.VERIFIED, date="2026-11-22", n=5000, difference=-0.0031)
    >>> cell_words(verified)
    'verified (2026-11-22, n = 5,000, Δ = −0.31)'
    >>> cell_words(Cell(model="m", task="t"))
    'unverified'
    """
    if cell.status is Status.UNVERIFIED or cell.difference is None:
        return cell.status.value
    return f"{cell.status.value} ({cell.date}, n = {cell.n:,}, Δ = {signed_points(cell.difference)})"


def signed_points(difference: float) -> str:
    """A difference of scores in points of a hundred, with a typographic minus.

    >>> signed_points(0.0042), signed_points(-0.1)
    ('+0.42', '−10.00')
    """
    return f"{100 * difference:+.2f}".replace("-", "−")
