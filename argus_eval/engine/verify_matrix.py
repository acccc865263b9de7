"""Every model × task cell with what is known of it, from files alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from argus_eval.core.published import PublishedScore
from argus_eval.engine.verify_cells import Cell
from argus_eval.engine.verify_ledger import Verification

__all__ = ["matrix"]

_STALE = "was decided against another published value or tolerance"


def matrix(
    models: Sequence[str],
    tasks: Sequence[str],
    scores: Iterable[PublishedScore],
    known: Mapping[tuple[str, str, str], Verification],
) -> tuple[Cell, ...]:
    """One cell a published score of these models and tasks, and one for each pair without any.

    A verification counts only while the score it was made against is still what the list says.
    """
    published: dict[tuple[str, str], list[PublishedScore]] = {}
    for score in scores:
        if score.task is not None:
            published.setdefault((score.model, score.task), []).append(score)
    cells: list[Cell] = []
    for model in models:
        for task in tasks:
            here = published.get((model, task), [])
            cells += [_cell(score, known.get((model, task, score.metric))) for score in here]
            if not here:
                cells.append(Cell(model=model, task=task, reason="no published score on file"))
    return tuple(cells)


def _cell(score: PublishedScore, found: Verification | None) -> Cell:
    task = str(score.task)
    if found is None:
        return Cell(model=score.model, task=task, metric=score.metric, published=score, reason="never measured")
    if (found.published, found.tolerance, found.source) != (score.value, score.tolerance, score.source):
        return Cell(
            model=score.model,
            task=task,
            metric=score.metric,
            published=score,
            reason=f"{found.status.value} on {found.date}, but it {_STALE}",
        )
    return Cell(
        model=score.model,
        task=task,
        metric=score.metric,
        status=found.status,
        published=score,
        value=found.value,
        ci=found.ci,
        n=found.n,
        difference=found.difference,
        date=found.date,
    )
