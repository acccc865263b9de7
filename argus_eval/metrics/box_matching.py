"""COCO's greedy assignment of detections to annotations, for every threshold and size range at once.

The rule is pycocotools' ``COCOeval.evaluateImg``: within an image and category, detections by descending score
each take the annotation with the largest overlap that is still free and at or above the threshold; annotations
that count are preferred to ignored ones, whatever the overlap; among equal overlaps the later annotation wins.

All groups are processed side by side: round r handles the r-th overlapping detection of every group, with the
threshold and the size range as further dimensions. Detections that overlap nothing never enter.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from argus_eval.metrics.box_columns import (
    BoolArray,
    DetectionColumns,
    FloatArray,
    IntArray,
    TruthColumns,
    box_overlap,
)

__all__ = ["Matches", "Pairs", "Ranges", "match", "overlapping_pairs", "rank_in_group"]

# Pairs compared at a time: bounds the memory of crowded images.
_BLOCK = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """P pairs of a detection and an annotation of the same image and category that overlap.

    Attributes:
        detection, truth: shape (P,), rows; sorted by detection, then truth.
        overlap: shape (P,).
    """

    detection: IntArray
    truth: IntArray
    overlap: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranges:
    """What is matched at once.

    Attributes:
        thresholds: shape (T,), least overlaps.
        areas: shape (A, 2), size ranges in square pixels, both ends inclusive.
    """

    thresholds: FloatArray
    areas: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """The outcome for the C detections that overlap anything.

    Attributes:
        detection: shape (C,), rows, ascending.
        found: shape (C, A, T), took an annotation.
        in_ignored: shape (C, A, T), the annotation it took is ignored in this size range.
    """

    detection: IntArray
    found: BoolArray
    in_ignored: BoolArray


def rank_in_group(detections: DetectionColumns, categories: int) -> IntArray:
    """Position of each detection among those of its image and category by descending score, from 0; shape (D,).

    Equal scores keep the order in which they were written.
    """
    group = detections.image * categories + detections.category
    order = np.lexsort((-detections.score, group))
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    sizes = np.diff(starts, append=len(order))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order)) - np.repeat(starts, sizes)
    return rank


def overlapping_pairs(truths: TruthColumns, detections: DetectionColumns, categories: int, least: float) -> Pairs:
    """Every pair within an image and category whose overlap is at least ``least``."""
    truth_group = truths.image * categories + truths.category
    by_group = np.argsort(truth_group, kind="stable")
    sorted_group = truth_group[by_group]
    group = detections.image * categories + detections.category
    first = np.searchsorted(sorted_group, group, side="left")
    partners = np.searchsorted(sorted_group, group, side="right") - first
    blocks = [
        _block(truths, detections, rows, by_group, first[rows], partners[rows], least)
        for rows in _blocks(partners)
    ]
    return Pairs(
        detection=np.concatenate([block.detection for block in blocks]),
        truth=np.concatenate([block.truth for block in blocks]),
        overlap=np.concatenate([block.overlap for block in blocks]),
    )


def _blocks(partners: IntArray) -> list[IntArray]:
    rows = np.flatnonzero(partners)
    if not len(rows):
        return [rows]
    block = np.cumsum(partners[rows]) // _BLOCK
    return np.split(rows, np.flatnonzero(np.diff(block)) + 1)


def _block(
    truths: TruthColumns,
    detections: DetectionColumns,
    rows: IntArray,
    by_group: IntArray,
    first: IntArray,
    partners: IntArray,
    least: float,
) -> Pairs:
    detection = np.repeat(rows, partners)
    within = np.arange(len(detection)) - np.repeat(np.cumsum(partners) - partners, partners)
    truth = by_group[np.repeat(first, partners) + within]
    overlap = box_overlap(detections.xywh[detection], truths.xywh[truth], truths.crowd[truth])
    kept = np.flatnonzero(overlap >= least)
    return Pairs(detection=detection[kept], truth=truth[kept], overlap=overlap[kept])


def match(
    truths: TruthColumns, detections: DetectionColumns, rank: IntArray, pairs: Pairs, ranges: Ranges
) -> Matches:
    """Assign detections greedily in every size range and at every threshold.

    Args:
        truths: the annotations.
        detections: the detections.
        rank: shape (D,), each detection's position within its image and category.
        pairs: overlapping pairs, at least all at or above the lowest threshold.
        ranges: thresholds and size ranges.
    """
    found_by = np.unique(pairs.detection)
    shape = (len(found_by), len(ranges.areas), len(ranges.thresholds))
    found, in_ignored = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    if not len(found_by):
        return Matches(detection=found_by, found=found, in_ignored=in_ignored)
    state = _State(truths, ranges)
    for candidate, pair_rows, starts in _rounds(detections, truths, rank, pairs, found_by):
        hit, ignored = state.take(pairs.truth[pair_rows], pairs.overlap[pair_rows], starts)
        found[candidate], in_ignored[candidate] = hit, ignored
    return Matches(detection=found_by, found=found, in_ignored=in_ignored)


class _State:
    """Which annotations are taken, in every range."""

    def __init__(self, truths: TruthColumns, ranges: Ranges) -> None:
        outside = (truths.area[:, None] < ranges.areas[:, 0]) | (truths.area[:, None] > ranges.areas[:, 1])
        self.ignored = truths.ignored[:, None] | outside
        self.taken = np.zeros((len(truths), len(ranges.areas), len(ranges.thresholds)), dtype=bool)
        self.crowd = truths.crowd
        self.countable = truths.countable
        # An overlap of exactly 1 must be reachable at a threshold of 1.
        self.thresholds = np.minimum(ranges.thresholds, 1 - 1e-10)

    def take(self, truth: IntArray, overlap: FloatArray, starts: IntArray) -> tuple[BoolArray, BoolArray]:
        """One detection a group, each with its pairs in ascending order of preference from ``starts`` on."""
        ignored = self.ignored[truth]
        free = ~self.taken[truth] | self.crowd[truth, None, None]
        free &= (overlap[:, None] >= self.thresholds)[:, None, :]
        position = np.arange(len(truth), dtype=np.int64)
        preference = position[:, None] + len(truth) * ~ignored
        best = np.maximum.reduceat(np.where(free, preference[:, :, None], -1), starts, axis=0)
        hit = best >= 0
        chosen = best % len(truth)
        rows, area, threshold = np.nonzero(hit)
        chosen_truth = truth[chosen[hit]]
        self.taken[chosen_truth, area, threshold] = True
        in_ignored = np.zeros_like(hit)
        in_ignored[rows, area, threshold] = self.ignored[chosen_truth, area]
        hit[rows, area, threshold] = self.countable[chosen_truth]
        return hit, in_ignored


def _rounds(
    detections: DetectionColumns, truths: TruthColumns, rank: IntArray, pairs: Pairs, found_by: IntArray
) -> list[tuple[IntArray, IntArray, IntArray]]:
    """Candidates of each round, the rows of their pairs, and where each candidate's pairs start among these."""
    categories = 1 + int(max(detections.category.max(), truths.category.max()))
    group = detections.image[found_by] * categories + detections.category[found_by]
    order = np.lexsort((rank[found_by], group))
    new_group = np.diff(group[order], prepend=-1) != 0
    starts = np.flatnonzero(new_group)
    round_of = np.empty(len(found_by), dtype=np.int64)
    round_of[order] = np.arange(len(order)) - np.repeat(starts, np.diff(starts, append=len(order)))

    candidate = np.searchsorted(found_by, pairs.detection)
    rows = np.lexsort((pairs.truth, pairs.overlap, candidate, round_of[candidate]))
    round_of_row, candidate_of_row = round_of[candidate[rows]], candidate[rows]
    bounds = np.searchsorted(round_of_row, np.arange(int(round_of.max()) + 2))
    out = []
    for low, high in itertools.pairwise(bounds):
        here = candidate_of_row[low:high]
        first = np.flatnonzero(np.diff(here, prepend=-1))
        out.append((here[first], rows[low:high], first))
    return out
