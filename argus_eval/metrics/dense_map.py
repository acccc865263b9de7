"""Dense captioning: average precision over overlap and text similarity, as DenseCap defines it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from argus_eval.core.prediction import Parsed, Prediction, Regions
from argus_eval.core.sample import RegionsTarget, Sample
from argus_eval.errors import UsageError
from argus_eval.metrics.average_precision import RECALL_POINTS
from argus_eval.metrics.box_columns import BoolArray, FloatArray, IntArray
from argus_eval.metrics.box_statistics import image_order
from argus_eval.metrics.corpus import WeightedValues, Weights
from argus_eval.metrics.dense_text import (
    Pair,
    Similarity,
    description_words,
    meteor_similarity,
    token_f1_similarity,
)
from argus_eval.metrics.protocol import MetricInfo

__all__ = ["DENSE_MAP", "DenseMap", "DenseStatistic", "merge_regions"]

_OVERLAPS = (0.3, 0.4, 0.5, 0.6, 0.7)
_SIMILARITIES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25)
_MERGED = 0.7
_DIGITS = 9
_REFERENCE = "jcjohnson/densecap eval/eval_utils.lua"

#: x1, y1, x2, y2 (fractions of the image), score, text
_Row = tuple[float, float, float, float, float | None, str]


class DenseStatistic(TypedDict):
    """One image: annotated and predicted regions. ``size`` is width and height in pixels."""

    key: str
    size: tuple[int, int]
    truths: list[_Row]
    regions: list[_Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class DenseMap:
    """Mean of the average precisions over IoU 0.3…0.7 and text similarity above 0…0.25 (30 pairs of thresholds).

    Reference regions that overlap by 0.7 or more are merged: their boxes averaged, their texts all references. By
    descending score each prediction is assigned to the merged region it overlaps most, and only the first one
    assigned to a region can be right. Precision is interpolated at 101 recall points.

    Three values, which differ in the text similarity: ``dense_map`` takes the F1 of the words, which needs nothing
    else; ``dense_map_meteor`` is the published metric and takes METEOR 1.5, which needs Java (not measured
    without); ``dense_map_boxes`` looks at boxes alone. The first and the second are not comparable.

    DenseCap's boxes hold their last pixel (x2 = x + w − 1), so its ``+1`` leaves plain IoU, which is taken here.
    Predictions without scores keep the order in which they were written.
    """

    infos: tuple[MetricInfo, ...] = (
        MetricInfo(
            name="dense_map",
            higher_is_better=True,
            bounded=True,
            reference=f"{_REFERENCE}, with token F1 as text similarity",
        ),
        MetricInfo(
            name="dense_map_meteor",
            higher_is_better=True,
            bounded=True,
            reference=f"{_REFERENCE}, with METEOR 1.5 as text similarity",
        ),
        MetricInfo(
            name="dense_map_boxes", higher_is_better=True, bounded=True, reference=f"{_REFERENCE}, boxes alone"
        ),
    )

    def statistics(self, prediction: Prediction, sample: Sample) -> DenseStatistic:
        """The image's regions.

        Raises:
            UsageError: the sample has no regions as target or no image size.
        """
        size = sample.image_size
        if not isinstance(sample.target, RegionsTarget) or size is None:
            raise UsageError(f"sample {sample.key!r}: dense captioning needs target regions and an image size")
        boxes = [(region.box.to_unit(size), region.label) for region in sample.target.regions]
        predicted: list[_Row] = []
        if isinstance(prediction, Parsed) and isinstance(prediction.value, Regions):
            predicted = [
                (r.box.x1, r.box.y1, r.box.x2, r.box.y2, r.score, r.label or "") for r in prediction.value.regions
            ]
        return DenseStatistic(
            key=sample.key,
            size=(size.width, size.height),
            truths=[(box.x1, box.y1, box.x2, box.y2, None, text) for box, text in boxes],
            regions=predicted,
        )

    def prepare(self, statistics: Sequence[DenseStatistic]) -> WeightedValues:
        """Assign and compare once; weights cost cumulative sums."""
        scored = all(row[4] is not None for statistic in statistics for row in statistic["regions"])
        position = np.array(image_order([statistic["key"] for statistic in statistics]), dtype=np.int64)
        images = [_assign(statistics[i], use_scores=scored) for i in position.tolist()]
        records = _Records.of(images)
        curves = {
            "dense_map": _similarity_hits(records, images, token_f1_similarity),
            "dense_map_meteor": _similarity_hits(records, images, meteor_similarity),
            "dense_map_boxes": [records.first & (records.overlap >= least) for least in _OVERLAPS],
        }

        def values(weights: Weights | None) -> Mapping[str, float | None]:
            counted = np.ones(len(images)) if weights is None else weights[position]
            return {name: records.mean_precision(hits, counted) for name, hits in curves.items()}

        return values

    def reduce(
        self, statistics: Sequence[DenseStatistic], weights: Weights | None = None
    ) -> Mapping[str, float | None]:
        """The three values; ``None`` without annotated regions, or without METEOR's program."""
        return self.prepare(statistics)(weights)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Assigned:
    """One image's predictions, best first, and the merged regions they were assigned to."""

    regions: int
    score: FloatArray
    overlap: FloatArray
    first: BoolArray
    pairs: list[Pair]


