"""A gate's outcome as GitHub-flavoured Markdown, for step summaries and merge-request comments."""

from __future__ import annotations

import re

from argus_eval.gate.outcome import ArmCheck, CheckOutcome, TaskFacts
from argus_eval.gate.wording import SIGNS, headline, tested_words, verdict_words

__all__ = ["check_markdown", "escaped"]

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~&$])")


def check_markdown(outcome: CheckOutcome) -> str:
    """One table of rules and one of tasks for each arm; every name and reason is escaped."""
    lines = [f"## Accuracy gate: {verdict_words(outcome.verdict)}", "", escaped(headline(outcome)), ""]
    facts = {"run": outcome.run_id, "baseline": outcome.baseline, "policy": outcome.policy}
    lines += [" · ".join(f"{name} {escaped(value)}" for name, value in facts.items()), ""]
    for arm in outcome.arms:
        lines += _arm(arm)
    return "\n".join(lines)


def escaped(text: str) -> str:
    """``text`` as Markdown that shows it as it is, in one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _arm(arm: ArmCheck) -> list[str]:
    lines = [f"### {SIGNS[arm.verdict]} {escaped(arm.arm)}: {verdict_words(arm.verdict)}", ""]
    lines += [f"against {escaped(arm.baseline)}", ""]
    lines += ["| verdict | rule | subject | measured | why |", "|---|---|---|---|---|"]
    for rule in arm.rules:
        cells = (
            f"{SIGNS[rule.verdict]} {verdict_words(rule.verdict)}",
            *map(escaped, (rule.rule, rule.subject, tested_words(rule), rule.reason)),
        )
        lines.append(f"| {' | '.join(cells)} |")
    if arm.tasks:
        lines += ["", *_tasks(arm.tasks)]
    lines += ["", *(f"* {escaped(note)}" for note in arm.notes), ""] if arm.notes else [""]
    return lines


def _tasks(tasks: tuple[TaskFacts, ...]) -> list[str]:
    lines = [
        "| task | metric | baseline | arm | lost | gained | McNemar p | equal answers | unparsed | errors | n |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for task in tasks:
        p = "" if task.mcnemar_p is None else f"{task.mcnemar_p:.3g}"
        cells = (
            escaped(task.task),
            escaped(task.metric),
            _number(task.baseline),
            _number(task.arm),
            f"{task.lost:,}",
            f"{task.gained:,}",
            p,
            f"{task.equal_outputs:,}",
            f"{task.unparsed_baseline:,} → {task.unparsed_arm:,}",
            f"{task.errors:,}",
            f"{task.n:,}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
