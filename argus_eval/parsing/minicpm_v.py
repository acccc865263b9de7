"""MiniCPM-V: ``<ref>cat</ref><box>x1 y1 x2 y2</box>``, numbers split by spaces, x before y, thousandths.

Source: MiniCPM CookBook #39.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from argus_eval.core.prediction import Prediction, Region
from argus_eval.parsing.coordinates import Bins, looks_like_template, read_numbers
from argus_eval.parsing.protocol import ParseContext
from argus_eval.parsing.regions import (
    MALFORMED,
    SURROUNDING,
    TEMPLATE,
    TRUNCATED,
    UNCLOSED_TAG,
    RegionCollector,
    answer_or_unparsed,
)
from argus_eval.parsing.tag_scan import TaggedBox, TagSyntax

__all__ = ["DIALECT", "MiniCPMV"]

_TAGS = TagSyntax(label_open="<ref>", label_close="</ref>", box_open="<box>", box_close="</box>")
_BINS = Bins(scale=1000, highest=1000)
_BRACKETS = "[]() \n\t"
_EXTRA_BRACKETS = "brackets around the numbers"


@dataclass(frozen=True, slots=True, kw_only=True)
class MiniCPMV:
    """See the module."""

    name: str = "minicpm-v"
    labels: bool = True
    quads: bool = False
    points: bool = False

    def encode(self, regions: Sequence[Region], context: ParseContext) -> str:
        """One ``<ref>…</ref><box>…</box>`` a region; nothing for no region."""
        labelled = any(region.label for region in regions)
        return "".join(
            (_TAGS.label_text(region.label) if labelled else "")
            + _TAGS.box_text(" ".join(map(str, _BINS.encode_box(region.box))))
            for region in regions
        )

    def decode(self, text: str, context: ParseContext) -> Prediction:
        """Boxes between tags."""
        answer = answer_or_unparsed(text, context, blank_is_none=True)
        if not isinstance(answer, str):
            return answer
        collector = RegionCollector(context)
        scan = _TAGS.scan(answer)
        for box in scan.boxes:
            _read(box, collector)
        if scan.boxes and scan.outside:
            collector.note(SURROUNDING)
        if scan.unclosed:
            collector.note(UNCLOSED_TAG)
        if scan.truncated:
            collector.note(TRUNCATED)
        return collector.finish()


def _read(box: TaggedBox, collector: RegionCollector) -> None:
    body = box.body.strip(_BRACKETS)
    values = read_numbers(body)
    if not box.closed:
        return  # its last number may be cut; told by the scan
    if values is not None and len(values) == 4:
        if body != box.body.strip():
            collector.note(_EXTRA_BRACKETS)
        collector.add(_BINS.decode_box(values), box.label)
    elif values is None and looks_like_template(body):
        collector.note(TEMPLATE)
    else:
        collector.count(MALFORMED)


DIALECT = MiniCPMV()
