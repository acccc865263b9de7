"""Yes or no, as POPE's official script reads it.

Source: RUCAIBox/POPE ``evaluate.py``: the text before the first ``.``, commas deleted, split at single spaces;
"no" if any piece is ``No``, ``not`` or ``no``, else "yes". So an empty text, "NO" and "No" followed by a line
break are "yes". That reading is the value; whether the answer really was one of the two is told by the repair.
"""

from __future__ import annotations

import re

from argus_eval.core.prediction import Answer, Parsed, Prediction
from argus_eval.parsing.answer_text import final_answer
from argus_eval.parsing.protocol import ParseContext

__all__ = ["NEITHER", "parse_yes_no"]

NEITHER = "neither yes nor no"  #: the first word is not "yes" or "no" in any case

_NO = {"No", "not", "no"}
_FIRST_WORD = re.compile(r"[^A-Za-z]*([A-Za-z]+)")


def parse_yes_no(text: str, context: ParseContext) -> Prediction:
    """ "yes" or "no"; never unparsed.

    >>> parse_yes_no("No, there is not.", ParseContext())
    Parsed(value=Answer(text='no'), repairs=())
    >>> parse_yes_no("I am not sure", ParseContext())
    Parsed(value=Answer(text='no'), repairs=('neither yes nor no',))
    """
    answer = final_answer(text)
    said = answer.text if answer.reasoning_cut else text
    words = said.split(".")[0].replace(",", "").split(" ")
    value = "no" if _NO.intersection(words) else "yes"
    first = _FIRST_WORD.match(said[:200])
    clear = first is not None and first.group(1).lower() == value
    return Parsed(value=Answer(text=value), repairs=() if clear else (NEITHER,))
