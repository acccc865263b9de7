"""From brackets to boxes: four numbers in one bracket, or two corners in a bracket each."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from argus_eval.parsing.brackets import SQUARE, Bracket, BracketKind, read_brackets
from argus_eval.parsing.coordinates import looks_like_template, read_numbers
from argus_eval.parsing.regions import MALFORMED, TEMPLATE, TRUNCATED, UNCLOSED, RegionCollector

__all__ = ["BracketReader"]

_DIGIT = re.compile(r"[0-9]")
_REGROUPED = "corners regrouped"
_MISSING = "missing brackets"


@dataclass(frozen=True, slots=True, kw_only=True)
class BracketReader:
    """How one dialect's numbers become boxes.

    Attributes:
        to_unit: four numbers as written → ``x1, y1, x2, y2`` in fractions of the original image.
        pattern: which brackets count.
        corners: the native form is ``(x1,y1),(x2,y2)`` rather than ``[x1, y1, x2, y2]``; the other one is read
            too, as a repair.
    """

    to_unit: Callable[[Sequence[float]], Sequence[float]]
    pattern: re.Pattern[str] = SQUARE
    corners: bool = False

    def read_element(self, body: str, collector: RegionCollector, *, label: str | None, closed: bool) -> bool:
        """Boxes of a tagged element, where everything ought to be a box; returns whether it states "none".

        Args:
            closed: the element has its closing tag, so its last number is whole.
        """
        brackets = list(read_brackets(body, self.pattern))
        for bracket in brackets:
            if bracket.kind is BracketKind.OTHER:
                collector.count(MALFORMED)
        self._collect(brackets, collector, label)
        rest = body[brackets[-1].end :] if brackets else body
        if not brackets and looks_like_template(rest):
            collector.note(TEMPLATE)
        elif _DIGIT.search(rest):
            self._read_unclosed(rest, collector, label, closed)
        elif not brackets and not closed:
            collector.note(TRUNCATED)
        return bool(brackets) and all(bracket.kind is BracketKind.EMPTY for bracket in brackets)

    def read_prose(self, text: str, collector: RegionCollector, label: str | None = None) -> list[Bracket]:
        """Boxes anywhere in a text; brackets that hold something else are none of our business."""
        brackets = list(read_brackets(text, self.pattern))
        self._collect(brackets, collector, label)
        return brackets

    def _collect(self, brackets: Sequence[Bracket], collector: RegionCollector, label: str | None) -> None:
        corner: tuple[float, ...] = ()
        for bracket in brackets:
            if bracket.kind is BracketKind.TEMPLATE:
                collector.note(TEMPLATE)
            if bracket.kind is not BracketKind.NUMBERS:
                continue
            values = bracket.values
            if len(values) == 2:
                if not corner:
                    corner = values
                    continue
                values, corner = corner + values, ()
                regrouped = not self.corners
            else:
                regrouped = self.corners
            if corner:
                collector.count(MALFORMED)
                corner = ()
            if len(values) == 4:
                if regrouped:
                    collector.note(_REGROUPED)
                collector.add(self.to_unit(values), label)
            elif len(values) > 1:
                collector.count(MALFORMED)
        if corner:
            collector.count(MALFORMED)

    def _read_unclosed(self, rest: str, collector: RegionCollector, label: str | None, closed: bool) -> None:
        """Digits after the last whole bracket: a bracket that was never closed."""
        values = read_numbers(rest.replace("[", " ").replace("(", " ").strip().lstrip(",;").strip())
        if not closed:
            collector.note(TRUNCATED)
        elif values is not None and len(values) == 4:
            collector.note(UNCLOSED if "[" in rest or "(" in rest else _MISSING)
            collector.add(self.to_unit(values), label)
        else:
            collector.count(MALFORMED)
