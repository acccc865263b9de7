"""Kosmos-2: ``<phrase>a cat</phrase><object><patch_index_0044><patch_index_0863></object>``, a 32 × 32 grid.

An index is ``row * 32 + column``; the two stand for the upper left and the lower right cell. They are read as
the *centres* of their cells, except where both lie in the same row or column (or are the same cell): then as
the full extent of the cells. More boxes of a phrase are split by ``</delimiter_of_multi_objects/>``. Source:
microsoft/unilm ``kosmos-2/demo/decode_string.py``, as in transformers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from argus_eval.core.geometry import UnitBox
from argus_eval.core.prediction import Prediction, Region
from argus_eval.parsing.protocol import ParseContext
from argus_eval.parsing.regions import MALFORMED, TRUNCATED, UNCLOSED_TAG, RegionCollector, answer_or_unparsed
from argus_eval.parsing.tag_scan import TaggedBox, TagSyntax

__all__ = ["DIALECT", "GRID", "Kosmos2"]

GRID = 32  #: cells a side

_TAGS = TagSyntax(label_open="<phrase>", label_close="</phrase>", box_open="<object>", box_close="</object>")
_DELIMITER = "</delimiter_of_multi_objects/>"
_PAIR = re.compile(r"\s*<patch_index_([0-9]{1,6})>\s*<patch_index_([0-9]{1,6})>\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kosmos2:
    """See the module."""

    name: str = "kosmos-2"
    labels: bool = True
    quads: bool = False
    points: bool = False

    def encode(self, regions: Sequence[Region], context: ParseContext) -> str:
        """One ``<phrase>…</phrase><object>…</object>`` a region; nothing for no region."""
        labelled = any(region.label for region in regions)
        return "".join(
            (_TAGS.label_text(region.label) if labelled else "")
            + _TAGS.box_text("".join(f"<patch_index_{index:04d}>" for index in _indices(region.box)))
            for region in regions
        )

    def decode(self, text: str, context: ParseContext) -> Prediction:
        """Pairs of cells between ``<object>`` tags, in prose or not."""
        answer = answer_or_unparsed(text, context, blank_is_none=True)
        if not isinstance(answer, str):
            return answer
        collector = RegionCollector(context)
        scan = _TAGS.scan(answer)
        for box in scan.boxes:
            _read(box, collector)
        if scan.unclosed:
            collector.note(UNCLOSED_TAG)
        if scan.truncated:
            collector.note(TRUNCATED)
        return collector.finish()


def _read(box: TaggedBox, collector: RegionCollector) -> None:
    pairs = box.body.split(_DELIMITER)
    for number, pair in enumerate(pairs, 1):
        match = _PAIR.fullmatch(pair)
        corners = _corners(int(match.group(1)), int(match.group(2))) if match else None
        if corners is not None:
            collector.add(corners, box.label)
        elif box.closed or number < len(pairs):
            collector.count(MALFORMED)
        else:
            collector.note(TRUNCATED)


def _corners(upper_left: int, lower_right: int) -> tuple[float, float, float, float] | None:
    """``x1, y1, x2, y2`` in fractions of the image; ``None`` for an index beyond the grid."""
    if max(upper_left, lower_right) >= GRID * GRID:
        return None
    top, left = divmod(upper_left, GRID)
    bottom, right = divmod(lower_right, GRID)
    inset = 0.0 if top == bottom or left == right else 0.5
    return ((left + inset) / GRID, (top + inset) / GRID, (right + 1 - inset) / GRID, (bottom + 1 - inset) / GRID)


def _indices(box: UnitBox) -> tuple[int, int]:
    left, top = (_cell(math.floor(value * GRID)) for value in (box.x1, box.y1))
    right, bottom = (_cell(math.ceil(value * GRID - 1)) for value in (box.x2, box.y2))
    return top * GRID + left, max(bottom, top) * GRID + max(right, left)


def _cell(index: int) -> int:
    return min(max(index, 0), GRID - 1)


DIALECT = Kosmos2()
