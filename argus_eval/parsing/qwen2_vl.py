"""Qwen2-VL: ``<|object_ref_start|>cat<|object_ref_end|><|box_start|>(x1,y1),(x2,y2)<|box_end|>``, thousandths.

x before y, read with ``/ 1000`` (maintainers in QwenLM/Qwen3-VL #663 and #866). The tags are special tokens:
text decoded without them still has its numbers, which is not a repair.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from argus_eval.core.prediction import Prediction, Region
from argus_eval.parsing.bracket_boxes import BracketReader
from argus_eval.parsing.coordinates import Bins
from argus_eval.parsing.protocol import ParseContext
from argus_eval.parsing.tag_scan import TagSyntax
from argus_eval.parsing.tagged_boxes import TaggedBoxes

__all__ = ["DIALECT", "Qwen2VL"]

_BINS = Bins(scale=1000, highest=1000)
_SYNTAX = TaggedBoxes(
    tags=TagSyntax(
        label_open="<|object_ref_start|>",
        label_close="<|object_ref_end|>",
        box_open="<|box_start|>",
        box_close="<|box_end|>",
    ),
    reader=BracketReader(to_unit=_BINS.decode_box, pattern=re.compile(r"\(([^()]*)\)"), corners=True),
    in_prose=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Qwen2VL:
    """See the module."""

    name: str = "qwen2-vl"
    labels: bool = True
    quads: bool = False
    points: bool = False

    def encode(self, regions: Sequence[Region], context: ParseContext) -> str:
        """A label element and a box element a region; nothing for no region."""
        return _SYNTAX.write(regions, _body)

    def decode(self, text: str, context: ParseContext) -> Prediction:
        """Boxes between tags; without any tag, pairs of corners anywhere."""
        return _SYNTAX.read(text, context)


def _body(region: Region) -> str:
    x1, y1, x2, y2 = _BINS.encode_box(region.box)
    return f"({x1},{y1}),({x2},{y2})"


DIALECT = Qwen2VL()
