"""Argus: location tokens between tags, ``<ref>cat</ref><box><loc_1><loc_2><loc_3><loc_4></box>``.

The syntax of the ArgusVLM paper (arXiv 2603.16987) is not public; this one is ours. 1000 tokens, x before y,
written with ``round(x / W * 999)`` and read with ``/ 999``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from argus_eval.core.prediction import Prediction, Region
from argus_eval.parsing.coordinates import Bins, looks_like_template
from argus_eval.parsing.loc_tokens import decode_bins, location_pattern, read_runs
from argus_eval.parsing.protocol import ParseContext
from argus_eval.parsing.regions import (
    MALFORMED,
    MISSING_TAGS,
    SURROUNDING,
    TEMPLATE,
    TRUNCATED,
    UNCLOSED_TAG,
    RegionCollector,
    answer_or_unparsed,
)
from argus_eval.parsing.tag_scan import TagScan, TagSyntax

__all__ = ["DIALECT", "Argus"]

_TAGS = TagSyntax(label_open="<ref>", label_close="</ref>", box_open="<box>", box_close="</box>")
_LOCATION = location_pattern("loc_")
_BINS = Bins(scale=999, highest=999)


@dataclass(frozen=True, slots=True, kw_only=True)
class Argus:
    """See the module."""

    name: str = "argus"
    labels: bool = True
    quads: bool = False
    points: bool = False
    bins: Bins = _BINS

    def encode(self, regions: Sequence[Region], context: ParseContext) -> str:
        """One ``<ref>…</ref><box>…</box>`` a region; nothing for no region."""
        labelled = any(region.label for region in regions)
        return "".join(
            (_TAGS.label_text(region.label) if labelled else "")
            + _TAGS.box_text("".join(f"<loc_{self.bins.encode(value)}>" for value in region.box.as_list()))
            for region in regions
        )

    def decode(self, text: str, context: ParseContext) -> Prediction:
        """Boxes between tags; where the tags were lost with the special tokens, runs of four tokens."""
        answer = answer_or_unparsed(text, context, blank_is_none=True)
        if not isinstance(answer, str):
            return answer
        collector = RegionCollector(context)
        scan = _TAGS.scan(answer)
        if scan.boxes:
            self._read_tagged(scan, collector)
        else:
            self._read_untagged(answer, collector)
        if scan.unclosed:
            collector.note(UNCLOSED_TAG)
        if scan.truncated:
            collector.note(TRUNCATED)
        return collector.finish()

    def _read_tagged(self, scan: TagScan, collector: RegionCollector) -> None:
        if scan.outside:
            collector.note(SURROUNDING)
        for box in scan.boxes:
            runs = [run.numbers for run in read_runs(box.body, _LOCATION)]
            if looks_like_template(box.body) and not runs:
                collector.note(TEMPLATE)
            elif len(runs) == 1 and len(runs[0]) == 4:
                collector.add(decode_bins(runs[0], self.bins, collector), box.label)
            elif box.closed:
                collector.count(MALFORMED)
            else:
                collector.note(TRUNCATED)

    def _read_untagged(self, answer: str, collector: RegionCollector) -> None:
        for run in read_runs(answer, _LOCATION):
            collector.note(MISSING_TAGS)
            if len(run.numbers) == 4:
                collector.add(decode_bins(run.numbers, self.bins, collector), run.before)
            else:
                collector.count(MALFORMED)


DIALECT = Argus()
