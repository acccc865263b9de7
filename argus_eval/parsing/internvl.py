"""InternVL 1.x to 3: ``<ref>cat</ref><box>[[x1, y1, x2, y2], …]</box>``, x before y, thousandths.

Official reading (``internvl_chat/eval/refcoco/evaluate_grounding.py``): coordinates whose sum is below 4 are
fractions already, others are divided by 1000. Ground truth is written with ``round(x / W * 1000)``. The rule
reads a box of less than four thousandths in all as fractions; that is kept.
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

__all__ = ["DIALECT", "InternVL"]

_BINS = Bins(scale=1000, highest=1000)


def _to_unit(values: Sequence[float]) -> Sequence[float]:
    return values if sum(values) < 4 else _BINS.decode_box(values)


_SYNTAX = TaggedBoxes(
    tags=TagSyntax(label_open="<ref>", label_close="</ref>", box_open="<box>", box_close="</box>"),
    reader=BracketReader(to_unit=_to_unit),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InternVL:
    """See the module."""

    name: str = "internvl"
    labels: bool = True
    quads: bool = False
    points: bool = False

    def encode(self, regions: Sequence[Region], context: ParseContext) -> str:
        """One ``<ref>…</ref><box>[[…]]</box>`` a region; nothing for no region."""
        return _SYNTAX.write(regions, lambda region: f"[{_BINS.encode_box(region.box)}]")

    def decode(self, text: str, context: ParseContext) -> Prediction:
        """Boxes between tags; without any tag, brackets of four numbers anywhere, as the official script reads."""
        return _SYNTAX.read(text, context)


DIALECT = InternVL()
