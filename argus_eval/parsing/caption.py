"""A sentence about an image."""

from __future__ import annotations

from argus_eval.core.prediction import Answer, Parsed, Prediction, Unparsed
from argus_eval.parsing.answer_text import final_answer
from argus_eval.parsing.protocol import ParseContext

__all__ = ["parse_caption"]


def parse_caption(text: str, context: ParseContext) -> Prediction:
    """All of the text on one line.

    The official COCO scorer replaces line breaks by spaces before it tokenises; nothing is cut, so a model that
    goes on after its caption is scored on all it said.

    >>> parse_caption("A cat\\non a mat.", ParseContext())
    Parsed(value=Answer(text='A cat on a mat.'), repairs=())
    """
    answer = final_answer(text)
    if answer.text:
        return Parsed(value=Answer(text=answer.text.replace("\n", " ")))
    return Unparsed(reason="reasoning not finished" if answer.reasoning_unfinished else "empty answer")
