"""How surely an arm is on the frontier: both coordinates resampled, with the same samples and blocks for all."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from argus_eval.report.axes import Axis, beaten
from argus_eval.report.digest import Digest

__all__ = ["DRAWS", "MIN_BLOCKS", "memberships"]

DRAWS = 400
#: Fewer replicates than this are not resampled (MEASUREMENT §9).
MIN_BLOCKS = 12
_MIN_IMAGES = 30

Floats = NDArray[np.float64]


def memberships(arms: Sequence[str], digest: Digest, scores: Sequence[Axis]) -> dict[int, list[float | None]]:
    """For each axis of ``scores`` and each arm the share of resamples that put it on the frontier with TTFT.

    Accuracy is resampled by image, TTFT by block. Axes without scores of single samples and runs with too few
    blocks or images are left out; within an axis an arm that lacks a coordinate has ``None``.
    """
    present = [place for place, arm in enumerate(arms) if digest.latency.get(arm)]
    if len(present) < 2:
        return {}
    kept = [arms[place] for place in present]
    rng = np.random.default_rng(0)
    speeds = _block_draws(kept, digest, rng)
    if speeds is None:
        return {}
    found = {}
    for index, axis in enumerate(scores):
        draws = [_score_draws(task, kept, digest, rng) for task in axis.tasks]
        if not draws or any(draw is None for draw in draws):
            continue
        mean = np.mean([draw for draw in draws if draw is not None], axis=0)
        shares = _on_frontier(speeds, mean)
        found[index] = [shares[present.index(place)] if place in present else None for place in range(len(arms))]
    return found


def _block_draws(arms: Sequence[str], digest: Digest, rng: np.random.Generator) -> Floats | None:
    """Geometric mean TTFT, shape (draws, arms), over blocks that every arm has."""
    by_arm: list[Mapping[int, list[float]]] = []
    for arm in arms:
        blocks: dict[int, list[float]] = {}
        for row in digest.latency[arm]:
            if row.ttft_s > 0:
                blocks.setdefault(row.block, []).append(math.log(row.ttft_s))
        by_arm.append(blocks)
    shared = sorted(set.intersection(*(set(blocks) for blocks in by_arm)))
    if len(shared) < MIN_BLOCKS:
        return None
    means = np.array([[np.mean(blocks[block]) for blocks in by_arm] for block in shared])
    return np.asarray(np.exp(means[rng.integers(0, len(shared), size=(DRAWS, len(shared)))].mean(axis=1)))


def _score_draws(task: str, arms: Sequence[str], digest: Digest, rng: np.random.Generator) -> Floats | None:
    """Mean score, shape (draws, arms), over samples that every arm answered."""
    sums: dict[int, list[float]] = {}
    counts: dict[int, int] = {}
    for (name, _), rows in digest.accuracy.items():
        if name != task or any(arm not in rows for arm in arms):
            continue
        values = [rows[arm].score for arm in arms]
        if any(value is None for value in values):
            continue
        cluster = rows[arms[0]].cluster
        before = sums.setdefault(cluster, [0.0] * len(arms))
        sums[cluster] = [total + (value or 0.0) for total, value in zip(before, values, strict=True)]
        counts[cluster] = counts.get(cluster, 0) + 1
    if len(sums) < _MIN_IMAGES:
        return None
    weights = rng.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=DRAWS).astype(np.float64)
    totals = weights @ np.array(list(sums.values()))
    sizes = weights @ np.array([counts[cluster] for cluster in sums], dtype=np.float64)
    return np.asarray(totals / sizes[:, None])


def _on_frontier(speeds: Floats, scores: Floats) -> list[float | None]:
    hits = np.zeros(speeds.shape[1])
    for speed, score in zip(speeds.tolist(), scores.tolist(), strict=True):
        hits += [by is None for by in beaten(list(zip(speed, score, strict=True)))]
    return [float(share) for share in hits / len(speeds)]
