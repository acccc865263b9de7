"""The parsers of answers without boxes, by name; nothing is imported until one is asked for."""

from __future__ import annotations

from argus_eval.parsing.protocol import AnswerParser
from argus_eval.registry import Registry

__all__ = ["ANSWER_PARSERS"]

ANSWER_PARSERS: Registry[AnswerParser] = Registry(
    "parser",
    {
        "verbatim": "argus_eval.parsing.verbatim:parse_verbatim",
        "short_answer": "argus_eval.parsing.short_answer:parse_short_answer",
        "multiple_choice": "argus_eval.parsing.multiple_choice:parse_multiple_choice",
        "yes_no": "argus_eval.parsing.yes_no:parse_yes_no",
        "number": "argus_eval.parsing.number:parse_number",
        "caption": "argus_eval.parsing.caption:parse_caption",
    },
    "argus_eval.parsers",
)
