"""Arms that were asked and never answered: a run of nothing but errors must not look like a success."""

from __future__ import annotations

from argus_eval.core.results import ArmResult, Efficiency, Results
from argus_eval.report.text import printable

__all__ = ["unanswered"]


def unanswered(results: Results) -> list[str]:
    """One line for every arm and task, and every arm's timed requests, of which all failed: how many, and why."""
    return [line for arm in results.arms for line in (*_on_tasks(arm), *_on_the_clock(arm))]


def _on_tasks(arm: ArmResult) -> list[str]:
    return [
        f"{arm.id}: every request on {task.task} failed ({task.errors} of {task.errors})"
        f"{_quoted(task.first_error)}; see records.jsonl"
        for task in arm.tasks
        if task.errors and all(metric.n == 0 for metric in task.metrics.values())
    ]


def _on_the_clock(arm: ArmResult) -> list[str]:
    silent = [entry for entry in arm.efficiency if entry.errors and entry.errors == entry.requests]
    if not silent:
        return []
    requests = sum(entry.requests for entry in silent)
    which = "" if len(silent) == len(arm.efficiency) else f" ({', '.join(map(_section, silent))})"
    return [f"{arm.id}: every one of {requests} timed requests{which} failed{_quoted(silent[0].first_error)}"]


def _section(entry: Efficiency) -> str:
    return f"{entry.output_tokens} token{'s' if entry.output_tokens > 1 else ''}"


def _quoted(error: str | None) -> str:
    """What the first failure said; it may be a server's words, so a terminal must not obey them."""
    return f"; the first: {printable(error)}" if error else ""
