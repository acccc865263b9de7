"""Annotated and predicted boxes of a whole data set as columns: what matching and counting work on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["BoolArray", "DetectionColumns", "FloatArray", "IntArray", "TruthColumns", "box_overlap"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthColumns:
    """G annotated boxes.

    Attributes:
        image: shape (G,), index of the image; images are numbered in the order that breaks ties of scores.
        category: shape (G,), index of the category.
        xywh: shape (G, 4), pixels: left, top, width, height.
        area: shape (G,), the annotation's own area in square pixels; size ranges go by it.
        crowd: shape (G,), a group of objects: overlap is measured against the detection's area, and any number of
            detections may lie in it.
        ignored: shape (G,), a detection that finds it counts neither as right nor as wrong.
        countable: shape (G,), finding it counts as a match. False only to reproduce what the original does with an
            annotation whose id is 0.
    """

    image: IntArray
    category: IntArray
    xywh: FloatArray
    area: FloatArray
    crowd: BoolArray
    ignored: BoolArray
    countable: BoolArray

    def __len__(self) -> int:
        return len(self.image)


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionColumns:
    """D predicted boxes, each image's in the order the model wrote them.

    Attributes:
        image, category, xywh: as in :class:`TruthColumns`, with D rows.
        score: shape (D,), finite; the same number everywhere where the model gave none.
        excused: shape (D,), an unmatched box is no error (LVIS: the image's annotation of this category is known
            to be incomplete).
    """

    image: IntArray
    category: IntArray
    xywh: FloatArray
    score: FloatArray
    excused: BoolArray

    def __len__(self) -> int:
        return len(self.image)

    def take(self, rows: IntArray) -> DetectionColumns:
        """The detections at ``rows``, in that order."""
        return DetectionColumns(
            image=self.image[rows],
            category=self.category[rows],
            xywh=self.xywh[rows],
            score=self.score[rows],
            excused=self.excused[rows],
        )


def box_overlap(detections: FloatArray, truths: FloatArray, crowd: BoolArray) -> FloatArray:
    """Row-wise overlap of boxes ``[left, top, width, height]``, shape (P,).

    Intersection over union, or over the detection's own area where the annotation is a crowd. The operations and
    their order are those of pycocotools' ``bbIou``, so results are equal to the last bit.
    """
    dx, dy, dw, dh = detections.T
    gx, gy, gw, gh = truths.T
    width = np.minimum(dw + dx, gw + gx) - np.maximum(dx, gx)
    height = np.minimum(dh + dy, gh + gy) - np.maximum(dy, gy)
    meets = (width > 0) & (height > 0)
    intersection = np.where(meets, width * height, 0.0)
    detection_area = dw * dh
    union = np.where(crowd, detection_area, detection_area + gw * gh - intersection)
    overlap: FloatArray = np.divide(intersection, union, out=np.zeros_like(union), where=meets)
    return overlap
