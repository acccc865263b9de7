"""The part of raw model text that is the answer: reasoning, end tokens and answer wrappers taken off.

None of this counts as a repair: a reasoning model that closes its reasoning has followed its own format.
"""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["FinalAnswer", "final_answer", "unwrap"]

#: BOS, EOS and padding of the families we know; they stand at the edges of text decoded with special tokens
_EDGE_TOKENS = (
    "<s>",
    "</s>",
    "<pad>",
    "<bos>",
    "<eos>",
    "<unk>",
    "<|im_start|>",
    "<|im_end|>",
    "<|endoftext|>",
    "<|end|>",
    "<|eot_id|>",
    "<|begin_of_text|>",
    "<end_of_utterance>",
    "<end_of_turn>",
    "<|end▁of▁sentence|>",
    "<｜end▁of▁sentence｜>",
    "<|user|>",
    "<|observation|>",
)

_REASONING = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<reasoning>", "</reasoning>"),
    ("◁think▷", "◁/think▷"),
)

_WRAPPERS = (
    ("<answer>", "</answer>"),
    ("<|begin_of_box|>", "<|end_of_box|>"),
)

_BOXED = re.compile(r"\\boxed\{(?:\\text\{)?([^{}]*)\}")


class FinalAnswer(NamedTuple):
    """What is left of a text.

    Attributes:
        text: without edge tokens, stripped of white space.
        reasoning_unfinished: reasoning was opened and never closed, so there is no answer behind it.
        reasoning_cut: closed reasoning stood before the answer.
    """

    text: str
    reasoning_unfinished: bool
    reasoning_cut: bool


def final_answer(text: str) -> FinalAnswer:
    """Cut reasoning and the tokens at the edges.

    >>> final_answer("<think>left or right?</think>left<|im_end|>").text
    'left'
    """
    start = 0
    for _, close in _REASONING:
        found = text.rfind(close)
        if found >= 0:
            start = max(start, found + len(close))
    end = len(text)
    unfinished = False
    for opening, _ in _REASONING:
        found = text.find(opening, start)
        if found >= 0:
            end = min(end, found)
            unfinished = True
    return FinalAnswer(_trim(text[start:end]), unfinished, start > 0)


def unwrap(text: str) -> str:
    """The content of the last ``<answer>``, ``<|begin_of_box|>`` or ``\\boxed{…}`` element, else all of the text.

    >>> unwrap("So it is <answer>B</answer>.")
    'B'
    """
    for opening, close in _WRAPPERS:
        start = text.rfind(opening)
        if start >= 0:
            start += len(opening)
            end = text.find(close, start)
            return text[start : end if end >= 0 else len(text)].strip()
    boxed = _BOXED.findall(text)
    return str(boxed[-1]).strip() if boxed else text


def _trim(text: str) -> str:
    """Strip white space and edge tokens from both ends, in one pass."""
    start, end = 0, len(text)
    while True:
        while start < end and text[start].isspace():
            start += 1
        while end > start and text[end - 1].isspace():
            end -= 1
        token = _at_edge(text, start, end)
        if token is None:
            return text[start:end]
        if text.startswith(token, start, end):
            start += len(token)
        else:
            end -= len(token)


def _at_edge(text: str, start: int, end: int) -> str | None:
    if not (text.startswith(_EDGE_TOKENS, start, end) or text.endswith(_EDGE_TOKENS, start, end)):
        return None
    for token in _EDGE_TOKENS:
        if text.startswith(token, start, end) or text.endswith(token, start, end):
            return token
    return None
