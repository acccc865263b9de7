"""POPE's official reading, on its own file and on the strings where it is odd."""

from __future__ import annotations

import json
import pathlib

import pytest

from argus_eval.core.prediction import Answer, Parsed
from argus_eval.parsing.protocol import ParseContext
from argus_eval.parsing.yes_no import NEITHER, parse_yes_no


def said(text: str) -> str:
    prediction = parse_yes_no(text, ParseContext())
    assert isinstance(prediction, Parsed)
    assert isinstance(prediction.value, Answer)
    return prediction.value.text


@pytest.mark.parametrize(
    ("text", "answer", "clear"),
    [
        ("Yes", "yes", True),
        ("yes, there is a dog.", "yes", True),
        ("No", "no", True),
        ("No, there is no dog.", "no", True),
        ("There is not any.", "no", False),
        ("I see a dog. No cat.", "yes", False),
        ("", "yes", False),
        ("NO", "yes", False),
        ("nope", "yes", False),
        ("No\n", "yes", False),
        ("unanswerable", "yes", False),
        ("Yes, no doubt", "no", False),
        ("<think>no no</think>Yes", "yes", True),
        ("<think>yes</think>\nNo", "no", True),
    ],
)
def test_official_reading(text: str, answer: str, clear: bool) -> None:
    expected = Parsed(value=Answer(text=answer), repairs=() if clear else (NEITHER,))
    assert parse_yes_no(text, ParseContext()) == expected


@pytest.mark.reference
def test_published_numbers(reference_dir: pathlib.Path) -> None:
    folder = reference_dir / "pope"
    expected = json.loads((folder / "expected.json").read_text())["expected"]["random"]
    questions = [json.loads(line) for line in (folder / "coco_pope_random.jsonl").read_text().splitlines()]
    answers = [json.loads(line) for line in (folder / "derived_answers_random.jsonl").read_text().splitlines()]
    pairs = [
        (said(answer["answer"]), question["label"]) for answer, question in zip(answers, questions, strict=True)
    ]
    assert sum(a == b for a, b in pairs) / len(pairs) == pytest.approx(expected["accuracy"], abs=1e-12)
    assert sum(a == "yes" for a, _ in pairs) / len(pairs) == pytest.approx(expected["yes_ratio"], abs=1e-12)
