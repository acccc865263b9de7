"""Right, spurious and missed boxes of each image without any use of scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from argus_eval.metrics.box_columns import DetectionColumns, FloatArray, IntArray, TruthColumns
from argus_eval.metrics.box_matching import Pairs

__all__ = ["BoxCounts", "count_boxes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxCounts:
    """Counts for I images at T thresholds; each shape (I, T).

    Attributes:
        right: boxes paired with an annotation of their category.
        spurious: boxes that were not, and that no ignored annotation covers.
        missed: annotations without a box.
    """

    right: FloatArray
    spurious: FloatArray
    missed: FloatArray

    def f1(self, weights: FloatArray) -> FloatArray:
        """``2 right / (2 right + spurious + missed)`` over the weighted images, shape (T,); NaN where nothing is.

        NaN never leaves this package: callers turn it into ``None``.
        """
        right, wrong = weights @ self.right, weights @ (self.spurious + self.missed)
        total = 2 * right + wrong
        f1: FloatArray = np.divide(2 * right, total, out=np.full_like(total, np.nan), where=total > 0)
        return f1


def count_boxes(
    truths: TruthColumns, detections: DetectionColumns, pairs: Pairs, thresholds: FloatArray, images: int
) -> BoxCounts:
    """Pair boxes with annotations of the same image and category so that as many as possible are paired.

    A maximum matching has one value whatever the order of the boxes, which a greedy one has not; boxes without
    confidences have no natural order.

    Args:
        truths: the annotations.
        detections: every box that was predicted.
        pairs: overlapping pairs, at least all at or above the lowest threshold.
        thresholds: shape (T,), least overlaps.
        images: I.
    """
    counting = ~truths.ignored & ~truths.crowd
    truth_total = np.bincount(truths.image[counting], minlength=images)
    shape = (images, len(thresholds))
    right, spurious, missed = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for i, least in enumerate(thresholds):
        near = pairs.overlap >= least
        real = near & counting[pairs.truth]
        paired = _maximum_matching(pairs.detection[real], pairs.truth[real])
        open_ = ~detections.excused
        open_[pairs.detection[near & ~counting[pairs.truth]]] = False
        open_[paired] = False
        right[:, i] = np.bincount(detections.image[paired], minlength=images)
        spurious[:, i] = np.bincount(detections.image[open_], minlength=images)
        missed[:, i] = truth_total - right[:, i]
    return BoxCounts(right=right, spurious=spurious, missed=missed)


def _maximum_matching(detection: IntArray, truth: IntArray) -> IntArray:
    """Detections of a largest set of disjoint pairs."""
    if not len(detection):
        return detection
    left, rows = np.unique(detection, return_inverse=True)
    right, columns = np.unique(truth, return_inverse=True)
    if len(left) == len(right) == len(rows):
        return left
    # Half a second to import, and few small files have two boxes that want the same annotation.
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_bipartite_matching

    graph = csr_array((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(len(left), len(right)))
    partner: IntArray = maximum_bipartite_matching(graph, perm_type="column")
    return left[partner >= 0]
