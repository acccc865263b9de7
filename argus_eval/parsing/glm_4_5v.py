"""GLM-4.5V and 4.6V: ``<|begin_of_box|>[[x1,y1,x2,y2]]<|end_of_box|>``, x before y, thousandths.

The style of the brackets varies (square, round, curly, angle) and the answer is often repeated; any style is
its own format, repeats are removed and counted. Source: zai-org/GLM-V and its #118. The syntax carries no
labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from argus_eval.core.prediction import Prediction, Region
from argus_eval.parsing.bracket_boxes import BracketReader
from argus_eval.parsing.brackets import ANY_BRACKET
from argus_eval.parsing.coordinates import Bins
from argus_eval.parsing.protocol import ParseContext
from argus_eval.parsing.regions import (
    MISSING_TAGS,
    TRUNCATED,
    RegionCollector,
    answer_or_unparsed,
)
from argus_eval.parsing.tagged_boxes import said_none

__all__ = ["DIALECT", "Glm45V"]

_START, _END = "<|begin_of_box|>", "<|end_of_box|>"
_BINS = Bins(scale=1000, highest=1000)
_READER = BracketReader(to_unit=_BINS.decode_box, pattern=ANY_BRACKET)


@dataclass(frozen=True, slots=True, kw_only=True)
class Glm45V:
    """See the module."""

    name: str = "glm-4.5v"
    labels: bool = False
    quads: bool = False
    points: bool = False

    def encode(self, regions: Sequence[Region], context: ParseContext) -> str:
        """All boxes in one list; labels are left out."""
        boxes = (f"[{','.join(map(str, _BINS.encode_box(region.box)))}]" for region in regions)
        return f"{_START}[{','.join(boxes)}]{_END}"

    def decode(self, text: str, context: ParseContext) -> Prediction:
        """Brackets of four numbers between the tags; without any tag, anywhere."""
        answer = answer_or_unparsed(text, context)
        if not isinstance(answer, str):
            return answer
        collector = RegionCollector(context)
        empty = False
        for element in answer.split(_START)[1:]:
            body, end, _ = element.partition(_END)
            empty |= _READER.read_element(body, collector, label=None, closed=bool(end))
            if not end:
                collector.note(TRUNCATED)
        if _START not in answer:
            brackets = _READER.read_prose(answer, collector)
            empty = said_none(brackets)
            if brackets:
                collector.note(MISSING_TAGS)
        return collector.finish(said_none=empty)


DIALECT = Glm45V()
