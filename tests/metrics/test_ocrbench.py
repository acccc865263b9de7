"""OCRBench: containment, and the formula set that keeps case."""

from __future__ import annotations

import pytest

from argus_eval.metrics.ocrbench import OCRBENCH_SCORE

from .builders import answers_sample, said


@pytest.mark.parametrize(
    ("dataset", "text", "target", "right"),
    [
        ("IIIT5K", "The word is CENTRE.", "centre", 1),
        ("IIIT5K", "cent re", "centre", 0),
        ("IIIT5K", "new\nyork", "New York", 1),
        ("HME100k", "x ^ 2 + 1", "x^2+1", 1),
        ("HME100k", "X^2", "x^2", 0),
        ("IIIT5K", "", "a", 0),
    ],
)
def test_containment(dataset: str, text: str, target: str, right: int) -> None:
    sample = answers_sample("something else", target, attributes={"dataset_name": dataset})
    assert OCRBENCH_SCORE.score(said(text), sample) == {"ocrbench_score": right}
