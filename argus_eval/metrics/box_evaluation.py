"""AP, AR and F1 of boxes from columns, for any weights of the images: what COCO and LVIS share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from argus_eval.metrics.average_precision import Curves, PrecisionTable, curves
from argus_eval.metrics.box_columns import BoolArray, DetectionColumns, FloatArray, TruthColumns
from argus_eval.metrics.box_matching import Ranges, match, overlapping_pairs, rank_in_group
from argus_eval.metrics.f1_matching import BoxCounts, count_boxes

__all__ = ["AREAS", "THRESHOLDS", "BoxEvaluation", "evaluate_boxes", "mean_defined", "optional"]

THRESHOLDS: FloatArray = np.linspace(0.5, 0.95, 10)

#: all, small, medium, large; square pixels, both ends inclusive
AREAS: FloatArray = np.array([[0, 1e5**2], [0, 32**2], [32**2, 96**2], [96**2, 1e5**2]], dtype=np.float64)
_AREA_SUFFIXES = ("", "s", "m", "l")
_AT_50, _AT_75 = 0, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxEvaluation:
    """A data set with its matches made: only weights are missing.

    Attributes:
        curves: for precision and recall.
        counts: for F1.
        images: number of images.
    """

    curves: Curves
    counts: BoxCounts
    images: int

    def weights(self, weights: FloatArray | None) -> FloatArray:
        """``weights``, or ones."""
        return np.ones(self.images) if weights is None else weights

    def f1(self, weights: FloatArray) -> dict[str, float | None]:
        """``f1@0.5``, ``f1@0.75`` and their mean over all ten thresholds, ``mf1``."""
        f1 = self.counts.f1(weights)
        return {
            "f1@0.5": optional(f1[_AT_50]),
            "f1@0.75": optional(f1[_AT_75]),
            "mf1": optional(float(np.mean(f1))),
        }


def evaluate_boxes(
    truths: TruthColumns,
    detections: DetectionColumns,
    *,
    images: int,
    categories: int,
    caps: tuple[int, ...],
    slack: float = 0.0,
) -> BoxEvaluation:
    """Match everything.

    Args:
        truths: annotations.
        detections: every predicted box.
        images: number of images.
        categories: number of categories.
        caps: largest numbers of boxes per image and category for recall, ascending; the last holds for AP as well.
        slack: how far below a threshold an overlap may lie and still pass: 0 for boxes as a file has them, a
            little for boxes that went through unit coordinates.
    """
    ranges = Ranges(thresholds=THRESHOLDS - slack, areas=AREAS)
    pairs = overlapping_pairs(truths, detections, categories, float(ranges.thresholds[0]))
    counts = count_boxes(truths, detections, pairs, ranges.thresholds, images)
    rank = rank_in_group(detections, categories)
    kept = np.flatnonzero(rank < caps[-1])
    if len(kept) < len(rank):
        detections, rank = detections.take(kept), rank[kept]
        pairs = overlapping_pairs(truths, detections, categories, float(ranges.thresholds[0]))
    matches = match(truths, detections, rank, pairs, ranges)
    table = curves(truths, detections, rank, matches, ranges, categories=categories, caps=caps)
    return BoxEvaluation(curves=table, counts=counts, images=images)


def precision_summary(table: PrecisionTable) -> dict[str, float | None]:
    """AP, AP50, AP75, APs, APm, APl: means over the categories that have annotations of the size."""
    everything = table.precision[:, 0]
    values = {
        "AP": mean_defined(everything, table.defined[:, 0]),
        "AP50": mean_defined(everything[:, _AT_50], table.defined[:, 0]),
        "AP75": mean_defined(everything[:, _AT_75], table.defined[:, 0]),
    }
    for area, suffix in enumerate(_AREA_SUFFIXES):
        if suffix:
            values[f"AP{suffix}"] = mean_defined(table.precision[:, area], table.defined[:, area])
    return values


def recall_summary(table: PrecisionTable, names: Sequence[str]) -> dict[str, float | None]:
    """Mean recall at each cap under ``names``, then for small, medium and large objects at the last cap.

    ``names`` holds one name a cap and then the three of the sizes.
    """
    caps = len(table.recall)
    values = {
        name: mean_defined(recall[:, 0], table.defined[:, 0])
        for name, recall in zip(names[:caps], table.recall, strict=True)
    }
    for area, name in enumerate(names[caps:], start=1):
        values[name] = mean_defined(table.recall[-1][:, area], table.defined[:, area])
    return values


def mean_defined(values: FloatArray, defined: BoolArray) -> float | None:
    """Mean over the rows that are defined, ``None`` where there is none."""
    # Adding up 101 equal shares may pass 1 by a rounding error.
    return min(1.0, float(values[defined].mean())) if defined.any() else None


def optional(value: float) -> float | None:
    """``None`` for NaN."""
    return None if np.isnan(value) else float(value)
