"""Ferret: ``cat [x1, y1, x2, y2]``, x before y, thousandths written with truncation.

Source: apple/ml-ferret. The label is the text before the bracket, as written; several boxes may follow one
label.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from argus_eval.core.prediction import Prediction, Region
from argus_eval.parsing.brackets import BracketKind, read_brackets
from argus_eval.parsing.coordinates import Bins
from argus_eval.parsing.protocol import ParseContext
from argus_eval.parsing.regions import MALFORMED, TEMPLATE, TRUNCATED, RegionCollector, answer_or_unparsed

__all__ = ["DIALECT", "Ferret"]

_BINS = Bins(scale=1000, highest=1000, floor=True)
_BETWEEN = " \t\n,.;:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ferret:
    """See the module."""

    name: str = "ferret"
    labels: bool = True
    quads: bool = False
    points: bool = False

    def encode(self, regions: Sequence[Region], context: ParseContext) -> str:
        """One line a region."""
        lines = (f"{region.label or ''} {_BINS.encode_box(region.box)}".strip() for region in regions)
        return "\n".join(lines) or "[]"

    def decode(self, text: str, context: ParseContext) -> Prediction:
        """Every bracket of four numbers, with the text before it as its label."""
        answer = answer_or_unparsed(text, context)
        if not isinstance(answer, str):
            return answer
        collector = RegionCollector(context)
        label, end, said_none = "", 0, False
        for bracket in read_brackets(answer):
            label = answer[end : bracket.start].lstrip(_BETWEEN) or label
            end = bracket.end
            if bracket.kind is BracketKind.NUMBERS and len(bracket.values) == 4:
                collector.add(_BINS.decode_box(bracket.values), label.lstrip("["))
            elif bracket.kind is BracketKind.NUMBERS and len(bracket.values) > 1:
                collector.count(MALFORMED)
            elif bracket.kind is BracketKind.TEMPLATE:
                collector.note(TEMPLATE)
            said_none |= bracket.kind is BracketKind.EMPTY
        if answer.rfind("[") > answer.rfind("]"):
            collector.note(TRUNCATED)
        return collector.finish(said_none=said_none)


DIALECT = Ferret()
