"""The text as it is, for metrics whose official script reads raw model output."""

from __future__ import annotations

from argus_eval.core.prediction import Answer, Parsed, Prediction, Unparsed
from argus_eval.parsing.protocol import ParseContext

__all__ = ["parse_verbatim"]


def parse_verbatim(text: str, context: ParseContext) -> Prediction:
    """Every character of ``text``, white space around it included: ANLS measures its length.

    A text of white space only is "empty answer".
    """
    return Parsed(value=Answer(text=text)) if text.strip() else Unparsed(reason="empty answer")
