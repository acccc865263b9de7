"""What holds for every answer parser."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argus_eval.core.prediction import Answer, Parsed, Unparsed
from argus_eval.parsing.answers import ANSWER_PARSERS
from argus_eval.parsing.protocol import ParseContext

NAMES = ANSWER_PARSERS.names()
CONTEXT = ParseContext(options=("a cat", "two dogs", "neither"))


def test_the_names() -> None:
    assert set(NAMES) == {"verbatim", "short_answer", "multiple_choice", "yes_no", "number", "caption"}


@pytest.mark.parametrize("name", NAMES)
@given(text=st.text(max_size=120))
@settings(max_examples=80, deadline=None)
def test_never_raises_and_never_returns_an_empty_answer(name: str, text: str) -> None:
    for context in (ParseContext(), CONTEXT):
        prediction = ANSWER_PARSERS.get(name)(text, context)
        if isinstance(prediction, Parsed):
            assert isinstance(prediction.value, Answer)
            assert prediction.value.text
        else:
            assert prediction.reason


@pytest.mark.parametrize("name", [name for name in NAMES if name != "yes_no"])
@pytest.mark.parametrize("text", ["", " \n", "\t"])
def test_blank_text_is_an_empty_answer(name: str, text: str) -> None:
    assert ANSWER_PARSERS.get(name)(text, CONTEXT) == Unparsed(reason="empty answer")


@pytest.mark.parametrize("name", ["short_answer", "multiple_choice", "number", "caption"])
def test_unfinished_reasoning_is_no_answer(name: str) -> None:
    text = "<think>It is B, or 3, a cat"
    assert ANSWER_PARSERS.get(name)(text, CONTEXT) == Unparsed(reason="reasoning not finished")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "unit", ["[", "{", "answer ", "answer is ", "9", "1,", "(A) ", "<think>", "</s>", " ", "a cat ", "\\boxed{"]
)
def test_runaway_repetition_takes_linear_time(name: str, unit: str) -> None:
    text = "answer" + unit * (2**18 // len(unit)) + "x"
    start = time.process_time()
    ANSWER_PARSERS.get(name)(text, CONTEXT)
    assert time.process_time() - start < 2.0
