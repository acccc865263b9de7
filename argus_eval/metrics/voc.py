"""Pascal VOC's average precision, for comparison with old numbers: boxes hold their last pixel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from argus_eval.core.prediction import Prediction
from argus_eval.core.sample import Sample
from argus_eval.metrics.box_columns import FloatArray, IntArray
from argus_eval.metrics.box_statistics import (
    BoxStatistic,
    DetectionRow,
    LabelMap,
    TruthRow,
    box_statistic,
    image_order,
)
from argus_eval.metrics.corpus import WeightedValues, Weights
from argus_eval.metrics.protocol import MetricInfo

__all__ = ["VOC", "Voc"]

_REFERENCE = "rafaelpadilla/review_object_detection_metrics pascal_voc_evaluator.py"
_ELEVEN: FloatArray = np.linspace(0.0, 1.0, 11)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Curve:
    """Detections of one category, best first: image, and 1 where right; annotations' images."""

    image: IntArray
    right: FloatArray
    truth_image: IntArray

    def areas(self, weights: FloatArray) -> tuple[float, float] | None:
        """Eleven-point and every-point average precision; ``None`` without annotations."""
        positives = float(weights[self.truth_image].sum())
        if positives <= 0:
            return None
        weight = weights[self.image]
        found, predicted = np.cumsum(weight * self.right), np.cumsum(weight)
        recall = found / positives
        precision = np.divide(found, predicted, out=np.zeros_like(found), where=predicted > 0)
        eleven = [float(precision[recall >= point].max(initial=0.0)) for point in _ELEVEN]
        envelope = np.maximum.accumulate(precision[::-1])[::-1]
        return float(np.mean(eleven)), float(envelope @ np.diff(recall, prepend=0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Voc:
    """Mean over categories of the 11-point (``voc_map_11``) and the every-point (``voc_map``) average precision.

    By descending score each box takes the annotation it overlaps most; it is right where the overlap reaches the
    threshold and the annotation was not taken before. Widths count the last pixel (``x2 − x1 + 1``).

    Args:
        threshold: least overlap.
        vocabulary: as in :class:`~argus_eval.metrics.detection.Detection`.
    """

    threshold: float = 0.5
    vocabulary: LabelMap | None = None
    infos: tuple[MetricInfo, ...] = tuple(
        MetricInfo(name=name, higher_is_better=True, bounded=True, reference=_REFERENCE)
        for name in ("voc_map_11", "voc_map")
    )

    def statistics(self, prediction: Prediction, sample: Sample) -> BoxStatistic:
        """The image's annotated and predicted boxes."""
        return box_statistic(prediction, sample, self.vocabulary)

    def prepare(self, statistics: Sequence[BoxStatistic]) -> WeightedValues:
        """Match once; the result takes weights in the order of ``statistics``."""
        position = np.array(image_order([statistic["key"] for statistic in statistics]), dtype=np.int64)
        ordered = [statistics[i] for i in position.tolist()]
        labels = sorted({row[0] for statistic in ordered for row in statistic["truths"]})
        curves = [_curve(ordered, label, self.threshold) for label in labels]

        def values(weights: Weights | None) -> Mapping[str, float | None]:
            counted = np.ones(len(ordered)) if weights is None else weights[position]
            areas = [found for curve in curves if (found := curve.areas(counted)) is not None]
            if not areas:
                return {"voc_map_11": None, "voc_map": None}
            eleven, every = np.mean(areas, axis=0)
            return {"voc_map_11": float(eleven), "voc_map": float(every)}

        return values

    def reduce(
        self, statistics: Sequence[BoxStatistic], weights: Weights | None = None
    ) -> Mapping[str, float | None]:
        """Both values; ``None`` where nothing is annotated."""
        return self.prepare(statistics)(weights)


def _curve(statistics: Sequence[BoxStatistic], label: str, threshold: float) -> _Curve:
    found: list[tuple[float, int, bool]] = []
    truth_image: list[int] = []
    for image, statistic in enumerate(statistics):
        truths = [row for row in statistic["truths"] if row[0] == label]
        truth_image += [image] * len(truths)
        rows = [row for row in statistic["detections"] if row[0] == label]
        found += [(score, image, right) for score, right in _judged(rows, truths, threshold)]
    found.sort(key=lambda item: -item[0])
    return _Curve(
        image=np.array([image for _, image, _ in found], dtype=np.int64),
        right=np.array([right for _, _, right in found], dtype=np.float64),
        truth_image=np.array(truth_image, dtype=np.int64),
    )


def _judged(
    rows: Sequence[DetectionRow], truths: Sequence[TruthRow], threshold: float
) -> list[tuple[float, bool]]:
    """Score of each box, best first, and whether it is right."""
    taken: set[int] = set()
    judged = []
    for row in sorted(rows, key=_rank):
        overlaps = [_overlap(row[1:5], truth[1:5]) for truth in truths]
        best = max(range(len(overlaps)), key=overlaps.__getitem__, default=None)
        right = best is not None and overlaps[best] >= threshold and best not in taken
        if right and best is not None:
            taken.add(best)
        judged.append((-_rank(row), right))
    return judged


def _rank(row: DetectionRow) -> float:
    return -1.0 if row[5] is None else -row[5]


def _overlap(first: tuple[float, float, float, float], second: tuple[float, float, float, float]) -> float:
    """IoU of ``left, top, width, height`` with one pixel more on each side length."""
    width = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0]) + 1
    height = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1]) + 1
    if width < 1 or height < 1:
        return 0.0
    areas = (first[2] + 1) * (first[3] + 1) + (second[2] + 1) * (second[3] + 1)
    return width * height / (areas - width * height)


VOC = Voc()
