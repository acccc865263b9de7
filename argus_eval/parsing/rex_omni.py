"""Rex-Omni: location tokens ``<0>`` … ``<999>`` between tags, x before y.

Written with truncation, read with ``/ 999``:
``<|object_ref_start|>cat<|object_ref_end|><|box_start|><12><34><567><890>,<…><|box_end|>``. Two tokens are a
point (read as a box of no area), four a box, eight a quadrilateral, other even numbers a polygon (read as the
box around it). Source: IDEA-Research/Rex-Omni.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from argus_eval.core.prediction import Prediction, Region
from argus_eval.parsing.coordinates import Bins, looks_like_template
from argus_eval.parsing.loc_tokens import decode_bins, location_pattern
from argus_eval.parsing.protocol import ParseContext
from argus_eval.parsing.regions import (
    MALFORMED,
    TEMPLATE,
    TRUNCATED,
    UNCLOSED_TAG,
    RegionCollector,
    answer_or_unparsed,
    box_around,
)
from argus_eval.parsing.tag_scan import TaggedBox, TagSyntax

__all__ = ["DIALECT", "RexOmni"]

_TAGS = TagSyntax(
    label_open="<|object_ref_start|>",
    label_close="<|object_ref_end|>",
    box_open="<|box_start|>",
    box_close="<|box_end|>",
)
_BINS = Bins(scale=999, highest=999, floor=True)
_TOKEN = location_pattern("")
_GROUP = re.compile(r"\s*(?:<[0-9]{1,6}>\s*)+")
_POINT = "point read as an empty box"
_POLYGON = "polygon read as box"
_NOTHING = ("none", "null", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class RexOmni:
    """See the module."""

    name: str = "rex-omni"
    labels: bool = True
    quads: bool = True
    points: bool = False

    def encode(self, regions: Sequence[Region], context: ParseContext) -> str:
        """A label element and a box element a region; nothing for no region."""
        labelled = any(region.label for region in regions)
        written: list[str] = []
        for region in regions:
            quad = region.quad if context.quads else None
            values = quad.points if quad is not None else region.box.as_list()
            body = "".join(f"<{_BINS.encode(value)}>" for value in values)
            written.append((_TAGS.label_text(region.label) if labelled else "") + _TAGS.box_text(body))
        return ", ".join(written)

    def decode(self, text: str, context: ParseContext) -> Prediction:
        """Groups of tokens between box tags."""
        answer = answer_or_unparsed(text, context, blank_is_none=True)
        if not isinstance(answer, str):
            return answer
        collector = RegionCollector(context)
        scan = _TAGS.scan(answer)
        said_none = bool(scan.boxes)
        for box in scan.boxes:
            said_none &= box.closed and box.body.strip().lower() in _NOTHING
            _read(box, collector)
        if scan.unclosed:
            collector.note(UNCLOSED_TAG)
        if scan.truncated:
            collector.note(TRUNCATED)
        return collector.finish(said_none=said_none)


def _read(box: TaggedBox, collector: RegionCollector) -> None:
    if box.closed and box.body.strip().lower() in _NOTHING:
        return
    groups = box.body.split(",")
    for position, group in enumerate(groups, 1):
        numbers = [int(number) for number in _TOKEN.findall(group)] if _GROUP.fullmatch(group) else []
        cut = not box.closed and position == len(groups)
        if cut and len(numbers) != 4:
            collector.note(TRUNCATED)
        elif len(numbers) < 2 or len(numbers) % 2:
            if looks_like_template(group):
                collector.note(TEMPLATE)
            else:
                collector.count(MALFORMED)
        else:
            _add(numbers, box.label, collector)


def _add(numbers: Sequence[int], label: str | None, collector: RegionCollector) -> None:
    values = decode_bins(numbers, _BINS, collector)
    if len(values) == 4:
        collector.add(values, label)
        return
    if len(values) != 8:
        collector.note(_POINT if len(values) == 2 else _POLYGON)
    collector.add(box_around(values).as_list(), label, quad=values if len(values) == 8 else None)


DIALECT = RexOmni()
