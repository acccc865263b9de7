"""A kind of object."""

from __future__ import annotations

from typing import NamedTuple

from argus_eval.core.geometry import UnitBox
from argus_eval.data.scenes.outline import Part

__all__ = ["Category"]


class Category(NamedTuple):
    """A kind of object."""

    name: str
    group: str  #: supercategory
    parts: tuple[Part, ...]
    label: UnitBox | None = None  #: where text fits, in the drawing's coordinates (-1 to 1)
    turns: float = 8.0  #: largest rotation in degrees
