"""Gemini 2.x: JSON, ``[{"box_2d": [ymin, xmin, ymax, xmax], "label": "cat"}]``, **y before x**, thousandths.

``confidence`` is kept as the model's own score; a ``mask`` is not needed for a box and ignored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from argus_eval.core.prediction import Prediction, Region
from argus_eval.parsing.coordinates import Bins
from argus_eval.parsing.json_boxes import JsonBoxes
from argus_eval.parsing.protocol import ParseContext

__all__ = ["DIALECT", "Gemini"]

Number = TypeVar("Number", int, float)

_JSON = JsonBoxes(box_keys=("box_2d",))
_BINS = Bins(scale=1000, highest=1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gemini:
    """See the module."""

    name: str = "gemini"
    labels: bool = True
    quads: bool = False
    points: bool = False

    def encode(self, regions: Sequence[Region], context: ParseContext) -> str:
        """A fenced list with one object a region."""
        return _JSON.write(regions, lambda region: _swap_axes(_BINS.encode_box(region.box)))

    def decode(self, text: str, context: ParseContext) -> Prediction:
        """Every whole object with a box."""
        return _JSON.read(text, context, lambda box: _swap_axes(_BINS.decode_box(box)))


def _swap_axes(values: Sequence[Number]) -> list[Number]:
    first, second, third, fourth = values
    return [second, first, fourth, third]


DIALECT = Gemini()
