"""CogVLM and CogAgent: ``[[012,034,567,890]]``, three digits, x before y, ``;`` between boxes, ``/ 1000``.

Source: THUDM/CogVLM. A box stands behind a phrase whose beginning nothing marks, so the syntax carries no
labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from argus_eval.core.prediction import Prediction, Region
from argus_eval.parsing.bracket_boxes import BracketReader
from argus_eval.parsing.coordinates import Bins
from argus_eval.parsing.protocol import ParseContext
from argus_eval.parsing.tagged_boxes import read_bracket_prose

__all__ = ["DIALECT", "CogVLM"]

_BINS = Bins(scale=1000, highest=999)
_READER = BracketReader(to_unit=_BINS.decode_box)


@dataclass(frozen=True, slots=True, kw_only=True)
class CogVLM:
    """See the module."""

    name: str = "cogvlm"
    labels: bool = False
    quads: bool = False
    points: bool = False

    def encode(self, regions: Sequence[Region], context: ParseContext) -> str:
        """All boxes in one pair of brackets; labels are left out."""
        boxes = (",".join(f"{number:03d}" for number in _BINS.encode_box(region.box)) for region in regions)
        return f"[[{';'.join(boxes)}]]"

    def decode(self, text: str, context: ParseContext) -> Prediction:
        """Every group of four numbers in square brackets."""
        return read_bracket_prose(text, context, _READER)


DIALECT = CogVLM()
