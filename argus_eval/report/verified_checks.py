"""What is known of this harness's agreement with the numbers that a model's authors published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from argus_eval.core.published import PublishedScore
from argus_eval.core.results import Results
from argus_eval.data.resolution import SYNTHETIC
from argus_eval.engine.verify_cells import Cell, Status, cell_words
from argus_eval.engine.verify_ledger import Verification
from argus_eval.engine.verify_matrix import matrix
from argus_eval.report.check import Check
from argus_eval.report.text import printable

__all__ = ["verified_check"]

_NOT_THE_BENCHMARK = (*SYNTHETIC, "imported")


def verified_check(
    results: Results,
    published: Sequence[PublishedScore],
    known: Mapping[tuple[str, str, str], Verification],
) -> tuple[Check, ...]:
    """One check over the run's model × task cells; none where only synthetic data or random weights were used."""
    models = list(dict.fromkeys(arm.model for arm in results.arms if arm.weights == "trained"))
    real = [task for arm in results.arms for task in arm.tasks if task.data.resolved not in _NOT_THE_BENCHMARK]
    tasks = list(dict.fromkeys(task.task for task in real))
    cells = matrix(models, tasks, published, known)
    if not cells:
        return ()
    words = "; ".join(f"{printable(cell.model)} × {printable(cell.task)}: {_words(cell)}" for cell in cells)
    statuses = {cell.status for cell in cells}
    if Status.DEVIATES in statuses:
        return (Check(name="Published scores", state="bad", words=words),)
    all_verified = statuses == {Status.VERIFIED}
    return (Check(name="Published scores", state="good" if all_verified else "open", words=words),)


def _words(cell: Cell) -> str:
    said = cell_words(cell)
    return f"{said} ({cell.reason})" if cell.reason else said
