"""Answers that change although nothing should: flip rates, and the floor that numerics set.

The floor is what the baseline does to itself: batch 1 against batch 8, and reordered batches. An L1 arm, which
promises the same mathematics, has to keep the upper 95 % bound of its flips within the floor plus one point
(MEASUREMENT §20). Equal accuracy can hide flips that cancel, so they are looked at on their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from argus_eval.stats import bounded_mean
from argus_eval.stats.cluster import FEW_DEVIATING, Labels, cluster_totals, skewness_corrected_interval
from argus_eval.stats.intervals import Interval, check_level
from argus_eval.stats.verdict import Verdict

__all__ = ["ALLOWANCE", "FEWEST_OF_A_FLOOR", "FlipOutcome", "FlipRate", "flip_rate", "judge_flips"]

#: Flips that an L1 arm may add to the floor, as a share of items
ALLOWANCE = 0.01
#: Answers a floor needs before anything is held against it: one flip among fewer would excuse more than is allowed
FEWEST_OF_A_FLOOR = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipRate:
    """Share of items whose answer changed.

    Attributes:
        flips, n, images: changed items, items, images.
        rate: flips / n.
        interval: each end is a one-sided bound at ``level``, so that the interval's level is 2 · level − 1.
    """

    flips: int
    n: int
    images: int
    rate: float
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipOutcome:
    """Whether an arm's flips stay within what the baseline's own numerics do."""

    verdict: Verdict
    reason: str


def flip_rate(
    changed: Sequence[bool] | npt.NDArray[np.bool_], clusters: Labels, *, level: float = 0.95
) -> FlipRate | None:
    """Rate of changed answers with one-sided bounds, clustered by image.

    Fewer than 30 images with a flip: exact-type bounds over images; with one item an image they are
    Clopper–Pearson's, and without any flip the upper one is ``1 − (1 − level)^(1/n)``. Otherwise
    skewness-corrected cluster-robust t.

    Args:
        changed: shape (n,).
        clusters: shape (n,), the image of each item.
        level: confidence of each bound.

    Returns:
        The rate, or None for no item.
    """
    check_level(level)
    moved = np.asarray(changed, dtype=np.float64)
    if moved.size == 0:
        return None
    sample = cluster_totals(moved, clusters)
    if int((sample.totals > 0).sum()) < FEW_DEVIATING:
        interval = Interval(
            low=bounded_mean.lower_bound(sample.totals, sample.sizes, 0.0, 1 - level),
            high=bounded_mean.upper_bound(sample.totals, sample.sizes, 1.0, 1 - level),
            level=2 * level - 1,
        )
    else:
        interval = skewness_corrected_interval(sample, 2 * level - 1).clip(0.0, 1.0)
    return FlipRate(
        flips=int(moved.sum()), n=moved.size, images=sample.clusters, rate=sample.mean, interval=interval
    )


def judge_flips(arm: FlipRate | None, floor: FlipRate | None, *, allowance: float = ALLOWANCE) -> FlipOutcome:
    """Compare an L1 arm's flips with the measured floor.

    PASS: the arm's upper bound keeps the floor's rate plus the allowance. FAIL: its lower bound lies beyond the
    floor's *upper* bound plus the allowance, so that a floor that came out low by chance blames nobody.

    Args:
        arm: flips of the arm against the baseline.
        floor: flips of the baseline against itself at another batch size; its rate is the floor.
        allowance: what may be added, 0.01 for one point.
    """
    if arm is None:
        return FlipOutcome(verdict=Verdict.NOT_MEASURED, reason="flips of the arm were not measured")
    flips = f"flips {arm.flips:,} of {arm.n:,} ({_bounds(arm)})"
    if floor is None:
        return FlipOutcome(verdict=Verdict.NOT_MEASURED, reason=f"{flips}; the flip floor was not measured")
    flips += f", floor {floor.flips:,} of {floor.n:,}"
    if floor.n < FEWEST_OF_A_FLOOR:
        return FlipOutcome(
            verdict=Verdict.NOT_MEASURED, reason=f"{flips}: a floor needs {FEWEST_OF_A_FLOOR} answers"
        )
    allowed = f"floor + {100 * allowance:g} point{'' if allowance == 0.01 else 's'}"
    if arm.interval.high <= floor.rate + allowance:
        return FlipOutcome(verdict=Verdict.PASS, reason=f"{flips}: within {allowed}")
    if arm.interval.low > floor.interval.high + allowance:
        return FlipOutcome(verdict=Verdict.FAIL, reason=f"{flips}: above {allowed}")
    return FlipOutcome(verdict=Verdict.INCONCLUSIVE, reason=f"{flips}: not shown to keep {allowed}")


def _bounds(rate: FlipRate) -> str:
    if rate.flips == 0:
        return f"at most {_percent(rate.interval.high)}"
    return f"{_percent(rate.interval.low)} to {_percent(rate.interval.high)}"


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"
