"""Numbers as models write them, and the grids that turn fractions of an image into such numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from argus_eval.core.geometry import UnitBox

__all__ = ["LARGEST", "LONGEST_NUMBER", "Bins", "looks_like_template", "read_number", "read_numbers"]

LARGEST = 1e6  #: a coordinate beyond this is not one: no grid and no image reaches it
LONGEST_NUMBER = 24  #: characters of a number; more is runaway repetition

_NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_SEPARATOR = re.compile(r"[\s,]+")
_PLACEHOLDER = re.compile(
    r"(?<![a-z0-9])(?:[xy]_?(?:[0-9]|min|max|left|right|top|bottom)?|(?:top|left|bottom|right))(?![a-z0-9])",
    re.IGNORECASE,
)


def read_number(token: str) -> float | None:
    """The finite number that ``token`` spells, or ``None``: words, NaN, Infinity, ``1e999`` and huge integers.

    >>> read_number("12.5"), read_number("1e999"), read_number("NaN")
    (12.5, None, None)
    """
    if len(token) > LONGEST_NUMBER or not _NUMBER.fullmatch(token):
        return None
    value = float(token)
    return value if math.isfinite(value) and abs(value) <= LARGEST else None


def read_numbers(body: str) -> tuple[float, ...] | None:
    """Numbers separated by commas or white space; ``None`` where anything else stands among them.

    >>> read_numbers("12, 34 56,78")
    (12.0, 34.0, 56.0, 78.0)
    """
    values: list[float] = []
    for token in _SEPARATOR.split(body.strip().strip(",").strip()):
        value = read_number(token)
        if value is None:
            return None
        values.append(value)
    return tuple(values)


def looks_like_template(body: str) -> bool:
    """Whether ``body`` holds the names of coordinates (``x1, y1, x2, y2``) where numbers belong."""
    return len(_PLACEHOLDER.findall(body[:200])) >= 2  # enough to see four names; the rest may be anything


@dataclass(frozen=True, slots=True, kw_only=True)
class Bins:
    """A grid of whole numbers over [0, 1]: ``fraction = (number + offset) / scale``.

    Attributes:
        scale: what the family divides by.
        highest: the largest number that it writes.
        offset: 0.5 where a number means the centre of its bin.
        floor: ground truth is written with truncation rather than rounding to the nearest.
    """

    scale: int
    highest: int
    offset: float = 0.0
    floor: bool = False

    @property
    def step(self) -> float:
        """Distance between neighbouring numbers, as a fraction of the image."""
        return 1.0 / self.scale

    def encode(self, fraction: float) -> int:
        """The number a model of this family is taught to write; clamped to the grid."""
        scaled = fraction * self.scale
        number = math.floor(scaled) if self.floor else round(scaled)
        return min(max(number, 0), self.highest)

    def decode(self, number: float) -> float:
        """Fraction of the image; not clamped."""
        return (number + self.offset) / self.scale

    def encode_box(self, box: UnitBox) -> list[int]:
        """The four numbers of a box, x before y."""
        return [self.encode(value) for value in box.as_list()]

    def decode_box(self, numbers: Sequence[float]) -> list[float]:
        """Fractions of the image for every number."""
        return [self.decode(number) for number in numbers]
