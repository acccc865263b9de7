"""Confidence bounds for the mean of bounded values when few of them differ.

With a handful of discordant pairs neither the normal approximation nor the bootstrap holds its level. The bound
here is Gaffke's (2005, *Three test statistics for a nonparametric one-sided hypothesis on the mean of a
nonnegative variable*): one observation at the worst possible value is added, and the bound is the quantile of the
mean under Dirichlet(1, …, 1) weights. For 0/1 values it is the Clopper–Pearson bound exactly; with no deviating
value it is ``1 − α^(1/n)``; for graded values no counterexample to its validity is known (Learned-Miller & Thomas
2020, arXiv 1905.06208), and the simulations in ``tests/stats`` hold it against score fractions.

Units are clusters (images): each enters with its total and its size, so the bounded quantity is a ratio of sums.
The observation that is added is a whole cluster of the size that a randomly chosen item sees, Σ size² / Σ size, or
a ``share`` of it where it is known how many items of an image change together; with the whole one the items of a
cluster may depend on each other in any way.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import optimize, special

from argus_eval.errors import ArgusEvalError
from argus_eval.stats.intervals import FloatArray

__all__ = ["lower_bound", "upper_bound", "probability_mean_above"]

# Step of the contour integral in units of its own width: the error of the trapezoid rule is exp(−2π·3).
_NODES_PER_WIDTH = 3
_NEGLIGIBLE = math.log(1e-8)
_MOST_NODES = 50_000
# Of a bound, relative to its distance from the mean.
_PRECISION = 1e-6


def lower_bound(totals: FloatArray, sizes: FloatArray, floor: float, alpha: float, share: float = 1.0) -> float:
    """Lower ``1 − alpha`` confidence bound of ``Σ totals / Σ sizes`` in the population of clusters.

    Args:
        totals: shape (G,), the sum of the values of each cluster.
        sizes: shape (G,), the number (or weight) of its items; positive.
        floor: the smallest value an item can have.
        alpha: one-sided error, 0.05 for a 95 % bound.
        share: how much of a cluster changes together, in (0, 1].

    Returns:
        The bound, in [floor, mean].
    """
    return -upper_bound(-totals, sizes, -floor, alpha, share)


def upper_bound(totals: FloatArray, sizes: FloatArray, ceiling: float, alpha: float, share: float = 1.0) -> float:
    """Upper ``1 − alpha`` confidence bound of ``Σ totals / Σ sizes``; ``ceiling`` is an item's largest value."""
    _check(totals, sizes, ceiling)
    mean = float(totals.sum() / sizes.sum())
    values = totals / sizes
    if values.max() - values.min() <= 1e-12:
        kept = math.pow(alpha, 1 / totals.size)
        return ceiling - (ceiling - mean) * kept / (kept + share * (1 - kept))
    if ceiling - mean <= 1e-12:
        return ceiling
    grouped = _grouped(totals, sizes, ceiling, share)
    target = float(special.ndtri(alpha))

    def excess(threshold: float) -> float:
        # In probits the tail is almost linear in the threshold, so that few evaluations find the root.
        tail = _probability_positive(*_coefficients(grouped, threshold))
        return float(special.ndtri(min(max(tail, 1e-12), 1 - 1e-12))) - target

    spread = float(np.sqrt(((totals - mean * sizes) ** 2).sum())) / float(sizes.sum())
    step = -target * spread + (ceiling - mean) / totals.size
    low, high = mean, min(mean + 1.5 * step, ceiling)
    while high < ceiling and excess(high) > 0:
        low, high = high, min(high + step, ceiling)
    return float(optimize.brentq(excess, low, high, xtol=_PRECISION * (high - mean), rtol=1e-12))


def probability_mean_above(
    totals: FloatArray, sizes: FloatArray, ceiling: float, threshold: float, share: float = 1.0
) -> float:
    """P-value of the hypothesis "the mean is at least ``threshold``" against "it is smaller".

    Small where the data, with one more cluster at ``ceiling``, still put little weight above ``threshold``:
    ``upper_bound(…, alpha) < threshold`` is the same as this value being below ``alpha``.
    """
    _check(totals, sizes, ceiling)
    values = totals / sizes
    if values.max() - values.min() <= 1e-12:
        above, below = ceiling - threshold, threshold - float(values[0])
        if above <= 0 or below <= 0:
            return 0.0 if above <= 0 else 1.0
        return math.pow(share * above / (share * above + below), totals.size)
    return _probability_positive(*_coefficients(_grouped(totals, sizes, ceiling, share), threshold))


