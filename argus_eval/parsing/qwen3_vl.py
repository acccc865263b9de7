"""Qwen3-VL: ``[{"bbox_2d": [x1, y1, x2, y2], "label": "cat"}]`` as Qwen2.5-VL, but thousandths of the image.

Source: ``evaluation/ODinW-13/run_odinw.py`` and the cookbooks of Qwen3-VL, which divide by 1000.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from argus_eval.core.prediction import Prediction, Region
from argus_eval.parsing.coordinates import Bins
from argus_eval.parsing.json_boxes import JsonBoxes
from argus_eval.parsing.protocol import ParseContext

__all__ = ["DIALECT", "Qwen3VL"]

_JSON = JsonBoxes(box_keys=("bbox_2d", "bbox"))
_BINS = Bins(scale=1000, highest=1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Qwen3VL:
    """See the module."""

    name: str = "qwen3-vl"
    labels: bool = True
    quads: bool = False
    points: bool = False

    def encode(self, regions: Sequence[Region], context: ParseContext) -> str:
        """A fenced list with one object a region."""
        return _JSON.write(regions, lambda region: _BINS.encode_box(region.box))

    def decode(self, text: str, context: ParseContext) -> Prediction:
        """Every whole object with a box."""
        return _JSON.read(text, context, _BINS.decode_box)


DIALECT = Qwen3VL()