def _assign(statistic: DenseStatistic, *, use_scores: bool) -> _Assigned:
    truths = np.array([row[:4] for row in statistic["truths"]], dtype=np.float64).reshape(-1, 4)
    groups = merge_regions(truths)
    merged = np.array([truths[group].mean(axis=0) for group in groups]).reshape(-1, 4)
    references = [[description_words(statistic["truths"][i][5]) for i in group.tolist()] for group in groups]
    rows = statistic["regions"]
    score = np.array([row[4] if use_scores and row[4] is not None else 1.0 for row in rows], dtype=np.float64)
    order = np.argsort(-score, kind="stable")
    boxes = np.array([rows[i][:4] for i in order.tolist()], dtype=np.float64).reshape(-1, 4)
    if len(merged):
        table = _overlaps(boxes, merged)
        best = table.argmax(axis=1)
        overlap = table.max(axis=1)
    else:
        best, overlap = np.zeros(len(boxes), dtype=np.int64), np.zeros(len(boxes))
    found = overlap > 0
    first = np.zeros(len(boxes), dtype=bool)
    _, positions = np.unique(np.where(found, best, -1), return_index=True)
    first[positions] = True
    words = [description_words(rows[i][5]) for i in order.tolist()]
    return _Assigned(
        regions=len(groups),
        score=score[order],
        overlap=overlap,
        first=first & found,
        pairs=[
            (w, references[b] if f else []) for w, b, f in zip(words, best.tolist(), found.tolist(), strict=True)
        ],
    )


def merge_regions(boxes: FloatArray) -> list[IntArray]:
    """Groups of boxes that overlap by 0.7 or more; rows of ``boxes``, shape (N, 4), in each.

    The box with most such neighbours takes them all, then the next among what is left.
    """
    near = _overlaps(boxes, boxes)
    np.fill_diagonal(near, 1.0)
    near_enough = near >= _MERGED
    groups = []
    while len(near_enough) and (sizes := near_enough.sum(axis=0)).max() > 0:
        group = np.flatnonzero(near_enough[int(sizes.argmax())])
        groups.append(group)
        near_enough[group] = False
        near_enough[:, group] = False
    return groups


def _overlaps(first: FloatArray, second: FloatArray) -> FloatArray:
    """IoU of every pair, shape (N, M)."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    sides = np.clip(high - low, 0, None)
    shared = sides[..., 0] * sides[..., 1]
    union = _areas(first)[:, None] + _areas(second)[None, :] - shared
    overlap: FloatArray = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    # Boxes went through unit coordinates: equal overlaps must stay equal, and those on a threshold on it.
    return overlap.round(_DIGITS)


def _areas(boxes: FloatArray) -> FloatArray:
    sides = np.clip(boxes[:, 2:] - boxes[:, :2], 0, None)
    areas: FloatArray = sides[:, 0] * sides[:, 1]
    return areas


@dataclass(frozen=True, slots=True, kw_only=True)
class _Records:
    """All predictions of a data set, best first; equal scores by image, then as written.

    Attributes:
        order: shape (N,), where each record stands in the concatenation of the images.
        image, overlap, first: shape (N,).
        regions: shape (I,), merged regions of each image.
    """

    order: IntArray
    image: IntArray
    overlap: FloatArray
    first: BoolArray
    regions: FloatArray

    @classmethod
    def of(cls, images: Sequence[_Assigned]) -> _Records:
        image = np.repeat(np.arange(len(images)), [len(item.score) for item in images])
        score = np.concatenate([item.score for item in images]) if images else np.zeros(0)
        order = np.argsort(-score, kind="stable")
        return cls(
            order=order,
            image=image[order],
            overlap=np.concatenate([item.overlap for item in images])[order] if images else np.zeros(0),
            first=np.concatenate([item.first for item in images])[order] if images else np.zeros(0, dtype=bool),
            regions=np.array([item.regions for item in images], dtype=np.float64),
        )

    def mean_precision(self, hits: Sequence[BoolArray] | None, weights: FloatArray) -> float | None:
        """Mean of the average precisions of each set of true positives; ``None`` where nothing is annotated."""
        positives = float(weights @ self.regions)
        if hits is None or positives <= 0:
            return None
        weight = weights[self.image]
        predicted = np.cumsum(weight)
        return float(
            np.mean([_average_precision(np.flatnonzero(hit), weight, predicted, positives) for hit in hits])
        )


def _average_precision(hits: IntArray, weight: FloatArray, predicted: FloatArray, positives: float) -> float:
    found = np.cumsum(weight[hits])
    precision = np.divide(found, predicted[hits], out=np.zeros_like(found), where=predicted[hits] > 0)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    reached = np.searchsorted(RECALL_POINTS, found / positives, side="right")
    return float(envelope @ np.diff(reached, prepend=0)) / len(RECALL_POINTS)


def _similarity_hits(
    records: _Records, images: Sequence[_Assigned], similarity: Similarity
) -> list[BoolArray] | None:
    scores = similarity([pair for image in images for pair in image.pairs])
    if scores is None:
        return None
    alike = np.array(scores, dtype=np.float64)[records.order]
    return [
        records.first & (records.overlap >= overlap) & (alike > least)
        for overlap in _OVERLAPS
        for least in _SIMILARITIES
    ]


DENSE_MAP = DenseMap()
