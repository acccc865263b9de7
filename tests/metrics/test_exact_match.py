"""Exact match and multiple choice."""

from __future__ import annotations

import pytest

from argus_eval.core.prediction import Unparsed
from argus_eval.errors import UsageError
from argus_eval.metrics.exact_match import ACCURACY, GQA_ACCURACY

from .builders import answers_sample, said

ANIMALS = ("cat", "dog", "Bird")


@pytest.mark.parametrize(
    ("text", "target", "right"),
    [
        ("B", "B", 1),
        ("b", "B", 1),
        ("B", "dog", 1),
        ("Dog", "B", 1),
        (" bird ", "C", 1),
        ("A", "B", 0),
        ("D", "B", 0),  # there is no fourth option
        ("B.", "B", 0),  # taking the letter out of a sentence is the parser's work
        ("", "A", 0),
    ],
)
def test_letter_and_wording_name_the_same_option(text: str, target: str, right: int) -> None:
    assert ACCURACY.score(said(text), answers_sample(target, options=ANIMALS)) == {"accuracy": right}


def test_options_that_are_letters_are_read_by_position() -> None:
    labels = ("B", "A")
    assert ACCURACY.score(said("A"), answers_sample("A", options=labels)) == {"accuracy": 1}
    assert ACCURACY.score(said("B"), answers_sample("A", options=labels)) == {"accuracy": 0}


def test_a_target_outside_the_options_is_an_error_in_the_data() -> None:
    with pytest.raises(UsageError, match="names none of its 3 options"):
        ACCURACY.score(said("A"), answers_sample("E", options=ANIMALS))


def test_without_options_only_case_and_outer_space_are_forgiven() -> None:
    assert ACCURACY.score(said(" Chair\n"), answers_sample("chair")) == {"accuracy": 1}
    assert ACCURACY.score(said("chair."), answers_sample("chair")) == {"accuracy": 0}
    assert ACCURACY.score(Unparsed(reason="no choice"), answers_sample("chair")) == {"accuracy": 0}


@pytest.mark.parametrize(
    ("text", "exact", "loose"),
    [("Chair", 1, 1), ("a chair", 0, 1), ("chair.", 0, 1), ("chairs", 0, 0), ("", 0, 0)],
)
def test_gqa_shows_the_exact_and_the_normalised_match(text: str, exact: int, loose: int) -> None:
    scores = GQA_ACCURACY.score(said(text), answers_sample("chair"))
    assert scores == {"accuracy": exact, "accuracy_vqa_norm": loose}
