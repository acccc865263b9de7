"""Two ways to write a place: one location token a coordinate, or its digits.

A coordinate is the same whole number both ways, so that only the writing differs between models that are compared.
"""

from __future__ import annotations

import re
from typing import Literal

__all__ = ["BOX_WRITINGS", "BoxWriting", "read_bins", "written"]

BoxWriting = Literal["location-tokens", "digits"]
BOX_WRITINGS: tuple[BoxWriting, ...] = ("location-tokens", "digits")

_TOKENS = re.compile(r"<loc_(\d+)><loc_(\d+)><loc_(\d+)><loc_(\d+)>")
_DIGITS = re.compile(r"\((\d{1,4}),(\d{1,4})\),\((\d{1,4}),(\d{1,4})\)")


def written(answer: str, boxes: BoxWriting) -> str:
    """An answer with location tokens, in another way of writing.

    >>> written("<box><loc_1><loc_20><loc_300><loc_999></box>", "digits")
    '<box>(1,20),(300,999)</box>'
    """
    return answer if boxes == "location-tokens" else _TOKENS.sub(r"(\1,\2),(\3,\4)", answer)


def read_bins(answer: str) -> tuple[int, int, int, int] | None:
    """The coordinates of the first box of an answer, in either way of writing; ``None`` where there is none."""
    found = _TOKENS.search(answer) or _DIGITS.search(answer)
    if found is None:
        return None
    first, second, third, fourth = (int(number) for number in found.groups())
    return first, second, third, fourth
