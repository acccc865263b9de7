"""Numbers as they read."""

from __future__ import annotations

import dataclasses

import pytest

from argus_eval.core.results import Quantiles, SpeedUp, TwinResult
from argus_eval.report.figures import (
    change_figure,
    difference_figure,
    interval_text,
    latency_figure,
    memory_figure,
    metric_figure,
    points,
)
from tests.report.fixtures import make_results, metric


@pytest.mark.parametrize(
    "figure",
    [
        latency_figure(None),
        latency_figure(Quantiles()),
        metric_figure(None),
        metric_figure(metric(None, 0, primary=True, status="not_measured")),
        difference_figure(None, None),
        memory_figure(None),
        change_figure(None),
    ],
)
def test_what_was_not_measured_reads_so_and_has_no_number(figure) -> None:
    assert figure.text == "not measured"
    assert figure.value is None
    assert not figure.measured


def test_unsupported_is_not_the_same_as_not_measured() -> None:
    figure = metric_figure(metric(None, 0, primary=True, status="unsupported"))
    assert (figure.text, figure.note) == ("unsupported", "the model has no grounding")


def test_a_latency_carries_its_own_value_and_interval() -> None:
    figure = latency_figure(Quantiles(p50=0.0228, ci=(0.0221, 0.0236), n=96))
    assert (figure.text, figure.value, figure.interval) == ("22.8 ms", 0.0228, "[22.1, 23.6]")


def test_an_interval_keeps_units_that_differ() -> None:
    assert latency_figure(Quantiles(p50=0.999, ci=(0.9, 1.2))).interval == "[900 ms, 1.20 s]"
    assert interval_text((1.9, 1.7), lambda end: f"{end:.1f}") == "[1.7, 1.9]"


def test_a_change_is_signed_and_an_unclaimed_one_says_so() -> None:
    speedup = SpeedUp(
        median=1.9, geomean=1.9, p90=1.8, ci=(1.8, 2.0), slower_share=0.0,
        aa=TwinResult(ratio=1.0, ci=(0.99, 1.01)), claim=True, sentence="",
    )  # fmt: skip
    assert change_figure(speedup).text == "−47.4 % (1.90×)"
    assert change_figure(speedup).note == ""
    assert change_figure(dataclasses.replace(speedup, claim=False)).note == "no gain shown"
    unproven = dataclasses.replace(speedup, claim=False, shown="faster")
    assert change_figure(unproven).note == "no claim: accuracy not shown"
    slower = dataclasses.replace(speedup, claim=False, shown="slower")
    assert change_figure(slower).note == "a loss, beyond the noise"


def test_points_are_points_and_never_per_cent() -> None:
    assert points(-0.0041) == "−0.4 points"
    assert difference_figure(0.012, (-0.001, 0.025)).interval == "[−0.1, +2.5]"


def test_cider_is_no_share() -> None:
    scored = dataclasses.replace(metric(0.9, 100, primary=True), value=1.234, ci=(1.1, 1.3))
    assert metric_figure(scored, "CIDEr").text == "1.234"


def test_every_scored_metric_of_a_run_reads_back_as_its_number() -> None:
    for arm in make_results().arms:
        for task in arm.tasks:
            for name, value in task.metrics.items():
                assert metric_figure(value, name).value == value.value
