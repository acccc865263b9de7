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
from argus_eval.parsing.regions import (
    MISSING_TAGS,
    SURROUNDING,
    TRUNCATED,
    RegionCollector,
    answer_or_unparsed,
)
from argus_eval.parsing.tag_scan import TagSyntax

__all__ = ["DIALECT", "InternVL"]

_TAGS = TagSyntax(label_open="<ref>", label_close="</ref>", box_open="<box>", box_close="</box>")
_BINS = Bins(scale=1000, highest=1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class InternVL:
    """See the module."""

    name: str = "internvl"
    labels: bool = True
    quads: bool = False
    bins: Bins = _BINS

    def encode(self, regions: Sequence[Region], context: ParseContext) -> str:
        """One ``<ref>…</ref><box>[[…]]</box>`` a region; nothing for no region."""
        labelled = any(region.label for region in regions)
        return "".join(
            (_TAGS.label_text(region.label) if labelled else "")
            + _TAGS.box_text(f"[{[self.bins.encode(value) for value in region.box.as_list()]}]")
            for region in regions
        )

    def decode(self, text: str, context: ParseContext) -> Prediction:
        """Boxes between tags; without any tag, brackets of four numbers anywhere, as the official script reads."""
        answer = answer_or_unparsed(text, context, blank_is_none=True)
        if not isinstance(answer, str):
            return answer
        collector = RegionCollector(context)
        reader = BracketReader(to_unit=self._to_unit)
        scan = _TAGS.scan(answer)
        said_none = False
        for box in scan.boxes:
            said_none |= reader.read_element(box.body, collector, label=box.label, closed=box.closed)
        if not scan.boxes and reader.read_prose(answer, collector) and len(collector):
            collector.note(MISSING_TAGS)
        elif scan.boxes and scan.outside:
            collector.note(SURROUNDING)
        if scan.truncated:
            collector.note(TRUNCATED)
        return collector.finish(said_none=said_none)

    def _to_unit(self, values: Sequence[float]) -> Sequence[float]:
        if sum(values) < 4:
            return values
        return [self.bins.decode(value) for value in values]


DIALECT = InternVL()
