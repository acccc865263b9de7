"""Florence-2: ``cat<loc_1><loc_2><loc_3><loc_4>``, x before y, 1000 bins whose centres are meant.

Written with ``clamp(floor(x / W * 1000), 0, 999)`` and read with ``(bin + 0.5) / 1000``, in floating point; the
port in transformers truncates to whole pixels, which costs small objects and is not followed. Several boxes may
follow one label. Text spotting writes quadrilaterals of eight tokens, which only the prompt tells from two
boxes (:attr:`ParseContext.quads`). A polygon between ``<poly>`` tags is read as the box around it. Labels are
kept as written (the official code drops what is not ASCII).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from argus_eval.core.prediction import Prediction, Region
from argus_eval.parsing.coordinates import Bins
from argus_eval.parsing.loc_tokens import LocRun, decode_bins, location_pattern, read_runs
from argus_eval.parsing.protocol import ParseContext
from argus_eval.parsing.regions import MALFORMED, TRUNCATED, RegionCollector, answer_or_unparsed, box_around

__all__ = ["DIALECT", "Florence2"]

_LOCATION = location_pattern("loc_")
_CUT_TOKEN = re.compile(r"<(?:l|lo|loc|loc_[0-9]*|/?p|/?po|/?pol|/?poly|/|s|se|sep)?\Z")
_POLYGON_START, _POLYGON_END, _POLYGON_SEPARATOR = "<poly>", "</poly>", "<sep>"
_TASK_TOKEN = re.compile(r"^<[A-Z_]{2,40}>")  # a prompt such as <OD>, decoded together with the answer
_AS_BOX = "polygon read as box"
_BINS = Bins(scale=1000, highest=999, offset=0.5, floor=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Florence2:
    """See the module."""

    name: str = "florence-2"
    labels: bool = True
    quads: bool = True
    points: bool = False
    bins: Bins = _BINS

    def encode(self, regions: Sequence[Region], context: ParseContext) -> str:
        """The label, then four tokens, or eight where the prompt asks for quadrilaterals."""
        written: list[str] = []
        for region in regions:
            quad = region.quad if context.quads else None
            numbers = quad.points if quad is not None else region.box.as_list()
            written.append((region.label or "") + "".join(f"<loc_{self.bins.encode(value)}>" for value in numbers))
        return "".join(written)

    def decode(self, text: str, context: ParseContext) -> Prediction:
        """Every run of tokens, with the text before it as the label of all its boxes."""
        answer = answer_or_unparsed(text, context, blank_is_none=True)
        if not isinstance(answer, str):
            return answer
        collector = RegionCollector(context)
        cut = _CUT_TOKEN.search(answer, max(0, len(answer) - 12))
        if cut:
            answer = answer[: cut.start()]
            collector.note(TRUNCATED)
        size = 8 if context.quads else 4
        in_polygon, label = False, ""
        for run in read_runs(answer, _LOCATION):
            in_polygon = _in_polygon(run.before, in_polygon)
            label = _plain(run.before) or label
            if in_polygon:
                self._read_polygon(run, label, collector)
            else:
                self._read_run(run, size, label, collector)
        return collector.finish()

    def _read_run(self, run: LocRun, size: int, label: str, collector: RegionCollector) -> None:
        whole = len(run.numbers) - len(run.numbers) % size
        for start in range(0, whole, size):
            values = decode_bins(run.numbers[start : start + size], self.bins, collector)
            if size == 8:
                collector.add(box_around(values).as_list(), label, quad=values)
            else:
                collector.add(values, label)
        if whole < len(run.numbers):
            collector.count(MALFORMED)

    def _read_polygon(self, run: LocRun, label: str, collector: RegionCollector) -> None:
        points = run.numbers[: len(run.numbers) - len(run.numbers) % 2]
        if len(points) < 6:
            collector.count(MALFORMED)
            return
        collector.note(_AS_BOX)
        collector.add(box_around(decode_bins(points, self.bins, collector)).as_list(), label)


def _in_polygon(before: str, inside: bool) -> bool:
    start, end = before.rfind(_POLYGON_START), before.rfind(_POLYGON_END)
    return inside if start == end else start > end


def _plain(before: str) -> str:
    for tag in (_POLYGON_START, _POLYGON_END, _POLYGON_SEPARATOR, "<s>", "</s>", "<pad>"):
        before = before.replace(tag, "")
    return _TASK_TOKEN.sub("", before.strip()).strip()


DIALECT = Florence2()
