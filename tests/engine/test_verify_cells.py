"""What follows from a measured and a published score."""

from __future__ import annotations

import doctest
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_eval.core.published import PublishedScore
from argus_eval.core.results import DataResolution, MetricValue, TaskResult
from argus_eval.engine import verify_cells
from argus_eval.engine.verify_cells import Cell, Status, cell_words, judge

DATE = "2026-11-22"


def published(**changes: Any) -> PublishedScore:
    words: dict[str, Any] = {
        "model": "m", "benchmark": "B val", "task": "textvqa", "metric": "vqa_accuracy", "value": 0.727,
        "source": "https://example.org", "read": "source", "n": 5000, "tolerance": 0.01,
    }  # fmt: skip
    return PublishedScore(**{**words, **changes})


def measured(
    value: float | None, n: int = 5000, ci: tuple[float, float] | None = None, errors: int = 0
) -> TaskResult:
    data = DataResolution(requested="x", resolved="local", fingerprint="sha256:0", n=n + errors)
    metric = MetricValue(
        value=value, ci=ci, n=n, status="scored" if value is not None else "not_measured", primary=True,
        higher_is_better=True, reason=None if value is not None else "because",
    )  # fmt: skip
    return TaskResult(task="textvqa", data=data, metrics={"vqa_accuracy": metric}, errors=errors)


def status(score: PublishedScore, result: TaskResult, limit: int | None = None) -> Status:
    return judge(score, result, limit, DATE).status


def test_examples() -> None:
    result = doctest.testmod(verify_cells)
    assert result.attempted >= 3
    assert result.failed == 0


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.727, Status.VERIFIED),
        (0.737, Status.VERIFIED),  # exactly the tolerance, whatever floating point makes of it
        (0.717, Status.VERIFIED),
        (0.7371, Status.DEVIATES),
        (0.7169, Status.DEVIATES),
        (0.0, Status.DEVIATES),
    ],
)
def test_the_whole_split_is_held_against_the_tolerance(value: float, expected: Status) -> None:
    cell = judge(published(), measured(value, ci=(value - 0.02, value + 0.02)), None, DATE)
    assert cell.status is expected
    assert cell.difference == pytest.approx(value - 0.727)
    assert (cell.reason == "") == (expected is Status.VERIFIED)


def test_a_reader_is_told_on_which_side_of_our_interval_the_published_score_lies() -> None:
    assert "inside our interval" in judge(published(), measured(0.71, ci=(0.69, 0.73)), None, DATE).reason
    assert "outside our interval" in judge(published(), measured(0.6, ci=(0.58, 0.62)), None, DATE).reason


@given(value=st.floats(0, 1), half=st.floats(0, 0.5), n=st.integers(1, 4999))
def test_a_part_of_the_split_never_verifies_and_contradicts_only_past_interval_and_tolerance(
    value: float, half: float, n: int
) -> None:
    found = status(published(), measured(value, n, (value - half, value + half)), n)
    far = abs(value - 0.727) > half + 0.01 + 1e-9
    near = abs(value - 0.727) < half + 0.01 - 1e-9
    assert found is not Status.VERIFIED
    assert not far or found is Status.DEVIATES
    assert not near or found is Status.UNVERIFIED


def test_a_part_without_an_interval_says_nothing() -> None:
    assert status(published(), measured(0.0, 10), 10) is Status.UNVERIFIED


def test_more_samples_than_were_published_are_other_samples() -> None:
    cell = judge(published(), measured(0.727, 8811, (0.72, 0.73)), None, DATE)
    assert cell.status is Status.UNVERIFIED
    assert "8,811 samples were scored, the published split has 5,000" in cell.reason


def test_failed_samples_are_missing_ones() -> None:
    score = published(n=None)
    assert status(score, measured(0.727, 4990, (0.72, 0.73), errors=10)) is Status.UNVERIFIED
    assert status(score, measured(0.727, 4990, (0.72, 0.73))) is Status.VERIFIED


def test_without_its_size_a_limited_split_is_never_whole() -> None:
    assert status(published(n=None), measured(0.727, 5000, (0.72, 0.73)), 5000) is Status.UNVERIFIED
    assert status(published(), measured(0.727, 5000, (0.72, 0.73)), 5000) is Status.VERIFIED


def test_without_a_tolerance_nothing_is_decided() -> None:
    assert status(published(tolerance=None), measured(0.727)) is Status.UNVERIFIED


def test_what_was_not_measured_is_unverified_with_its_reason() -> None:
    cell = judge(published(), measured(None, 0), None, DATE)
    assert (cell.status, cell.value, cell.reason) == (Status.UNVERIFIED, None, "because")
    other = judge(published(metric="anls"), measured(0.7), None, DATE)
    assert other.status is Status.UNVERIFIED
    assert "anls" in other.reason


def test_a_cell_reads_as_its_status_date_n_and_difference() -> None:
    assert cell_words(judge(published(), measured(0.5), None, DATE)) == (
        "deviates (2026-11-22, n = 5,000, Δ = −22.70)"
    )
    assert cell_words(Cell(model="m", task="t")) == "unverified"
