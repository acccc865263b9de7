"""Qwen-VL (the first): ``<ref>the dog</ref><box>(x1,y1),(x2,y2)</box>``, x before y, read with ``/ 999``.

Source: ``eval_mm/evaluate_grounding.py`` of QwenLM/Qwen-VL. Its prompt ends in ``<box>``, so the model starts
with the numbers, and the tags are special tokens which the script drops: neither is a repair. Ground truth lies
in [0, 1000); the nearest of the numbers 0 to 999 under the official reading is written.
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

__all__ = ["DIALECT", "QwenVL"]

_BINS = Bins(scale=999, highest=999)
_SYNTAX = TaggedBoxes(
    tags=TagSyntax(label_open="<ref>", label_close="</ref>", box_open="<box>", box_close="</box>"),
    reader=BracketReader(to_unit=_BINS.decode_box, pattern=re.compile(r"\(([^()]*)\)"), corners=True),
    in_prose=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class QwenVL:
    """See the module."""

    name: str = "qwen-vl"
    labels: bool = True
    quads: bool = False
    points: bool = False

    def encode(self, regions: Sequence[Region], context: ParseContext) -> str:
        """One ``<ref>…</ref><box>(…),(…)</box>`` a region; nothing for no region."""
        return _SYNTAX.write(regions, _body)

    def decode(self, text: str, context: ParseContext) -> Prediction:
        """Boxes between tags; without any tag, pairs of corners anywhere."""
        return _SYNTAX.read(text, context)


def _body(region: Region) -> str:
    x1, y1, x2, y2 = _BINS.encode_box(region.box)
    return f"({x1},{y1}),({x2},{y2})"


DIALECT = QwenVL()
