"""Molmo: ``<point x="10.5" y="20.3" alt="cat">cat</point>``, per cent of the image with one decimal.

**Points, not boxes.** A point is read as a box of no area at that place, and a box is written as its centre:
every overlap is zero, so a task that scores overlap reads 0 even from a perfect answer; only tasks that ask
whether a point lies inside something can use it. Several points stand in one element, ``<points x1=… y1=… x2=…
y2=… alt="cat">``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from argus_eval.core.geometry import UnitBox
from argus_eval.core.prediction import Prediction, Region
from argus_eval.parsing.coordinates import Bins, read_number
from argus_eval.parsing.protocol import ParseContext
from argus_eval.parsing.regions import MALFORMED, TEMPLATE, TRUNCATED, RegionCollector, answer_or_unparsed

__all__ = ["DIALECT", "Molmo"]

_BINS = Bins(scale=100, highest=100)
_ELEMENT = re.compile(r"<points?\s([^<>]*)>([^<]*)")
_ATTRIBUTE = re.compile(r"""([a-z]+)([0-9]{0,6})\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+))""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Molmo:
    """See the module."""

    name: str = "molmo"
    labels: bool = True
    quads: bool = False
    points: bool = True

    def encode(self, regions: Sequence[Region], context: ParseContext) -> str:
        """The centres of the boxes; neighbours with the same label share an element; nothing for no region."""
        return "\n".join(
            _element([_centre(region.box) for region in group], label)
            for label, group in groupby(regions, key=lambda region: region.label or "")
        )

    def decode(self, text: str, context: ParseContext) -> Prediction:
        """Every point of every element, in prose or not."""
        answer = answer_or_unparsed(text, context, blank_is_none=True)
        if not isinstance(answer, str):
            return answer
        collector = RegionCollector(context, points=True)
        for match in _ELEMENT.finditer(answer):
            self._read_element(match.group(1), match.group(2), collector)
        if answer.rfind("<point") > answer.rfind(">"):
            collector.note(TRUNCATED)
        return collector.finish()

    def _read_element(self, attributes: str, content: str, collector: RegionCollector) -> None:
        label = content
        values: dict[tuple[str, str], str] = {}
        for match in _ATTRIBUTE.finditer(attributes):
            value = match.group(3) or match.group(4) or match.group(5) or ""
            if match.group(1) == "alt":
                label = value or content
            else:
                values[match.group(1), match.group(2)] = value
        numbers = list(dict.fromkeys(number for _, number in values))
        if not numbers:
            collector.count(MALFORMED)
        for number in numbers:
            x, y = read_number(values.get(("x", number), "")), read_number(values.get(("y", number), ""))
            if x is not None and y is not None:
                point = [_BINS.decode(x), _BINS.decode(y)]
                collector.add(point * 2, label)
            elif values.get(("x", number), "")[:1].isalpha():
                collector.note(TEMPLATE)
            else:
                collector.count(MALFORMED)


def _centre(box: UnitBox) -> tuple[float, float]:
    return (box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2


def _element(points: Sequence[tuple[float, float]], label: str) -> str:
    tag = "point" if len(points) == 1 else "points"
    attributes: list[str] = []
    for number, (x, y) in enumerate(points, 1):
        suffix = "" if len(points) == 1 else str(number)
        attributes.append(f'x{suffix}="{_per_cent(x)}" y{suffix}="{_per_cent(y)}"')
    return f'<{tag} {" ".join(attributes)} alt="{label}">{label}</{tag}>'


def _per_cent(fraction: float) -> str:
    return f"{min(max(fraction, 0.0), 1.0) * 100:.1f}"


DIALECT = Molmo()
