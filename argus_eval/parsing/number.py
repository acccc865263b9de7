"""One number out of an answer, written plainly: "1,234 people" → "1234"."""

from __future__ import annotations

import re

from argus_eval.core.prediction import Answer, Parsed, Prediction, Unparsed
from argus_eval.parsing.answer_text import final_answer, unwrap
from argus_eval.parsing.coordinates import LONGEST_NUMBER
from argus_eval.parsing.protocol import ParseContext

__all__ = ["parse_number"]

_NUMBER = re.compile(
    r"(?<![A-Za-z0-9_.])[-+−]?(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,3})?%?(?![A-Za-z0-9_])"
)
_STATED = re.compile(r"(?:\banswer\b|=)[^0-9\n]{0,20}?$", re.IGNORECASE)
_WORDS = {
    word: str(value)
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve".split()  # noqa: SIM905 - a list of words
    )
}
_WORD = re.compile(rf"\b({'|'.join(_WORDS)})\b", re.IGNORECASE)


def parse_number(text: str, context: ParseContext) -> Prediction:
    """The only number in the answer, else the only one behind "answer" or an equals sign.

    Thousands separators are taken out, a per cent sign stays. NaN and infinity are words, not numbers.

    >>> parse_number("There are 1,234 people.", ParseContext())
    Parsed(value=Answer(text='1234'), repairs=('number read from a sentence',))
    >>> parse_number("2 or 3", ParseContext())
    Unparsed(reason='several numbers')
    """
    answer = final_answer(text)
    said = unwrap(answer.text)
    if not said:
        return Unparsed(reason="reasoning not finished" if answer.reasoning_unfinished else "empty answer")
    found = [match for match in _NUMBER.finditer(said) if len(match.group()) <= LONGEST_NUMBER]
    if not found:
        words = dict.fromkeys(_WORDS[word.lower()] for word in _WORD.findall(said))
        if len(words) == 1:
            return Parsed(value=Answer(text=next(iter(words))), repairs=("number word",))
        return Unparsed(reason="several numbers" if words else "no number")
    values = list(dict.fromkeys(_plain(match.group()) for match in found))
    if len(values) > 1:
        stated = [m for m in found if _STATED.search(said, max(0, m.start() - 40), m.start())]
        values = list(dict.fromkeys(_plain(match.group()) for match in stated))
    if len(values) != 1:
        return Unparsed(reason="several numbers")
    alone = said.strip().strip("$€£ .") == found[0].group()
    return Parsed(value=Answer(text=values[0]), repairs=() if alone else ("number read from a sentence",))


def _plain(number: str) -> str:
    return number.replace(",", "").replace("−", "-").removeprefix("+")
