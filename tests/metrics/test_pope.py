"""POPE against the official script's own counts."""

from __future__ import annotations

import json
import pathlib

import numpy as np
import pytest

from argus_eval.core.prediction import Unparsed
from argus_eval.errors import UsageError
from argus_eval.metrics.pope import POPE, pope_answer

from .builders import answers_sample, said


def test_random_split(reference_dir: pathlib.Path) -> None:
    folder = reference_dir / "pope"
    expected = json.loads((folder / "expected.json").read_text())["expected"]["random"]
    questions = [json.loads(line) for line in (folder / "coco_pope_random.jsonl").read_text().splitlines()]
    answers = [json.loads(line) for line in (folder / "derived_answers_random.jsonl").read_text().splitlines()]
    assert [pope_answer(row["answer"]) for row in answers] == [row["official_pred"] for row in answers]
    statistics = [
        POPE.statistics(said(answer["answer"]), answers_sample(question["label"]))
        for question, answer in zip(questions, answers, strict=True)
    ]
    values = POPE.reduce(statistics)
    for name in ("accuracy", "f1", "precision", "recall", "yes_ratio"):
        assert values[name] == pytest.approx(expected[name], abs=1e-12), name


@pytest.mark.parametrize("text", ["", "NO", "nope", "No\n", "unanswerable", "Yes. No."])
def test_everything_without_a_no_in_the_first_sentence_is_yes(text: str) -> None:
    assert pope_answer(text) == "yes"


def test_weights_equal_repetition() -> None:
    rows = [("yes", "yes"), ("yes", "no"), ("no", "yes"), ("no", "no"), ("no", "No, none")]
    statistics = [POPE.statistics(said(text), answers_sample(label)) for label, text in rows]
    repeats = [2, 1, 0, 3, 1]
    long = [row for row, times in zip(statistics, repeats, strict=True) for _ in range(times)]
    assert POPE.reduce(statistics, np.array(repeats, dtype=float)) == POPE.reduce(long)


def test_ratios_without_a_denominator_have_no_value() -> None:
    values = POPE.reduce([POPE.statistics(said("no"), answers_sample("no"))])
    assert values == {"accuracy": 1.0, "f1": None, "precision": None, "recall": None, "yes_ratio": 0.0}


def test_a_missing_answer_is_wrong_and_an_empty_one_is_yes() -> None:
    missing, empty = Unparsed(reason="missing"), Unparsed(reason="empty answer")
    assert POPE.statistics(missing, answers_sample("no")) == (False, True)
    assert POPE.statistics(missing, answers_sample("yes")) == (True, False)
    assert POPE.statistics(empty, answers_sample("yes")) == (True, True)


def test_a_label_must_be_yes_or_no() -> None:
    with pytest.raises(UsageError, match="'yes' or 'no'"):
        POPE.statistics(said("yes"), answers_sample("maybe"))
