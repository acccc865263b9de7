"""Average precision and recall from cached matches, for any weights of the images.

Precision is interpolated at 101 recall points as in pycocotools' ``COCOeval.accumulate``. The curve is evaluated
at true positives only: it rises nowhere else, and that makes a bootstrap draw a few cumulative sums.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from argus_eval.metrics.box_columns import BoolArray, DetectionColumns, FloatArray, IntArray, TruthColumns
from argus_eval.metrics.box_matching import Matches, Ranges

__all__ = ["Curves", "PrecisionTable", "curves"]

RECALL_POINTS: FloatArray = np.linspace(0.0, 1.0, 101)
_EPSILON = float(np.spacing(1))


@dataclass(frozen=True, slots=True, kw_only=True)
class PrecisionTable:
    """Average precision and recall for every category, size range and threshold.

    Attributes:
        precision: shape (K, A, T).
        recall: shape (M, K, A, T), for each cap on detections per image and category.
        defined: shape (K, A), the category has annotations of this size; elsewhere the numbers mean nothing.
    """

    precision: FloatArray
    recall: FloatArray
    defined: BoolArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """Everything about a data set's matches that does not depend on weights. Made by :func:`curves`.

    One *entry* is one detection with an overlapping annotation, in one size range at one threshold, that is not
    ignored there; entries are sorted by (range, threshold, category, descending score). A *segment* is one
    category in one range at one threshold.

    Attributes:
        categories: K.
        ranges: thresholds and size ranges.
        caps: largest numbers of detections per image and category, ascending; the last applies to precision.
        truth_image, truth_category: shape (G,).
        truth_counts: shape (G, A), not ignored in this range.
        image: shape (D,), image of each detection, sorted by (category, descending score).
        plain_error: shape (A, D), overlaps nothing and lies in the size range.
        entry_image: shape (E,).
        segment_start: shape (S,), first entry of each segment that has any.
        segment_category, segment_area, segment_threshold: shape (S,).
        segment_first: shape (S,), first detection of the segment's category.
        hit_entry: shape (H,), entries that are true positives.
        hit_image, hit_segment: shape (H,).
        hit_before: shape (H,), how many detections of the data set precede it.
        hit_rank: shape (H,), position of the detection within its image and category.
    """

    categories: int
    ranges: Ranges
    caps: tuple[int, ...]
    truth_image: IntArray
    truth_category: IntArray
    truth_counts: BoolArray
    image: IntArray
    plain_error: BoolArray
    entry_image: IntArray
    segment_start: IntArray
    segment_category: IntArray
    segment_area: IntArray
    segment_threshold: IntArray
    segment_first: IntArray
    hit_entry: IntArray
    hit_image: IntArray
    hit_segment: IntArray
    hit_before: IntArray
    hit_rank: IntArray

    def evaluate(self, weights: FloatArray) -> PrecisionTable:
        """Precision and recall with image i counted ``weights[i]`` times."""
        shape = (self.categories, len(self.ranges.areas), len(self.ranges.thresholds))
        positives = self._positives(weights)
        defined = positives > 0
        hit_weight = weights[self.hit_image]
        segment_positives = positives[self.segment_category, self.segment_area]
        precision = np.zeros(shape)
        recall = np.zeros((len(self.caps), *shape))
        where = (self.segment_category, self.segment_area, self.segment_threshold)
        least = np.maximum(segment_positives, _EPSILON)
        precision[where] = self._average_precision(weights, hit_weight, least)
        for i, cap in enumerate(self.caps):
            kept = np.where(self.hit_rank < cap, hit_weight, 0.0)
            recall[i][where] = np.bincount(self.hit_segment, kept, len(self.segment_start)) / least
        return PrecisionTable(precision=precision, recall=recall, defined=defined)

    def _positives(self, weights: FloatArray) -> FloatArray:
        truth_weight = weights[self.truth_image]
        columns = [
            np.bincount(self.truth_category, truth_weight * counts, self.categories)
            for counts in self.truth_counts.T
        ]
        return np.stack(columns, axis=1)

    def _average_precision(self, weights: FloatArray, hit_weight: FloatArray, positives: FloatArray) -> FloatArray:
        found = _within_segments(hit_weight, self.hit_segment)
        predicted = self._predicted(weights)
        # The original adds an ε below the line, which makes a perfect precision 1 − 2e-16; this ratio is exact.
        ratio = np.divide(found, predicted, out=np.zeros_like(found), where=predicted > 0)
        envelope = _running_maximum_from_the_right(ratio, self.hit_segment)
        reached = np.searchsorted(RECALL_POINTS, found / positives[self.hit_segment], side="right")
        before = np.where(np.diff(self.hit_segment, prepend=-1) != 0, 0, np.roll(reached, 1))
        share = envelope * (reached - before) / len(RECALL_POINTS)
        areas: FloatArray = np.bincount(self.hit_segment, share, len(self.segment_start)).astype(np.float64)
        return areas

    def _predicted(self, weights: FloatArray) -> FloatArray:
        """Weight of all detections that count, up to and including each hit, within its segment; shape (H,)."""
        width = len(self.image) + 1
        plain = np.zeros((len(self.plain_error), width))
        np.cumsum(weights[self.image] * self.plain_error, axis=1, out=plain[:, 1:])
        overlapping = np.zeros(len(self.entry_image) + 1)
        np.cumsum(weights[self.entry_image], out=overlapping[1:])
        row = self.segment_area * width
        before = plain.ravel()[row + self.segment_first] + overlapping[self.segment_start]
        upto = plain.ravel()[row[self.hit_segment] + self.hit_before] + overlapping[self.hit_entry + 1]
        predicted: FloatArray = upto - before[self.hit_segment]
        return predicted


def _within_segments(values: FloatArray, segment: IntArray) -> FloatArray:
    total = np.cumsum(values)
    starts = np.flatnonzero(np.diff(segment, prepend=-1))
    before = np.repeat(total[starts] - values[starts], np.diff(starts, append=len(values)))
    within: FloatArray = total - before
    return within


def _running_maximum_from_the_right(values: FloatArray, segment: IntArray) -> FloatArray:
    out = values.copy()
    bounds = [*np.flatnonzero(np.diff(segment, prepend=-1)).tolist(), len(values)]
    for low, high in itertools.pairwise(bounds):
        part = out[low:high][::-1]
        np.maximum.accumulate(part, out=part)
    return out


def curves(
    truths: TruthColumns,
    detections: DetectionColumns,
    rank: IntArray,
    matches: Matches,
    ranges: Ranges,
    *,
    categories: int,
    caps: tuple[int, ...],
) -> Curves:
    """Sort everything once, so that each set of weights costs only cumulative sums."""
    area = detections.xywh[:, 2] * detections.xywh[:, 3]
    outside = (area < ranges.areas[:, :1]) | (area > ranges.areas[:, 1:]) | detections.excused
    order = np.lexsort((rank, detections.image, -detections.score, detections.category))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))

    plain_error = ~outside
    plain_error[:, matches.detection] = False

    ignored = matches.in_ignored | (~matches.found & outside[:, matches.detection].T[:, :, None])
    by_place = np.argsort(place[matches.detection])
    detection = matches.detection[by_place]
    counted = ~ignored[by_place].transpose(1, 2, 0)  # (A, T, C)
    found = matches.found[by_place].transpose(1, 2, 0)
    entry_area, entry_threshold, entry_candidate = np.nonzero(counted)
    entry_detection = detection[entry_candidate]
    category = detections.category[entry_detection]
    segment_key = (entry_area * len(ranges.thresholds) + entry_threshold) * categories + category
    new_segment = np.diff(segment_key, prepend=-1) != 0
    segment = np.cumsum(new_segment) - 1
    start = np.flatnonzero(new_segment)
    hits = np.flatnonzero(found[entry_area, entry_threshold, entry_candidate])
    first_of_category = np.searchsorted(detections.category[order], np.arange(categories))
    return Curves(
        categories=categories,
        ranges=ranges,
        caps=caps,
        truth_image=truths.image,
        truth_category=truths.category,
        truth_counts=~_ignored_truths(truths, ranges),
        image=detections.image[order],
        plain_error=plain_error[:, order],
        entry_image=detections.image[entry_detection],
        segment_start=start,
        segment_category=category[start],
        segment_area=entry_area[start],
        segment_threshold=entry_threshold[start],
        segment_first=first_of_category[category[start]],
        hit_entry=hits,
        hit_image=detections.image[entry_detection[hits]],
        hit_segment=segment[hits],
        hit_before=place[entry_detection[hits]],
        hit_rank=rank[entry_detection[hits]],
    )


def _ignored_truths(truths: TruthColumns, ranges: Ranges) -> BoolArray:
    outside = (truths.area[:, None] < ranges.areas[:, 0]) | (truths.area[:, None] > ranges.areas[:, 1])
    ignored: BoolArray = truths.ignored[:, None] | outside
    return ignored
