"""Means of scores whose items share images: the image, not the question, is what was sampled.

``clusters`` is everywhere an array of image identities (strings or integers), one an item. With one item per image
every formula reduces to the one for independent items.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from argus_eval.errors import ArgusEvalError
from argus_eval.stats import bounded_mean
from argus_eval.stats.intervals import FloatArray, Interval, Values, check_level, wilson

__all__ = [
    "FEW_DEVIATING",
    "ClusterTotals",
    "accuracy_interval",
    "cluster_robust_interval",
    "cluster_totals",
    "skewness_corrected_interval",
    "skewness_corrected_statistic",
]

Labels = Sequence[object] | npt.NDArray[np.generic]

#: Below this many clusters that differ from the commonest value, no normal approximation (MEASUREMENT §18)
FEW_DEVIATING = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterTotals:
    """A clustered sample reduced to one total and one size a cluster.

    Attributes:
        totals: shape (G,), the sum of weight × value over the items of each cluster.
        sizes: shape (G,), the sum of their weights.
        items: number of items.
    """

    totals: FloatArray
    sizes: FloatArray
    items: int

    @property
    def clusters(self) -> int:
        """Number of clusters, G."""
        return int(self.totals.size)

    @property
    def mean(self) -> float:
        """The weighted mean over items."""
        return float(self.totals.sum() / self.sizes.sum())

    @property
    def influence(self) -> FloatArray:
        """What each cluster contributes to the error of the mean, shape (G,); its average is 0."""
        centred: FloatArray = self.totals - self.mean * self.sizes
        return centred * (self.clusters / float(self.sizes.sum()))

    @property
    def standard_error(self) -> float:
        """Cluster-robust standard error of the mean, with the factor G / (G − 1); 0 for one cluster.

        Miller (2024, arXiv 2411.00640, eq. 4) with the small-sample factor of Liang & Zeger's estimator.
        """
        g = self.clusters
        if g < 2:
            return 0.0
        return math.sqrt(float((self.influence**2).sum()) / (g * (g - 1)))

    @property
    def effective_deviating(self) -> float:
        """How many equally large deviations the spread amounts to: (Σu²)² / Σu⁴ over the influences u.

        With d clusters that differ by the same amount among many that don't, d; 0 where nothing varies.
        """
        squares = self.influence**2
        fourth = float((squares**2).sum())
        return float(squares.sum()) ** 2 / fourth if fourth > 0 else 0.0

    @property
    def freedom(self) -> float:
        """Degrees of freedom of the standard error: twice the effective deviations, at most G − 1.

        Matches the variance of the sum of squares: where only 40 images of 2,500 deviate, the standard error is
        known as well as from about 80 values, not from 2,500.
        """
        return min(max(2 * self.effective_deviating, 1.0), max(self.clusters - 1.0, 1.0))


def cluster_totals(values: Values, clusters: Labels, weights: Values | None = None) -> ClusterTotals:
    """Sum values within clusters.

    Args:
        values: shape (n,), finite.
        clusters: shape (n,), the image of each item.
        weights: shape (n,), positive; None weighs all items alike.

    Raises:
        ArgusEvalError: lengths differ, there is no item, or a value is not finite.
    """
    array = np.asarray(values, dtype=np.float64)
    labels = np.asarray(clusters)
    weight = np.ones_like(array) if weights is None else np.asarray(weights, dtype=np.float64)
    if array.ndim != 1 or labels.shape != array.shape or weight.shape != array.shape:
        raise ArgusEvalError(
            f"clustered values: shapes {array.shape}, clusters {labels.shape}, weights {weight.shape}; "
            "expected one cluster and one weight an item"
        )
    if array.size == 0 or not np.isfinite(array).all() or not (weight > 0).all():
        raise ArgusEvalError(
            "clustered values: expected at least one item, finite values and positive weights; "
            "leave unscored items out"
        )
    inverse = np.unique(labels, return_inverse=True)[1]
    return ClusterTotals(
        totals=np.bincount(inverse, weights=array * weight).astype(np.float64),
        sizes=np.bincount(inverse, weights=weight).astype(np.float64),
        items=array.size,
    )


def cluster_robust_interval(values: Values, clusters: Labels, level: float = 0.95) -> Interval | None:
    """Mean ± t(G − 1) × cluster-robust standard error.

    Returns:
        The interval, or None for fewer than two clusters. It has no width where all values are equal; use
        :func:`accuracy_interval` for scores in [0, 1].
    """
    check_level(level)
    sample = cluster_totals(values, clusters)
    if sample.clusters < 2:
        return None
    reach = float(special.stdtrit(sample.clusters - 1, (1 + level) / 2)) * sample.standard_error
    return Interval(low=sample.mean - reach, high=sample.mean + reach, level=level)


def accuracy_interval(values: Values, clusters: Labels, level: float = 0.95) -> Interval | None:
    """Interval of a mean score, by the method its data allow.

    One 0/1 item per image: Wilson. Otherwise, where at least 30 images differ from the commonest value:
    cluster-robust t. Where fewer do, and the scores lie in [0, 1]: exact-type bounds over clusters, so that 900
    right answers of 900 read [0.997, 1], not [1, 1].

    Args:
        values: shape (n,), scores.
        clusters: shape (n,), the image of each item.
        level: confidence.

    Returns:
        The interval, or None for fewer than two items, and for fewer than two images where the scores are
        unbounded.
    """
    check_level(level)
    sample = cluster_totals(values, clusters)
    if sample.items < 2:
        return None
    array = np.asarray(values, dtype=np.float64)
    in_unit = bool((array >= 0).all() and (array <= 1).all())
    binary = bool(((array == 0) | (array == 1)).all())
    if binary and sample.clusters == sample.items:
        return wilson(int(array.sum()), sample.items, level)
    if in_unit and _deviating(sample) < FEW_DEVIATING:
        return _exact_interval(sample, level)
    interval = cluster_robust_interval(values, clusters, level)
    return interval.clip(0.0, 1.0) if interval is not None and in_unit else interval


def _deviating(sample: ClusterTotals) -> int:
    """Clusters whose mean differs from the commonest one."""
    means = (sample.totals / sample.sizes).round(12)
    return sample.clusters - int(np.unique(means, return_counts=True)[1].max())


def _exact_interval(sample: ClusterTotals, level: float) -> Interval:
    if _deviating(sample) == 0:
        # Nothing deviates: one bound on the share of clusters that would is all there is to say.
        unseen = 1 - (1 - level) ** (1 / sample.clusters)
        mean = sample.mean
        return Interval(low=mean - mean * unseen, high=mean + (1 - mean) * unseen, level=level)
    alpha = (1 - level) / 2
    return Interval(
        low=bounded_mean.lower_bound(sample.totals, sample.sizes, 0.0, alpha),
        high=bounded_mean.upper_bound(sample.totals, sample.sizes, 1.0, alpha),
        level=level,
    )


def skewness_corrected_interval(sample: ClusterTotals, level: float = 0.95) -> Interval:
    """Interval of the mean whose two tails each hold their level for skewed values.

    Hall's (1992, *On the removal of skewness by transformation*, JRSS B 54) monotone cubic transformation of the
    cluster-robust t statistic, inverted. Rare losses make a paired difference skewed; without the correction a
    one-sided test at a margin that is all losses passes 6–7 % of the time instead of 5 %.

    Raises:
        ArgusEvalError: fewer than two clusters.
    """
    check_level(level)
    if sample.clusters < 2:
        raise ArgusEvalError(f"interval over {sample.clusters} cluster(s): at least 2 are needed")
    g = sample.clusters
    quantile = float(special.stdtrit(sample.freedom, (1 + level) / 2)) / math.sqrt(g)
    deviation = sample.standard_error * math.sqrt(g)
    skewness = _skewness(sample)
    return Interval(
        low=sample.mean - deviation * _inverse_transform(quantile, skewness, g),
        high=sample.mean - deviation * _inverse_transform(-quantile, skewness, g),
        level=level,
    )


def skewness_corrected_statistic(sample: ClusterTotals, mean: float) -> float:
    """Hall's transformed statistic of "the true mean is ``mean``"; compare with t(``sample.freedom``).

    Positive where the sample mean lies above ``mean``. Infinite where nothing varies.
    """
    if sample.standard_error == 0:
        return math.copysign(math.inf, sample.mean - mean) if sample.mean != mean else 0.0
    g = sample.clusters
    skewness = _skewness(sample)
    t = (sample.mean - mean) / (sample.standard_error * math.sqrt(g))
    return math.sqrt(g) * (t + skewness * t**2 / 3 + skewness**2 * t**3 / 27 + skewness / (6 * g))


def _skewness(sample: ClusterTotals) -> float:
    influence = sample.influence
    variance = float((influence**2).mean())
    return float((influence**3).mean()) / variance**1.5 if variance > 0 else 0.0


def _inverse_transform(value: float, skewness: float, clusters: int) -> float:
    shifted = value - skewness / (6 * clusters)
    if abs(skewness) < 1e-8:
        return shifted
    return 3 / skewness * (float(np.cbrt(1 + skewness * shifted)) - 1)
