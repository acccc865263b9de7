"""A word or phrase. Nothing is normalised here: that is the metric's rule, and each benchmark has its own."""

from __future__ import annotations

from argus_eval.core.prediction import Answer, Parsed, Prediction, Unparsed
from argus_eval.parsing.answer_text import final_answer, unwrap
from argus_eval.parsing.protocol import ParseContext

__all__ = ["parse_short_answer"]


def parse_short_answer(text: str, context: ParseContext) -> Prediction:
    """What is left without reasoning, end tokens, an ``<answer>`` element and white space around.

    >>> parse_short_answer("<think>two of them</think> A cat.</s>", ParseContext())
    Parsed(value=Answer(text='A cat.'), repairs=())
    """
    answer = final_answer(text)
    said = unwrap(answer.text)
    if said:
        return Parsed(value=Answer(text=said))
    return Unparsed(reason="reasoning not finished" if answer.reasoning_unfinished else "empty answer")
