"""Numbers out of answers."""

from __future__ import annotations

import pytest

from argus_eval.core.prediction import Answer, Parsed, Unparsed
from argus_eval.parsing.number import parse_number
from argus_eval.parsing.protocol import ParseContext


@pytest.mark.parametrize(
    ("text", "number", "repairs"),
    [
        ("42", "42", ()),
        ("-3.5", "-3.5", ()),
        ("1,234,567", "1234567", ()),
        ("$5", "5", ()),
        ("27%", "27%", ()),
        ("6.02e23", "6.02e23", ()),
        ("42.", "42", ()),
        ("There are 3 dogs, yes 3.", "3", ("number read from a sentence",)),
        ("From 2 and 3 follows: the answer is 5.", "5", ("number read from a sentence",)),
        ("2 + 3 = 5", "5", ("number read from a sentence",)),
        ("Three dogs", "3", ("number word",)),
        ("<think>2 or 3</think>2", "2", ()),
    ],
)
def test_read(text: str, number: str, repairs: tuple[str, ...]) -> None:
    assert parse_number(text, ParseContext()) == Parsed(value=Answer(text=number), repairs=repairs)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2 or 3", "several numbers"),
        ("two or three", "several numbers"),
        ("none", "no number"),
        ("NaN", "no number"),
        ("Infinity", "no number"),
        ("x1", "no number"),
        ("9" * 500, "no number"),
    ],
)
def test_unparsed(text: str, reason: str) -> None:
    assert parse_number(text, ParseContext()) == Unparsed(reason=reason)