def _check(totals: FloatArray, sizes: FloatArray, ceiling: float) -> None:
    if totals.size == 0 or totals.shape != sizes.shape:
        raise ArgusEvalError(
            f"bounded mean: {totals.shape} totals for {sizes.shape} sizes; pass one of each a cluster"
        )
    if float((totals - ceiling * sizes).max()) > 1e-9 * float(sizes.max()):
        raise ArgusEvalError(
            f"bounded mean: a value lies beyond its bound {ceiling}; pass the bounds of the score"
        )


def _grouped(
    totals: FloatArray, sizes: FloatArray, ceiling: float, share: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Distinct clusters (totals, sizes) and how often each occurs, with the worst-case cluster appended."""
    # As complex numbers, because sorting rows is ten times slower.
    pairs, counts = np.unique((totals + 1j * sizes).round(12), return_counts=True)
    size = share * float((sizes**2).sum() / sizes.sum())
    return (
        np.append(pairs.real, ceiling * size),
        np.append(pairs.imag, size),
        np.append(counts, 1).astype(np.float64),
    )


def _coefficients(
    grouped: tuple[FloatArray, FloatArray, FloatArray], threshold: float
) -> tuple[FloatArray, FloatArray]:
    totals, sizes, counts = grouped
    coefficients = totals - threshold * sizes
    scale = np.abs(coefficients).max()
    kept = np.abs(coefficients) > 1e-13 * scale
    return coefficients[kept] / scale, counts[kept]


def _probability_positive(coefficients: FloatArray, counts: FloatArray) -> float:
    """P(Σ c_k Γ(n_k) > 0) for independent gamma variables.

    Bromwich's integral of ``exp(K(s)) / s`` with ``K(s) = −Σ n_k log(1 − c_k s)`` along the vertical line through
    its saddle point, by the trapezoid rule, which converges exponentially there.
    """
    if not (coefficients > 0).any():
        return 0.0
    if not (coefficients < 0).any():
        return 1.0
    saddle = _saddle_point(coefficients, counts)
    remaining = 1 - saddle * coefficients
    curvature = float((counts * (coefficients / remaining) ** 2).sum() + 1 / saddle**2)
    width = 1 / math.sqrt(curvature)

    reaches = width * 2.0 ** np.arange(1, 16)
    decay = -0.5 * (
        counts @ np.log1p((np.outer(coefficients / remaining, reaches)) ** 2) + np.log1p((reaches / saddle) ** 2)
    )
    enough = np.flatnonzero(decay < _NEGLIGIBLE)
    reach = float(reaches[enough[0]] if enough.size else reaches[-1])
    nodes = min(math.ceil(reach / width * _NODES_PER_WIDTH), _MOST_NODES)
    step = reach / nodes
    points = saddle + 1j * step * np.arange(nodes + 1)
    exponent = -(counts @ np.log1p(-np.outer(coefficients, points))) - np.log(points)
    terms = np.exp(exponent).real
    integral = step * (float(terms.sum()) - 0.5 * float(terms[0])) / math.pi
    return min(max(integral, 0.0), 1.0)


def _saddle_point(coefficients: FloatArray, counts: FloatArray) -> float:
    """The minimum of ``K(s) − log s`` between 0 and the first pole, by safeguarded Newton steps."""
    low, high = 0.0, 1 / float(coefficients.max())
    point = min(high / 2, 1 / math.sqrt(float((counts * coefficients**2).sum())))
    for _ in range(60):
        ratio = coefficients / (1 - point * coefficients)
        slope = float(counts @ ratio) - 1 / point
        if slope > 0:
            high = point
        else:
            low = point
        curvature = float(counts @ ratio**2) + 1 / point**2
        moved = point - slope / curvature
        if not low < moved < high:
            moved = (low + high) / 2
        if abs(moved - point) <= 1e-3 * point:
            return moved
        point = moved
    return point
