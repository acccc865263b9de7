"""What one image contributes to a detection metric, as plain data, and the columns of many images from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from argus_eval.core.geometry import ImageSize
from argus_eval.core.prediction import Parsed, Prediction, Region, Regions
from argus_eval.core.sample import RegionsTarget, RegionTarget, Sample
from argus_eval.errors import UsageError
from argus_eval.metrics.box_columns import DetectionColumns, IntArray, TruthColumns
from argus_eval.metrics.corpus import WeightedValues

__all__ = [
    "BoxStatistic",
    "DetectionRow",
    "LabelMap",
    "Stacked",
    "TruthRow",
    "box_statistic",
    "category_of",
    "fold_label",
    "image_order",
    "score_source",
    "stack",
]

#: label, left, top, width, height, area (all in pixels), crowd, ignored
TruthRow = tuple[str, float, float, float, float, float, bool, bool]

#: label, left, top, width, height (in pixels), score
DetectionRow = tuple[str, float, float, float, float, float | None]


class BoxStatistic(TypedDict):
    """One image. ``dropped`` counts predicted boxes whose label is not in the vocabulary."""

    key: str
    truths: list[TruthRow]
    detections: list[DetectionRow]
    not_exhaustive: list[str]
    dropped: int


LabelMap = Mapping[str, str]


def fold_label(label: str) -> str:
    """The form labels are compared in: lower case, underscores as spaces, no white space around.

    >>> fold_label(" Fire_hydrant")
    'fire hydrant'
    """
    return label.replace("_", " ").strip().casefold()


def box_statistic(prediction: Prediction, sample: Sample, vocabulary: LabelMap | None) -> BoxStatistic:
    """Annotated and predicted boxes of one image in pixels.

    Args:
        prediction: regions with labels; an unparsed one has no boxes.
        sample: its target are regions.
        vocabulary: folded name or synonym → category; a predicted label that is not in it is dropped and counted.
            ``None`` stands for the sample's options, the names that the prompt shows; without options every label
            is taken as it is.

    Raises:
        UsageError: the sample has no regions as target or no image size.
    """
    if not isinstance(sample.target, RegionsTarget) or sample.image_size is None:
        raise UsageError(f"sample {sample.key!r}: detection needs target regions and an image size")
    if vocabulary is None and sample.options:
        vocabulary = {fold_label(option): fold_label(option) for option in sample.options}
    detections, dropped = [], 0
    for region in _regions(prediction):
        folded = fold_label(region.label or "")
        label = folded if vocabulary is None else vocabulary.get(folded)
        if label is None:
            dropped += 1
        else:
            detections.append(_detection_row(region, label, sample.image_size))
    return BoxStatistic(
        key=sample.key,
        truths=[_truth_row(region, vocabulary) for region in sample.target.regions],
        detections=detections,
        not_exhaustive=sorted(category_of(label, vocabulary) for label in sample.target.not_exhaustive_labels),
        dropped=dropped,
    )


def _regions(prediction: Prediction) -> tuple[Region, ...]:
    if isinstance(prediction, Parsed) and isinstance(prediction.value, Regions):
        return prediction.value.regions
    return ()


def category_of(label: str, vocabulary: LabelMap | None) -> str:
    """The category an annotation's label names; a name the vocabulary lacks stands for itself."""
    folded = fold_label(label)
    return folded if vocabulary is None else vocabulary.get(folded, folded)


def _truth_row(region: RegionTarget, vocabulary: LabelMap | None) -> TruthRow:
    box, label = region.box, category_of(region.label, vocabulary)
    width, height = box.x2 - box.x1, box.y2 - box.y1
    area = width * height if region.area_px is None else region.area_px
    return (label, box.x1, box.y1, width, height, area, region.crowd, region.ignore)


def _detection_row(region: Region, label: str, size: ImageSize) -> DetectionRow:
    box = region.box.to_pixels(size)
    return (label, box.x1, box.y1, box.x2 - box.x1, box.y2 - box.y1, region.score)


def image_order(keys: Sequence[str]) -> list[int]:
    """Positions of the images by id: numerically where every id is a whole number, else as text.

    Equal scores are ranked in this order, so that shards of a data set give one value in any order.
    """
    ascii_digits = all(key.isascii() and key.lstrip("-").isdigit() for key in keys)
    by: Callable[[int], int | str] = (lambda i: int(keys[i])) if ascii_digits else (lambda i: keys[i])
    return sorted(range(len(keys)), key=by)


def score_source(statistics: Sequence[BoxStatistic]) -> str:
    """``"model"`` where every predicted box carries a score, else ``"constant"`` (all scores equal)."""
    every = all(row[5] is not None for statistic in statistics for row in statistic["detections"])
    some = any(statistic["detections"] for statistic in statistics)
    return "model" if every and some else "constant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stacked:
    """Columns of all images.

    Attributes:
        position: shape (I,), for each image index the position of its statistic in the input.
        categories: category names by index.
    """

    truths: TruthColumns
    detections: DetectionColumns
    position: IntArray
    categories: tuple[str, ...]

    def reordered(self, values: WeightedValues) -> WeightedValues:
        """``values`` of weights by image index, as a function of weights in the order of the statistics."""
        return lambda weights: values(None if weights is None else weights[self.position])


def stack(statistics: Sequence[BoxStatistic], source: str) -> Stacked:
    """Columns of all images, in the order of their ids; scores from ``source`` ("model" or "constant")."""
    order = image_order([statistic["key"] for statistic in statistics])
    labels = {row[0] for s in statistics for row in s["truths"]} | {
        row[0] for s in statistics for row in s["detections"]
    }
    categories = tuple(sorted(labels))
    index = {label: i for i, label in enumerate(categories)}
    truths = [(image, row) for image, at in enumerate(order) for row in statistics[at]["truths"]]
    detections = [(image, row) for image, at in enumerate(order) for row in statistics[at]["detections"]]
    incomplete = [set(statistics[at]["not_exhaustive"]) for at in order]
    crowd = np.array([row[6] for _, row in truths], dtype=bool)
    return Stacked(
        truths=TruthColumns(
            image=np.array([image for image, _ in truths], dtype=np.int64),
            category=np.array([index[row[0]] for _, row in truths], dtype=np.int64),
            xywh=np.array([row[1:5] for _, row in truths], dtype=np.float64).reshape(-1, 4),
            area=np.array([row[5] for _, row in truths], dtype=np.float64),
            crowd=crowd,
            ignored=crowd | np.array([row[7] for _, row in truths], dtype=bool),
            countable=np.ones(len(truths), dtype=bool),
        ),
        detections=DetectionColumns(
            image=np.array([image for image, _ in detections], dtype=np.int64),
            category=np.array([index[row[0]] for _, row in detections], dtype=np.int64),
            xywh=np.array([row[1:5] for _, row in detections], dtype=np.float64).reshape(-1, 4),
            score=np.array(
                [row[5] if source == "model" and row[5] is not None else 1.0 for _, row in detections],
                dtype=np.float64,
            ),
            excused=np.array([row[0] in incomplete[image] for image, row in detections], dtype=bool),
        ),
        position=np.array(order, dtype=np.int64),
        categories=categories,
    )
