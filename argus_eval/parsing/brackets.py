"""Numbers in brackets: ``[[12, 34, 56, 78], [1, 2, 3, 4]]``, in whatever nesting a model writes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from argus_eval.parsing.coordinates import looks_like_template, read_numbers

__all__ = ["ANY_BRACKET", "SQUARE", "Bracket", "BracketKind", "read_brackets"]

#: innermost square brackets
SQUARE = re.compile(r"\[([^\[\]]*)\]")
#: innermost brackets of any style
ANY_BRACKET = re.compile(r"\[([^\[\](){}<>]*)\]|\(([^\[\](){}<>]*)\)|\{([^\[\](){}<>]*)\}|<([^\[\](){}<>]*)>")


class BracketKind(Enum):
    """What stands between two brackets."""

    NUMBERS = "numbers"
    TEMPLATE = "template"  #: names of coordinates
    EMPTY = "empty"
    OTHER = "other"


class Bracket(NamedTuple):
    """One group of numbers with its place in the text; ``start`` and ``end`` are those of the whole bracket."""

    kind: BracketKind
    values: tuple[float, ...]
    start: int
    end: int


def read_brackets(text: str, pattern: re.Pattern[str] = SQUARE) -> Iterator[Bracket]:
    """Every innermost bracket; one that holds several groups split by ``;`` gives several."""
    for match in pattern.finditer(text):
        body = next(group for group in match.groups() if group is not None)
        for part in body.split(";"):
            yield _classify(part, match.start(), match.end())


def _classify(part: str, start: int, end: int) -> Bracket:
    if not part.strip():
        return Bracket(BracketKind.EMPTY, (), start, end)
    values = read_numbers(part)
    if values is not None:
        return Bracket(BracketKind.NUMBERS, values, start, end)
    kind = BracketKind.TEMPLATE if looks_like_template(part) else BracketKind.OTHER
    return Bracket(kind, (), start, end)
