"""What GitHub Actions reads from a step: annotations among its output, and a summary in a file it names."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping

from argus_eval.errors import EnvironmentError_
from argus_eval.gate.markdown import check_markdown
from argus_eval.gate.outcome import CheckOutcome
from argus_eval.gate.wording import rule_line, verdict_words
from argus_eval.stats.verdict import Verdict

__all__ = ["annotation_lines", "append_summary", "runs_there"]


def runs_there(environment: Mapping[str, str]) -> bool:
    """Whether this is a step of GitHub Actions."""
    return environment.get("GITHUB_ACTIONS") == "true"


def annotation_lines(outcome: CheckOutcome) -> list[str]:
    """One workflow command for each rule that did not pass: an error where it fails the gate, else a warning."""
    lines = []
    for arm in outcome.arms:
        for rule in arm.rules:
            if rule.verdict.preserved:
                continue
            undecided = rule.verdict is Verdict.INCONCLUSIVE
            kind = "warning" if undecided and (rule.guard or outcome.inconclusive == "warn") else "error"
            title = _property(f"Accuracy gate {verdict_words(rule.verdict)}: {arm.arm}")
            lines.append(f"::{kind} title={title}::{_message(f'{rule.rule}: {rule_line(rule)}')}")
    return lines


def append_summary(outcome: CheckOutcome, environment: Mapping[str, str]) -> None:
    """Append the Markdown table to the step's summary, where there is one.

    Raises:
        EnvironmentError_: the file cannot be written.
    """
    path = environment.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    try:
        with pathlib.Path(path).open("a", encoding="utf-8") as file:
            file.write(check_markdown(outcome) + "\n")
    except OSError as problem:
        raise EnvironmentError_(f"{path}: the step summary cannot be written: {problem.strerror}") from problem


def _message(text: str) -> str:
    """Escaped as workflow commands ask: a new line would end the command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
