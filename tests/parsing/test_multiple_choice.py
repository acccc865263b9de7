"""Letters and wordings, and answers that name several."""

from __future__ import annotations

import pytest

from argus_eval.core.prediction import Answer, Parsed, Unparsed
from argus_eval.parsing.multiple_choice import (
    AMBIGUOUS,
    FROM_SENTENCE,
    FROM_WORDING,
    NO_CHOICE,
    parse_multiple_choice,
)
from argus_eval.parsing.protocol import ParseContext

OPTIONS = ("A man on a horse", "black cat", "cat", "0.5 m/s", "I and II")
CONTEXT = ParseContext(options=OPTIONS)


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("B", "B"),
        ("b", "B"),
        ("(B)", "B"),
        ("B.", "B"),
        ("**B**", "B"),
        ("[C]", "C"),
        ("B. black cat", "B"),
        ("(B) black cat", "B"),
        ("B) black cat", "B"),
        ("b) black cat", "B"),
        ("D: 0.5 m/s", "D"),
        ("C\nBecause it is small.", "C"),
        ("<think>A? No.</think>\nC", "C"),
        ("So <answer>D</answer>", "D"),
        (r"Thus \boxed{E}", "E"),
        ("<|begin_of_box|>E<|end_of_box|>", "E"),
    ],
)
def test_letters(text: str, letter: str) -> None:
    assert parse_multiple_choice(text, CONTEXT) == Parsed(value=Answer(text=letter))


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("Answer: B", "B"),
        ("The answer is B.", "B"),
        ("The correct answer is (b) black cat.", "B"),
        ("The answer is option C because it is small.", "C"),
        ("(A) is wrong, (B) too. The answer is (D).", "D"),
        ("A. A man on a horse\nB. black cat\nAnswer: B", "B"),
        ("I would pick (C) here.", "C"),
        ("It must be D", "D"),
    ],
)
def test_letters_in_sentences(text: str, letter: str) -> None:
    assert parse_multiple_choice(text, CONTEXT) == Parsed(value=Answer(text=letter), repairs=(FROM_SENTENCE,))


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("A man on a horse", "A"),
        ("Answer: A man on a horse", "A"),
        ("a MAN on a horse.", "A"),
        ("It shows a black cat.", "B"),
        ("It shows a cat.", "C"),
        ("The speed is 0.5 m/s", "D"),
        ("I and II", "E"),
    ],
)
def test_wordings(text: str, letter: str) -> None:
    assert parse_multiple_choice(text, CONTEXT) == Parsed(value=Answer(text=letter), repairs=(FROM_WORDING,))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("(A) or (B)", AMBIGUOUS),
        ("The answer is A. No, the answer is B.", AMBIGUOUS),
        ("A man on a horse and a black cat", AMBIGUOUS),
        ("Between B and C", AMBIGUOUS),
        ("A. A man on a horse\nB. black cat\nC. cat", AMBIGUOUS),
        ("F", NO_CHOICE),
        ("I do not know", NO_CHOICE),
        ("A horse", NO_CHOICE),
        ("concatenate", NO_CHOICE),
    ],
)
def test_nothing_is_guessed(text: str, reason: str) -> None:
    assert parse_multiple_choice(text, CONTEXT) == Unparsed(reason=reason)


def test_letter_before_wording() -> None:
    """Diagrams have options that are letters themselves; the prompt asks for the letter of the option."""
    context = ParseContext(options=("B", "A"))
    assert parse_multiple_choice("A", context) == Parsed(value=Answer(text="A"))


def test_equal_options_are_ambiguous() -> None:
    assert parse_multiple_choice("cat", ParseContext(options=("cat", "cat"))) == Unparsed(reason=AMBIGUOUS)


@pytest.mark.parametrize(
    ("text", "answer"),
    [("(B)", "B"), ("Answer: (B)", "B"), ("A sodium lamp", "A sodium lamp"), ("3.5 V", "3.5 V")],
)
def test_open_questions_keep_their_text(text: str, answer: str) -> None:
    prediction = parse_multiple_choice(text, ParseContext())
    assert isinstance(prediction, Parsed)
    assert prediction.value == Answer(text=answer)
