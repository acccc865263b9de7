"""End-to-end text spotting on ICDAR2015: the word is found, and it is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from argus_eval.core.prediction import Parsed, Prediction, Regions
from argus_eval.core.sample import RegionsTarget, RegionTarget, Sample
from argus_eval.errors import UsageError
from argus_eval.metrics.corpus import Weights
from argus_eval.metrics.polygon import Point, area, intersection_area, quad_points
from argus_eval.metrics.protocol import MetricInfo

__all__ = ["TEXT_SPOTTING", "TextSpotting", "same_transcription"]

_REFERENCE = "Robust Reading Competition, ICDAR2015 Task 4 end-to-end evaluation script (no lexicon)"
_LEAST_OVERLAP = 0.5
_MOST_IN_IGNORED = 0.5
_SPECIAL = frozenset("!?.:,*\"()·[]/'")

# Quadrilaterals went through unit coordinates; an overlap of exactly one half must stay outside.
_ROUNDING = 1e-9

_Quad = tuple[Point, ...]


def same_transcription(reference: str, read: str) -> bool:
    """Equal but for case, or after dropping a special character at either end of the reference.

    >>> same_transcription("(Exit)", "exit"), same_transcription("Exit", "exit!")
    (True, False)
    """
    wanted, said = reference.upper(), read.upper()
    if wanted == said:
        return True
    first, last = wanted[:1] in _SPECIAL, wanted[-1:] in _SPECIAL
    return (
        (first and wanted[1:] == said)
        or (last and wanted[:-1] == said)
        or (first and last and wanted[1:-1] == said)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSpotting:
    """Harmonic mean, precision and recall of read words over the data set.

    Reference words are taken in their order, and each takes the first predicted word that is still free and
    overlaps it by *more* than one half; it counts where the transcription is the same. A prediction of which more
    than half lies in a ``###`` region is left out. One without a quadrilateral stands for its upright box; the
    orientation of corners does not matter (the original refuses a submission over one that runs the other way).
    Where nothing is predicted or nothing is to be found, a ratio is 0, as in the original.
    """

    infos: tuple[MetricInfo, ...] = tuple(
        MetricInfo(name=name, higher_is_better=True, bounded=True, reference=_REFERENCE)
        for name in ("hmean", "precision", "recall")
    )

    def statistics(self, prediction: Prediction, sample: Sample) -> tuple[int, int, int]:
        """Right words, reference words that count, predicted words that count.

        Raises:
            UsageError: the sample has no regions as target or no image size.
        """
        if not isinstance(sample.target, RegionsTarget) or sample.image_size is None:
            raise UsageError(f"sample {sample.key!r}: text spotting needs target regions and an image size")
        ignored = [_target_quad(region) for region in sample.target.regions if region.ignore]
        wanted = [(_target_quad(region), region.label) for region in sample.target.regions if not region.ignore]
        read = [word for word in _words(prediction, sample) if not _lies_in(word[0], ignored)]
        return _right(wanted, read), len(wanted), len(read)

    def reduce(
        self, statistics: Sequence[tuple[int, int, int]], weights: Weights | None = None
    ) -> Mapping[str, float | None]:
        """The three numbers from the weighted counts."""
        table = np.array(statistics, dtype=np.float64).reshape(-1, 3)
        right, wanted, read = (np.ones(len(table)) if weights is None else weights) @ table
        precision = float(right / read) if read else 0.0
        recall = float(right / wanted) if wanted else 0.0
        total = precision + recall
        hmean = 2 * precision * recall / total if total else 0.0
        return {"hmean": hmean, "precision": precision, "recall": recall}


def _target_quad(region: RegionTarget) -> _Quad:
    if region.quad is not None:
        return quad_points(region.quad.points)
    box = region.box
    return quad_points((box.x1, box.y1, box.x2, box.y1, box.x2, box.y2, box.x1, box.y2))


def _words(prediction: Prediction, sample: Sample) -> list[tuple[_Quad, str]]:
    if not isinstance(prediction, Parsed) or not isinstance(prediction.value, Regions):
        return []
    size = sample.image_size
    assert size is not None
    words = []
    for region in prediction.value.regions:
        if region.quad is not None:
            corners = quad_points(region.quad.to_pixels(size).points)
        else:
            box = region.box.to_pixels(size)
            corners = quad_points((box.x1, box.y1, box.x2, box.y1, box.x2, box.y2, box.x1, box.y2))
        words.append((corners, region.label or ""))
    return words


def _lies_in(quad: _Quad, ignored: Sequence[_Quad]) -> bool:
    own = area(quad)
    return own > 0 and any(
        intersection_area(region, quad) / own > _MOST_IN_IGNORED + _ROUNDING for region in ignored
    )


def _right(wanted: Sequence[tuple[_Quad, str]], read: Sequence[tuple[_Quad, str]]) -> int:
    taken: set[int] = set()
    right = 0
    for quad, text in wanted:
        for i, (other, said) in enumerate(read):
            if i not in taken and _overlap(quad, other) > _LEAST_OVERLAP + _ROUNDING:
                taken.add(i)
                right += same_transcription(text, said)
                break
    return right


def _overlap(first: _Quad, second: _Quad) -> float:
    shared = intersection_area(first, second)
    union = area(first) + area(second) - shared
    return shared / union if union > 0 else 0.0


TEXT_SPOTTING = TextSpotting()
