"""ANLS: the server's rule and the paper's."""

from __future__ import annotations

import json
import pathlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_eval.core.prediction import Unparsed
from argus_eval.metrics.anls import ANLS, ANLS_STRICT

from .builders import answers_sample, said


def _distance(a: str, b: str) -> int:
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, right in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (left != right))
    return row[-1]


def _server_rule(text: str, references: list[str]) -> float:
    """The evaluation server's steps, written out."""
    values = []
    for reference in references:
        given_ = " ".join(reference.strip().lower().split())
        detected = " ".join(text.strip().lower().split())
        length = max(len(reference.upper()), len(text.upper()))
        values.append(0.0 if length == 0 else _distance(given_, detected) / length)
    result = 1 - min(values)
    return 0.0 if result < 0.5 else result


@given(st.text("aAbB ß\t\n.", max_size=8), st.lists(st.text("aAbB ß\t", max_size=8), min_size=1, max_size=3))
def test_server_rule(text: str, references: list[str]) -> None:
    score = ANLS.score(said(text), answers_sample(*references))["anls"]
    assert score == pytest.approx(_server_rule(text, references), abs=1e-12)


@pytest.mark.parametrize(
    ("text", "reference", "server", "paper"),
    [
        ("    Cola     ", "Coca Cola", 1 - 5 / 13, 0.0),  # padding inflates the server's denominator
        ("ab", "ac", 0.5, 0.0),  # exactly one half
        ("", "", 1.0, 1.0),
        ("", "x", 0.0, 0.0),
        ("COCA  cola", "Coca Cola", 1.0, 1.0),
    ],
)
def test_where_the_two_rules_differ(text: str, reference: str, server: float, paper: float) -> None:
    assert ANLS.score(said(text), answers_sample(reference))["anls"] == pytest.approx(server, abs=1e-12)
    strict = ANLS_STRICT.score(said(text), answers_sample(reference))["anls_strict"]
    assert strict == pytest.approx(paper, abs=1e-12)


def test_nothing_read_is_wrong_even_for_an_empty_reference() -> None:
    assert ANLS.score(Unparsed(reason="missing"), answers_sample("")) == {"anls": 0.0}


def test_published_submission(reference_dir: pathlib.Path) -> None:
    folder = reference_dir / "anls"
    gold = json.loads((folder / "shunk031_gold_label.json").read_text())["data"]
    answers = {
        row["questionId"]: row["answer"] for row in json.loads((folder / "shunk031_submission.json").read_text())
    }
    expected = json.loads((folder / "shunk031_expected.json").read_text())
    scores = {
        row["questionId"]: ANLS_STRICT.score(said(answers[row["questionId"]]), answers_sample(*row["answers"]))
        for row in gold
    }
    for question, value in expected["per_question"].items():
        assert scores[int(question)]["anls_strict"] == pytest.approx(value, rel=0.1)
    mean = sum(score["anls_strict"] for score in scores.values()) / len(scores)
    assert mean == pytest.approx(expected["score"], rel=1e-3)
