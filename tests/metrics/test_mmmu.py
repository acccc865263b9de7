"""MMMU: options and open answers, the latter as the official script reads them."""

from __future__ import annotations

import pytest

from argus_eval.metrics.mmmu import MMMU_ACCURACY

from .builders import answers_sample, said


@pytest.mark.parametrize(
    ("text", "target", "right"),
    [
        ("42", "42", 1),
        ("So the answer is 1,000.", "1000", 1),
        ("3.14159", "3.14", 1),  # both sides are rounded to two decimals
        ("the velocity is 2e3", "2000", 1),
        ("x = 5", "5", 1),
        ("It is blue", "blue", 1),
        ("bluegreen", "blue", 1),  # the reference occurs in the answer
        ("green", "blue", 0),
        ("a cab", "a", 1),  # a single letter counts at the edge of a word
        ("cab", "a", 0),
        ("is 7\nno number here", "7", 1),
        ("", "7", 0),
    ],
)
def test_open_answers(text: str, target: str, right: int) -> None:
    assert MMMU_ACCURACY.score(said(text), answers_sample(target)) == {"accuracy": right}


def test_with_options_the_option_decides() -> None:
    sample = answers_sample("B", options=("1", "2"))
    assert MMMU_ACCURACY.score(said("B"), sample) == {"accuracy": 1}
    assert MMMU_ACCURACY.score(said("the answer is 2"), sample) == {"accuracy": 0}
