"""Boxes as tokens: the location vocabulary, the written form of a region, and its score.

A box is four of the tokens ``<loc_0>`` … ``<loc_999>``. The syntax of the paper is not public; ours is

    <ref>red cup</ref><box><loc_x1><loc_y1><loc_x2><loc_y2></box>

with ``bin = round(coordinate / size * (bins - 1))`` and ``coordinate = bin / (bins - 1) * size``. Several regions
follow each other without a separator. Number of bins, axis order and first token id are configuration.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from argus_eval.core.geometry import UnitBox
from argus_eval.core.prediction import Region

__all__ = [
    "REF_START",
    "REF_END",
    "BOX_START",
    "BOX_END",
    "MARKUP_TOKENS",
    "ScoredBox",
    "LocationVocabulary",
    "location_token",
]

REF_START, REF_END = "<ref>", "</ref>"
BOX_START, BOX_END = "<box>", "</box>"
MARKUP_TOKENS = (REF_START, REF_END, BOX_START, BOX_END)

AxisOrder = Literal["xyxy", "yxyx"]


class ScoredBox(NamedTuple):
    """A box found in a generated sequence."""

    box: UnitBox
    score: float  #: geometric mean of the four location tokens' probabilities, in (0, 1]
    start: int  #: index of its first location token in the sequence


def location_token(index: int) -> str:
    """The token of one bin.

    >>> location_token(7)
    '<loc_7>'
    """
    return f"<loc_{index}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationVocabulary:
    """How boxes are written in tokens.

    Attributes:
        first_token_id: id of ``<loc_0>``; the others follow without a gap.
        bins: number of location tokens.
        order: order of the four coordinates.
    """

    first_token_id: int
    bins: int = 1000
    order: AxisOrder = "xyxy"

    def __post_init__(self) -> None:
        if self.bins < 2:
            raise ValueError(f"location vocabulary: bins must be at least 2, got {self.bins}")
        if self.order not in ("xyxy", "yxyx"):
            raise ValueError(f"location vocabulary: order must be 'xyxy' or 'yxyx', got {self.order!r}")

    def tokens(self) -> list[str]:
        """Every location token, in the order of their ids."""
        return [location_token(index) for index in range(self.bins)]

    def encode(self, box: UnitBox) -> tuple[int, int, int, int]:
        """The four bins of a box, in this vocabulary's order; coordinates outside [0, 1] are clamped.

        >>> LocationVocabulary(first_token_id=0).encode(UnitBox(0.0, 0.25, 0.5, 1.0))
        (0, 250, 500, 999)
        """
        x1, y1, x2, y2 = (self._bin(coordinate) for coordinate in box.as_list())
        return (x1, y1, x2, y2) if self.order == "xyxy" else (y1, x1, y2, x2)

    def decode(self, bins: Sequence[int]) -> UnitBox:
        """The box of four bins; bins beyond the last are clamped. Corners are not sorted."""
        first, second, third, fourth = (min(max(index, 0), self.bins - 1) / (self.bins - 1) for index in bins)
        if self.order == "xyxy":
            return UnitBox(first, second, third, fourth)
        return UnitBox(second, first, fourth, third)

    def token_ids(self, box: UnitBox) -> list[int]:
        """The four token ids of a box."""
        return [self.first_token_id + index for index in self.encode(box)]

    def is_location(self, token_id: int) -> bool:
        """Whether a token id is a location token."""
        return 0 <= token_id - self.first_token_id < self.bins

    def box_text(self, box: UnitBox) -> str:
        """``<box><loc_…>×4</box>``."""
        return BOX_START + "".join(location_token(index) for index in self.encode(box)) + BOX_END

    def region_text(self, region: Region) -> str:
        """``<ref>label</ref><box>…</box>``: the answer to a referring expression, one detection, one caption."""
        return f"{REF_START}{region.label or ''}{REF_END}{self.box_text(region.box)}"

    def regions_text(self, regions: Iterable[Region]) -> str:
        """Many regions, one after the other; empty for none."""
        return "".join(self.region_text(region) for region in regions)

    def scored_boxes(self, token_ids: Sequence[int], log_probabilities: Sequence[float]) -> list[ScoredBox]:
        """Boxes of a generated sequence with their token-probability scores.

        A box is a run of exactly four location tokens; shorter and longer runs are not boxes.

        Args:
            token_ids: generated ids.
            log_probabilities: natural log-probability of each, of the same length.

        Raises:
            ValueError: the lengths differ.
        """
        if len(token_ids) != len(log_probabilities):
            raise ValueError(
                f"box scores: {len(token_ids)} token ids but {len(log_probabilities)} log-probabilities"
            )
        found = []
        for start, stop in self._location_runs(token_ids):
            if stop - start != 4:
                continue
            bins = [token_id - self.first_token_id for token_id in token_ids[start:stop]]
            score = math.exp(math.fsum(log_probabilities[start:stop]) / 4)
            found.append(ScoredBox(box=self.decode(bins), score=score, start=start))
        return found

    def _bin(self, coordinate: float) -> int:
        # floor(x + 0.5): halves go up everywhere, unlike Python's round
        return min(max(math.floor(coordinate * (self.bins - 1) + 0.5), 0), self.bins - 1)

    def _location_runs(self, token_ids: Sequence[int]) -> Iterable[tuple[int, int]]:
        start: int | None = None
        for index, token_id in enumerate(token_ids):
            if self.is_location(token_id):
                start = index if start is None else start
            elif start is not None:
                yield start, index
                start = None
        if start is not None:
            yield start, len(token_ids)
