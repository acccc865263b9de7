"""Short answers are unwrapped and never normalised; verbatim ones not even stripped; captions put on one line."""

from __future__ import annotations

import pytest

from argus_eval.core.prediction import Answer, Parsed
from argus_eval.parsing.caption import parse_caption
from argus_eval.parsing.protocol import ParseContext
from argus_eval.parsing.short_answer import parse_short_answer
from argus_eval.parsing.verbatim import parse_verbatim


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (" cat\n", "cat"),
        ("The cat.", "The cat."),
        ("Answer: cat", "Answer: cat"),
        ("<|im_start|>cat<|im_end|>\n<|endoftext|>", "cat"),
        ("<s> cat </s></s><pad><pad>", "cat"),
        ("<think>\nhm\n</think>\n\ncat", "cat"),
        ("<thinking>hm</thinking>cat", "cat"),
        ("◁think▷hm◁/think▷cat", "cat"),
        ("hm</think>cat", "cat"),
        ("cat <think>was that right", "cat"),
        ("It is <answer> a cat </answer> I think", "a cat"),
        ("so \\boxed{12} and \\boxed{\\text{13}}", "13"),
        ("<answer>cut off", "cut off"),
    ],
)
def test_short_answer(text: str, answer: str) -> None:
    assert parse_short_answer(text, ParseContext()) == Parsed(value=Answer(text=answer))


@pytest.mark.parametrize("text", ["    Cola     ", "<think>x</think>y", "a\nb\n", "x</s>"])
def test_verbatim_keeps_every_character(text: str) -> None:
    assert parse_verbatim(text, ParseContext()) == Parsed(value=Answer(text=text))


def test_caption_is_one_line_and_whole() -> None:
    text = "<think>what is it</think>\nA cat.\nIt sits on a mat.</s>"
    assert parse_caption(text, ParseContext()) == Parsed(value=Answer(text="A cat. It sits on a mat."))
