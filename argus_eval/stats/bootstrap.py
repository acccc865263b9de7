"""Cluster bootstrap for corpus metrics: AP, CIDEr, and differences of them between two arms.

A corpus metric is not a mean, so its sampling error comes from drawing whole images again with replacement.
An image drawn k times is an image of weight k; the metric recomputes itself from weights and its per-sample
sufficient statistics, without touching predictions again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from argus_eval.errors import ArgusEvalError, UsageError
from argus_eval.stats.cluster import Labels
from argus_eval.stats.intervals import FloatArray, Interval, check_level

__all__ = [
    "MINIMUM_DRAWS",
    "MINIMUM_IMAGES",
    "Bootstrap",
    "cluster_bootstrap",
    "cluster_weights",
    "paired_cluster_bootstrap",
]

#: Percentile intervals below these are not printed (MEASUREMENT §17)
MINIMUM_DRAWS = 1_000
MINIMUM_IMAGES = 200

# A statistic that is undefined in more draws than this has no interval: what is left is a selection.
_MOST_UNDEFINED = 0.01

#: weights of the items, shape (n,), whole numbers ≥ 0, in; the metric, or None where it is undefined, out
Statistic = Callable[[FloatArray], float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootstrap:
    """A statistic with its bootstrap distribution.

    Attributes:
        estimate: the statistic of the data as they are; None where it is undefined.
        interval: percentile interval; None for fewer than 200 images or where more than 1 % of the draws leave
            the statistic undefined.
        draws: shape (D,), the statistic in each draw where it was defined.
        images: number of clusters.
        undefined: draws in which the statistic was undefined.
    """

    estimate: float | None
    interval: Interval | None
    draws: FloatArray
    images: int
    undefined: int

    def interval_at(self, level: float) -> Interval | None:
        """The percentile interval at another level, from the same draws."""
        check_level(level)
        total = self.draws.size + self.undefined
        if self.images < MINIMUM_IMAGES or self.undefined > _MOST_UNDEFINED * total:
            return None
        low, high = np.quantile(self.draws, [(1 - level) / 2, (1 + level) / 2])
        return Interval(low=float(low), high=float(high), level=level)


def cluster_weights(clusters: Labels, draws: int, seed: int | np.random.Generator) -> Iterator[FloatArray]:
    """Weights of the items in each bootstrap draw: how often their image was drawn.

    Args:
        clusters: shape (n,), the image of each item.
        draws: how many draws.
        seed: an integer or a generator; the same integer gives the same draws.

    Yields:
        Shape (n,), one array a draw.
    """
    inverse = np.unique(np.asarray(clusters), return_inverse=True)[1]
    images = int(inverse.max()) + 1 if inverse.size else 0
    if images == 0:
        raise ArgusEvalError("bootstrap: no item to draw from; an empty task has no metric")
    rng = np.random.default_rng(seed)
    for _ in range(draws):
        counts = np.bincount(rng.integers(images, size=images), minlength=images).astype(np.float64)
        yield counts[inverse]


def cluster_bootstrap(
    statistic: Statistic,
    clusters: Labels,
    *,
    seed: int | np.random.Generator,
    draws: int = 2_000,
    level: float = 0.95,
) -> Bootstrap:
    """Percentile bootstrap over images of one corpus metric.

    Args:
        statistic: maps item weights, shape (n,), to the metric or None.
        clusters: shape (n,), the image of each item.
        seed: an integer or a generator.
        draws: at least 1,000.
        level: confidence.

    Raises:
        UsageError: fewer than 1,000 draws.
    """
    check_level(level)
    _check_draws(draws)
    values = [statistic(weights) for weights in cluster_weights(clusters, draws, seed)]
    return _summarise(statistic(np.ones(len(clusters))), values, clusters, level)


def paired_cluster_bootstrap(
    baseline: Statistic,
    arm: Statistic,
    clusters: Labels,
    *,
    seed: int | np.random.Generator,
    draws: int = 2_000,
    level: float = 0.95,
    keep: float = 1.0,
) -> Bootstrap:
    """Percentile bootstrap of ``arm − keep × baseline``, both arms drawing the same images.

    Args:
        baseline, arm: statistics over the same items in the same order.
        clusters: shape (n,), the image of each item.
        seed, draws, level: as in :func:`cluster_bootstrap`.
        keep: the fraction of the baseline that has to be kept; 1 for the plain difference.
    """
    check_level(level)
    _check_draws(draws)

    def difference(weights: FloatArray) -> float | None:
        before, after = baseline(weights), arm(weights)
        return None if before is None or after is None else after - keep * before

    values = [difference(weights) for weights in cluster_weights(clusters, draws, seed)]
    return _summarise(difference(np.ones(len(clusters))), values, clusters, level)


def _check_draws(draws: int) -> None:
    if draws < MINIMUM_DRAWS:
        raise UsageError(
            f"bootstrap: {draws} draws; at least {MINIMUM_DRAWS:,} are needed for a percentile interval"
        )


def _summarise(estimate: float | None, values: list[float | None], clusters: Labels, level: float) -> Bootstrap:
    defined = np.array([value for value in values if value is not None], dtype=np.float64)
    result = Bootstrap(
        estimate=estimate,
        interval=None,
        draws=defined,
        images=int(np.unique(np.asarray(clusters)).size),
        undefined=len(values) - defined.size,
    )
    if estimate is None:
        return result
    return Bootstrap(
        estimate=estimate,
        interval=result.interval_at(level),
        draws=defined,
        images=result.images,
        undefined=result.undefined,
    )
