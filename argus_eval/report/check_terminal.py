"""A gate's outcome in the terminal: the verdict first, then rule by rule why."""

from __future__ import annotations

import sys
from typing import TextIO

from argus_eval.gate.outcome import ArmCheck, CheckOutcome
from argus_eval.gate.wording import SIGNS, headline, rule_line, verdict_words
from argus_eval.report.text import printable

__all__ = ["check_lines", "print_check"]


def print_check(outcome: CheckOutcome, *, to_stderr: bool = False) -> None:
    """Print the outcome; nothing of it is interpreted as markup."""
    stream: TextIO = sys.stderr if to_stderr else sys.stdout
    stream.write("\n".join(check_lines(outcome)) + "\n")


def check_lines(outcome: CheckOutcome) -> list[str]:
    """The outcome as lines of text."""
    lines = [f"{SIGNS[outcome.verdict]} {printable(headline(outcome))}"]
    lines.append(f"  policy {printable(outcome.policy)}, run {printable(outcome.run_id)}")
    for arm in outcome.arms:
        lines += ["", *_arm_lines(arm)]
    return lines


def _arm_lines(arm: ArmCheck) -> list[str]:
    lines = [f"{SIGNS[arm.verdict]} {printable(arm.arm)}: {verdict_words(arm.verdict)}"]
    lines.append(f"  against {printable(arm.baseline)}")
    for rule in arm.rules:
        words = f"{verdict_words(rule.verdict)}{' (guard)' if rule.guard else ''}"
        lines.append(f"  {SIGNS[rule.verdict]} {words}  {printable(rule.rule)}")
        lines.append(f"      {printable(rule_line(rule))}")
    for task in arm.tasks:
        p = "" if task.mcnemar_p is None else f", McNemar p = {task.mcnemar_p:.3g}"
        values = [f"{value:.4f}" if value is not None else "–" for value in (task.baseline, task.arm)]
        lines.append(
            f"  · {printable(task.task)} {printable(task.metric)}: {' → '.join(values)}, n = {task.n:,}, "
            f"lost {task.lost:,}, gained {task.gained:,}{p}, equal answers {task.equal_outputs:,}, "
            f"unparsed {task.unparsed_baseline:,} → {task.unparsed_arm:,}, errors {task.errors:,}"
        )
    lines += [f"  note: {printable(note)}" for note in arm.notes]
    return lines
