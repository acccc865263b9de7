"""Bookkeeping of every dialect: regions in the order written, repeats removed, each repair named."""

from __future__ import annotations

import math
from collections.abc import Sequence

from argus_eval.core.geometry import UnitBox, UnitQuad
from argus_eval.core.prediction import Parsed, Prediction, Region, Regions, Unparsed
from argus_eval.parsing.answer_text import final_answer
from argus_eval.parsing.protocol import ParseContext

__all__ = [
    "CLAMPED",
    "DUPLICATE",
    "EMPTY_BOX",
    "LIMIT",
    "MALFORMED",
    "MISSING_TAGS",
    "OUTSIDE",
    "SURROUNDING",
    "SWAPPED",
    "TEMPLATE",
    "TRUNCATED",
    "UNCLOSED",
    "UNCLOSED_TAG",
    "RegionCollector",
    "answer_or_unparsed",
    "box_around",
]

# What had to be mended. Those marked (n) are followed by ": n".
TRUNCATED = "truncated"  #: the text ends inside a region, which is left out
LIMIT = "token limit reached"  #: the backend says so; regions may be missing
TEMPLATE = "template echo"  #: the prompt's placeholder was repeated beside the answer
SURROUNDING = "surrounding text"
MISSING_TAGS = "missing tags"
UNCLOSED = "unclosed bracket"
UNCLOSED_TAG = "unclosed tag"
MALFORMED = "malformed boxes dropped"  #: (n) not four finite numbers
DUPLICATE = "duplicate regions removed"  #: (n) same label, same coordinates
CLAMPED = "clamped coordinates"  #: (n) a token beyond the last bin

# What was left as the model wrote it and is only counted (n).
SWAPPED = "swapped corners kept"
EMPTY_BOX = "empty boxes kept"
OUTSIDE = "out of range kept"

_SLACK = 1e-9  # a box at the very edge is not out of range


def answer_or_unparsed(text: str, context: ParseContext, *, blank_is_none: bool = False) -> str | Prediction:
    """The answer in ``text``, or the prediction where there is nothing to read.

    Args:
        blank_is_none: the dialect writes nothing at all where it sees nothing.
    """
    answer = final_answer(text)
    if answer.text:
        return answer.text
    if answer.reasoning_unfinished:
        return Unparsed(reason="reasoning not finished")
    if blank_is_none and context.may_be_empty:
        return Parsed(value=Regions(regions=()))
    return Unparsed(reason="empty answer")


def box_around(points: Sequence[float]) -> UnitBox:
    """The axis-aligned box around ``x, y, x, y, …`` in fractions of the image."""
    return UnitBox(min(points[0::2]), min(points[1::2]), max(points[0::2]), max(points[1::2]))


class RegionCollector:
    """Gathers the regions of one answer.

    Nothing is clipped and no corner is swapped: a box is scored as the model wrote it, and what is odd about it
    is counted.
    """

    __slots__ = ("_context", "_points", "_regions", "_repairs", "_seen")

    def __init__(self, context: ParseContext, *, points: bool = False) -> None:
        """``points``: the dialect writes points, so a box without area is what it means."""
        self._context = context
        self._points = points
        self._regions: list[Region] = []
        self._seen: set[Region] = set()
        self._repairs: dict[str, int] = {}
        if context.hit_limit:
            self.note(LIMIT)

    def __len__(self) -> int:
        return len(self._regions)

    def note(self, slug: str) -> None:
        """Name a repair that has no count."""
        self._repairs.setdefault(slug, 0)

    def count(self, slug: str, times: int = 1) -> None:
        """Name a repair that is counted."""
        self._repairs[slug] = self._repairs.get(slug, 0) + times

    def add(
        self,
        corners: Sequence[float],
        label: str | None = None,
        *,
        score: float | None = None,
        quad: Sequence[float] | None = None,
    ) -> None:
        """Add a box ``x1, y1, x2, y2`` (and its quadrilateral) in fractions of the image."""
        if not all(map(math.isfinite, corners)):
            self.count(MALFORMED)
            return
        x1, y1, x2, y2 = corners
        name = label.strip() if label is not None else None
        points = UnitQuad(_eight(quad)) if quad is not None else None
        region = Region(box=UnitBox(x1, y1, x2, y2), label=name or None, score=score, quad=points)
        if region in self._seen:
            self.count(DUPLICATE)
            return
        self._seen.add(region)
        self._regions.append(region)
        self._remark(region.box)

    def finish(self, *, said_none: bool = False) -> Prediction:
        """The prediction.

        Args:
            said_none: the answer states that there is nothing (an empty list).
        """
        if self._regions:
            repairs = tuple(f"{slug}: {n}" if n else slug for slug, n in self._repairs.items())
            return Parsed(value=Regions(regions=tuple(self._regions)), repairs=repairs)
        if said_none and self._context.may_be_empty:
            return Parsed(value=Regions(regions=()))
        for slug, reason in ((TEMPLATE, "template echo"), (TRUNCATED, "truncated"), (MALFORMED, "malformed box")):
            if slug in self._repairs:
                return Unparsed(reason=reason)
        return Unparsed(reason="truncated" if self._context.hit_limit else "no box")

    def _remark(self, box: UnitBox) -> None:
        if box.x2 < box.x1 or box.y2 < box.y1:
            self.count(SWAPPED)
        elif not self._points and (box.x2 == box.x1 or box.y2 == box.y1):
            self.count(EMPTY_BOX)
        if min(box.as_list()) < -_SLACK or max(box.as_list()) > 1 + _SLACK:
            self.count(OUTSIDE)


def _eight(values: Sequence[float]) -> tuple[float, float, float, float, float, float, float, float]:
    x1, y1, x2, y2, x3, y3, x4, y4 = values
    return (x1, y1, x2, y2, x3, y3, x4, y4)
