"""ChartQA's relaxed accuracy, corner by corner."""

from __future__ import annotations

import numpy as np
import pytest

from argus_eval.core.prediction import Unparsed
from argus_eval.metrics.relaxed_accuracy import (
    RELAXED_ACCURACY,
    RELAXED_ACCURACY_BY_SPLIT,
    RELAXED_ACCURACY_CLEAN,
)

from .builders import answers_sample, said


@pytest.mark.parametrize(
    ("text", "target", "right"),
    [
        ("0", "0", 1),
        ("0.0", "0", 0),  # zero is compared as a string
        ("27", "27%", 0),
        ("0.27", "27%", 1),
        ("27%%", "27%", 1),
        ("44.1", "42", 0),  # five per cent in ideal arithmetic, a hair more in floating point
        ("104.9", "100", 1),
        ("95", "100", 1),
        ("2008", "2010", 1),
        ("977,633", "977633", 0),
        ("$5", "5", 0),
        ("1.4 billion", "1.4", 0),
        ("Yes", "yes", 1),
        (" yes", "yes", 0),  # nothing is stripped
        (" 5 ", "5", 1),  # float() strips by itself
        ("nan", "5", 0),
        ("5", "nan", 0),
        ("nan", "nan", 0),
        ("inf", "inf", 0),
        ("-5", "5", 0),
        ("", "", 1),
        ("%", "%", 1),
    ],
)
def test_corner_cases(text: str, target: str, right: int) -> None:
    assert RELAXED_ACCURACY.score(said(text), answers_sample(target)) == {"relaxed_accuracy": right}


@pytest.mark.parametrize(("text", "target"), [("$1,000", "1000"), ("977,633", "977633"), ("Yes.", "yes")])
def test_the_clean_variant_forgives_decoration_under_another_name(text: str, target: str) -> None:
    assert RELAXED_ACCURACY.score(said(text), answers_sample(target)) == {"relaxed_accuracy": 0}
    assert RELAXED_ACCURACY_CLEAN.score(said(text), answers_sample(target)) == {"relaxed_accuracy_clean": 1}


def test_splits_are_means_of_their_own_questions() -> None:
    rows = [("human", "1"), ("human", "2"), ("augmented", "1"), ("other", "1")]
    statistics = [
        RELAXED_ACCURACY_BY_SPLIT.statistics(said(text), answers_sample("1", attributes={"split": split}))
        for split, text in rows
    ]
    assert RELAXED_ACCURACY_BY_SPLIT.reduce(statistics) == {
        "relaxed_accuracy_human": 0.5,
        "relaxed_accuracy_augmented": 1.0,
    }
    weighted = RELAXED_ACCURACY_BY_SPLIT.reduce(statistics, np.array([3.0, 1.0, 0.0, 1.0]))
    assert weighted == {"relaxed_accuracy_human": 0.75, "relaxed_accuracy_augmented": None}


def test_nothing_read_is_wrong() -> None:
    assert RELAXED_ACCURACY.score(Unparsed(reason="missing"), answers_sample("")) == {"relaxed_accuracy": 0}
