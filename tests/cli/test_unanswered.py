"""What is said, and of what, when requests were made and none was answered."""

from __future__ import annotations

import dataclasses

from argus_eval.cli.unanswered import unanswered
from argus_eval.core.results import Results
from tests.report.fixtures import make_results


def failing(results: Results, tokens: tuple[int, ...]) -> Results:
    """The first arm fails every timed request of these lengths, the others one of ninety-six."""
    arms = []
    for index, arm in enumerate(results.arms):
        entries = tuple(
            dataclasses.replace(
                entry,
                requests=96,
                errors=96 if index == 0 and entry.output_tokens in tokens else 1,
                first_error=f"out of memory at {entry.output_tokens}\x1b[31m",
            )
            for entry in arm.efficiency
        )
        arms.append(dataclasses.replace(arm, efficiency=entries))
    return dataclasses.replace(results, arms=tuple(arms))


def test_single_failures_are_no_silence() -> None:
    assert unanswered(failing(make_results(), ())) == []


def test_an_arm_that_never_answered_is_one_line() -> None:
    results = make_results()
    arm = results.arms[0].id
    quoted = "failed; the first: out of memory at"
    assert unanswered(failing(results, (1, 64))) == [f"{arm}: every one of 192 timed requests {quoted} 1\\x1b[31m"]
    assert unanswered(failing(results, (64,))) == [
        f"{arm}: every one of 96 timed requests (64 tokens) {quoted} 64\\x1b[31m"
    ]


def test_a_task_without_one_answer_quotes_the_first_error() -> None:
    results = make_results(trained=False)
    arm = results.arms[0]
    task = dataclasses.replace(arm.tasks[0], errors=4, first_error="cannot be decoded")
    broken = dataclasses.replace(results, arms=(dataclasses.replace(arm, tasks=(task,)),))
    assert unanswered(broken) == [
        f"{arm.id}: every request on {task.task} failed (4 of 4); the first: cannot be decoded; see records.jsonl"
    ]
