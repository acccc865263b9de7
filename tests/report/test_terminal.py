"""The terminal table."""

from __future__ import annotations

import dataclasses
import io
import re

import pytest
from rich.console import Console

from argus_eval.core.results import Results, Verdict
from argus_eval.report.figures import metric_figure
from argus_eval.report.terminal import print_results
from argus_eval.report.wording import VERDICT_NAMES
from tests.report.fixtures import HOSTILE, make_results


def printed(results, width: int = 160) -> str:
    stream = io.StringIO()
    print_results(results, Console(file=stream, width=width, color_system="truecolor", force_terminal=True))
    return stream.getvalue()


def plain(results, width: int = 160) -> str:
    stream = io.StringIO()
    print_results(results, Console(file=stream, width=width, color_system=None))
    return stream.getvalue()


def test_banners_come_first_then_the_verdict_then_the_tables() -> None:
    text = plain(make_results())
    assert text.startswith("! data: synthetic sample")
    assert (
        text.index("! data") < text.index("token-splice · PASS") < text.index("Latency") < text.index("Accuracy")
    )


def test_numbers_are_those_of_the_results() -> None:
    text = plain(make_results())
    for expected in ("42.1 ms", "211 ms", "[205, 218]", "1.55 s", "5.41 GiB", "81.2 %", "−0.4 points", "1.001×"):
        assert expected in text


def test_random_weights_give_no_accuracy_table_and_say_why() -> None:
    text = plain(make_results(trained=False))
    assert "accuracy on refcoco[synthetic]: not measured (the weights are random)" in text
    assert "Accuracy: value" not in text
    assert not re.search(r"(?<!\d)0\.0 %", text)
    assert "nan" not in text.lower()


def test_an_unfinished_and_a_quick_run_say_so() -> None:
    text = plain(dataclasses.replace(make_results(), complete=False, quick=True))
    assert "not finished" in text
    assert "no claims" in text


def changed(**values: object) -> Results:
    """One arm whose TTFT says something else."""
    results = make_results(arms=2)
    (comparison,) = results.comparisons
    ttft = dataclasses.replace(comparison.speedup["ttft"], claim=False, detectable=1.445, **values)
    told = dataclasses.replace(comparison, speedup={**comparison.speedup, "ttft": ttft})
    return dataclasses.replace(results, comparisons=(told,))


def test_an_arm_that_does_not_help_is_said_not_to_for_every_quantity() -> None:
    text = plain(changed())
    assert "speed: faster: host work; no gain shown: TTFT, end to end, TPOT" in text
    assert "no gain shown (this run could have shown 44.5 % or more)" in text


def test_an_arm_that_hurts_is_said_to_and_not_that_more_could_have_been_shown() -> None:
    text = plain(changed(shown="slower"))
    assert "slower: TTFT" in text
    assert "a loss, beyond the noise" in text
    assert "could have shown" not in text


def test_what_an_arm_found_out_about_itself_is_said_once() -> None:
    results = make_results(arms=2)
    baseline, variant, twin = results.arms
    shared, own = "the twin shares the weights", "token-splice: recipe 'token-splice' changes nothing"
    arms = (
        dataclasses.replace(baseline, notes=(shared,)),
        dataclasses.replace(variant, notes=(shared, own)),
        twin,
    )
    text = plain(dataclasses.replace(results, arms=arms))
    assert text.count(own) == 1
    assert shared not in text


def test_a_broken_claim_is_loud() -> None:
    assert "the L1 claim is BROKEN: ids differ on 2 of 64 samples" in plain(make_results(arms=4))


@pytest.mark.parametrize("width", [40, 80, 200])
def test_every_width_works(width: int) -> None:
    assert "TTFT" in plain(make_results(), width)


def test_hostile_names_cannot_speak_to_the_terminal() -> None:
    results = make_results()
    arms = tuple(
        dataclasses.replace(
            arm,
            label=HOSTILE,
            tasks=tuple(dataclasses.replace(task, task=HOSTILE + "[bold red]") for task in arm.tasks),
        )
        for arm in results.arms
    )
    text = printed(dataclasses.replace(results, arms=arms, banners=(HOSTILE,)))
    assert "\x1b[31m" not in text
    assert "\u202e" not in text
    assert "\x00" not in text
    assert "\\x1b[31m" in text


def test_an_empty_run_prints_nothing_wrong() -> None:
    results = dataclasses.replace(make_results(), arms=(), comparisons=(), banners=())
    assert plain(results).strip() == ""


def test_a_run_without_times_says_so_in_one_line() -> None:
    results = make_results()
    untimed = dataclasses.replace(
        results, arms=tuple(dataclasses.replace(arm, efficiency=()) for arm in results.arms)
    )
    text = plain(untimed)
    assert "Latency: not measured in this run" in text
    assert "TPOT" not in text.split("Latency:")[1]
    assert "Accuracy: value" in text


def test_numbers_are_whole_in_the_narrowest_terminal_that_is_used() -> None:
    text = plain(make_results(arms=4), 100)
    for arm in make_results(arms=4).arms:
        for task in arm.tasks:
            for name, metric in task.metrics.items():
                if metric.primary and metric.ci is not None:
                    assert metric_figure(metric, name).interval in text
    assert VERDICT_NAMES[Verdict.INCONCLUSIVE] in text


def test_without_long_answers_there_is_no_end_to_end() -> None:
    results = make_results()
    short = tuple(
        dataclasses.replace(arm, efficiency=tuple(e for e in arm.efficiency if e.output_tokens == 1))
        for arm in results.arms
    )
    text = plain(dataclasses.replace(results, arms=short))
    row = next(line for line in text.splitlines() if line.startswith(" baseline "))
    assert row.split()[:4] == ["baseline", "42.1", "ms", "211"]
    assert row.count("not measured") == 2, row
