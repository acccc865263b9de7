"""DeepSeek-VL2: ``<|ref|>cat<|/ref|><|det|>[[x1, y1, x2, y2], …]<|/det|>``, x before y, 0 to 999, ``/ 999``.

Source: ``inference.py`` of deepseek-ai/DeepSeek-VL2 (the example code in its README is wrong).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from argus_eval.core.prediction import Prediction, Region
from argus_eval.parsing.bracket_boxes import BracketReader
from argus_eval.parsing.coordinates import Bins
from argus_eval.parsing.protocol import ParseContext
from argus_eval.parsing.tag_scan import TagSyntax
from argus_eval.parsing.tagged_boxes import TaggedBoxes

__all__ = ["DIALECT", "DeepSeekVL2"]

_BINS = Bins(scale=999, highest=999)
_SYNTAX = TaggedBoxes(
    tags=TagSyntax(label_open="<|ref|>", label_close="<|/ref|>", box_open="<|det|>", box_close="<|/det|>"),
    reader=BracketReader(to_unit=_BINS.decode_box),
    in_prose=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepSeekVL2:
    """See the module."""

    name: str = "deepseek-vl2"
    labels: bool = True
    quads: bool = False
    points: bool = False

    def encode(self, regions: Sequence[Region], context: ParseContext) -> str:
        """One ``<|ref|>…<|/ref|><|det|>[[…]]<|/det|>`` a region; nothing for no region."""
        return _SYNTAX.write(regions, lambda region: f"[{_BINS.encode_box(region.box)}]")

    def decode(self, text: str, context: ParseContext) -> Prediction:
        """Boxes between tags, with or without a label; without any tag, brackets of four numbers anywhere."""
        return _SYNTAX.read(text, context)


DIALECT = DeepSeekVL2()
