"""A choice by its letter: "B", "(B)", "B. a cat", "The answer is (B).", or by the wording of the option.

What the answer says most plainly counts; where that names two options the answer is unparsed. The scripts of
MMMU and ScienceQA draw at random where nothing is found, and MMMU's takes the last of several; we do neither.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Sequence

from argus_eval.core.prediction import Answer, Parsed, Prediction, Unparsed
from argus_eval.parsing.answer_text import final_answer, unwrap
from argus_eval.parsing.protocol import ParseContext

__all__ = ["AMBIGUOUS", "FROM_SENTENCE", "FROM_WORDING", "NO_CHOICE", "parse_multiple_choice"]

NO_CHOICE = "no choice"  #: reason
AMBIGUOUS = "several choices"  #: reason
FROM_SENTENCE = "letter read from a sentence"  #: repair
FROM_WORDING = "choice read from its wording"  #: repair

_DECORATION = str.maketrans("", "", "*`$")
_ALONE = re.compile(r"[\W_]*([A-Za-z])[\W_]*")
_LEADING = re.compile(r"^[ \t]{0,8}(?:([A-Za-z])[).:](?=\s|$)|([A-Z])[ \t]{0,8}$)", re.MULTILINE)
# A letter that ends a clause: "Answer: A man on a horse" is not the letter A.
_STATED = re.compile(
    r"(?i:\b(?:answer|option|choice)(?:\s{1,8}(?:is|would\s{1,8}be|should\s{1,8}be|must\s{1,8}be))?"
    r"\s{0,8}[:=]?\s{0,8}(?:option\s{1,8}|choice\s{1,8})?)"
    r"(?:[(\[]([A-Za-z])[)\]]|([A-Z])(?=\s{0,8}(?:$|[).,:;!?\]\n-])|\s{1,8}(?:because|since|as|which)\b))"
)
_BRACKETED = re.compile(r"[(\[]([A-Z])[)\]]")
_STANDING = re.compile(r"(?<![\w'’.-])([B-HJ-Z])(?![\w'’-])")  # "A" and "I" are words


def parse_multiple_choice(text: str, context: ParseContext) -> Prediction:
    """The letter of the option, in upper case.

    Without options there are two readings: a plain letter, or an open question, whose text is then the answer.

    >>> parse_multiple_choice("The answer is (B).", ParseContext(options=("cat", "dog")))
    Parsed(value=Answer(text='B'), repairs=('letter read from a sentence',))
    >>> parse_multiple_choice("dog", ParseContext(options=("cat", "dog")))
    Parsed(value=Answer(text='B'), repairs=('choice read from its wording',))
    """
    answer = final_answer(text)
    said = unwrap(answer.text)
    if not said:
        return Unparsed(reason="reasoning not finished" if answer.reasoning_unfinished else "empty answer")
    options = context.options
    letters = string.ascii_uppercase[: len(options) or None]
    prediction = _by_letter(said.translate(_DECORATION), letters, options)
    if prediction is None and not options:
        return Parsed(value=Answer(text=said))
    return prediction or _one_of(_worded(said.translate(_DECORATION), letters, options), FROM_WORDING)


def _by_letter(text: str, letters: str, options: Sequence[str]) -> Prediction | None:
    """The option that a letter, or the whole text, names; ``None`` where none does."""
    alone = _ALONE.fullmatch(text)
    if alone and alone.group(1).upper() in letters:
        return Parsed(value=Answer(text=alone.group(1).upper()))
    exact = [letter for letter, option in zip(letters, options, strict=False) if _fold(option) == _fold(text)]
    if exact:
        return _one_of(exact, FROM_WORDING)
    in_front = _BRACKETED.match(text.lstrip())
    patterns = (
        (_STATED, FROM_SENTENCE),
        (_LEADING, None),
        (_BRACKETED, None if in_front else FROM_SENTENCE),
        *(((_STANDING, FROM_SENTENCE),) if options else ()),
    )
    for pattern, repair in patterns:
        found = _letters(pattern.finditer(text), letters)
        if found:
            return _one_of(sorted(found), repair)
    return None


def _one_of(letters: Sequence[str], repair: str | None) -> Prediction:
    if len(letters) == 1:
        return Parsed(value=Answer(text=letters[0]), repairs=(repair,) if repair else ())
    return Unparsed(reason=AMBIGUOUS if letters else NO_CHOICE)


def _letters(matches: Iterable[re.Match[str]], valid: str) -> set[str]:
    found = {match.group(match.lastindex or 0).upper() for match in matches}
    return found & set(valid)


def _fold(text: str) -> str:
    """Case, white space and the full stop at the end do not matter."""
    return " ".join(text.split()).rstrip(".").casefold()


def _worded(text: str, letters: str, options: Sequence[str]) -> list[str]:
    """Options whose wording stands in the text as whole words, without those that are only part of another one."""
    folded = _fold(text)
    present = {
        letter: _fold(option)
        for letter, option in zip(letters, options, strict=False)
        if _fold(option) and re.search(rf"(?<!\w){re.escape(_fold(option))}(?!\w)", folded)
    }
    return [
        letter
        for letter, wording in present.items()
        if not any(wording != other and wording in other for other in present.values())
    ]
