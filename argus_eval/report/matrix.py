"""Every arm on every task: the paired difference from the baseline, its interval and its verdict."""

from __future__ import annotations

from dataclasses import dataclass

from argus_eval.core.results import Results, TaskComparison
from argus_eval.report.figures import Figure, difference_figure
from argus_eval.report.strip import verdict_slug
from argus_eval.report.text import printable
from argus_eval.report.wording import VERDICT_MARKS, VERDICT_WORDS, short_labels

__all__ = ["Cell", "Matrix", "matrix"]

#: Differences at which a cell's shade gets one step darker, in shares.
_STEPS = (0.002, 0.01, 0.03)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One arm on one task. ``step`` runs from −3 (a clear loss) to 3; it only shades what the text says."""

    figure: Figure
    step: int
    mark: str
    words: str
    slug: str
    task: str
    arm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Rows are arms, columns are tasks (primary metric)."""

    tasks: tuple[str, ...]
    metrics: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell | None, ...]], ...]


def matrix(results: Results) -> Matrix | None:
    """The matrix of a run, or ``None`` where no difference was measured."""
    columns = dict.fromkeys((row.task, row.metric) for c in results.comparisons for row in c.tasks)
    primaries = {
        (task.task, name)
        for arm in results.arms
        for task in arm.tasks
        for name, metric in task.metrics.items()
        if metric.primary
    }
    kept = [column for column in columns if column in primaries]
    if not any(row.difference is not None for c in results.comparisons for row in c.tasks) or not kept:
        return None
    labels = short_labels(results)
    order = [arm.id for arm in results.arms if arm.role != "aa"]
    rows = []
    for comparison in results.comparisons:
        found = {(row.task, row.metric): row for row in comparison.tasks}
        place = order.index(comparison.arm) if comparison.arm in order else 0
        cells = tuple(_cell(found[column], place) if column in found else None for column in kept)
        rows.append((labels.get(comparison.arm, printable(comparison.arm)), cells))
    return Matrix(
        tasks=tuple(printable(task) for task, _ in kept),
        metrics=tuple(printable(metric) for _, metric in kept),
        rows=tuple(rows),
    )


def _cell(row: TaskComparison, arm: int) -> Cell:
    difference = row.difference or 0.0
    step = sum(abs(difference) > limit for limit in _STEPS)
    words = VERDICT_WORDS[row.verdict]
    return Cell(
        figure=difference_figure(row.difference, row.ci, row.metric),
        step=step if difference > 0 else -step,
        mark=VERDICT_MARKS[row.verdict],
        words=f"{words}, all answers identical" if row.identical else words,
        slug=verdict_slug(row.verdict),
        task=printable(row.task),
        arm=arm,
    )
