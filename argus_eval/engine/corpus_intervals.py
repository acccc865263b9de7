"""Intervals of every value of a corpus metric, all from the same draws of images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from argus_eval.metrics.corpus import WeightedValues
from argus_eval.metrics.protocol import CorpusMetric
from argus_eval.stats.bootstrap import MINIMUM_DRAWS, MINIMUM_IMAGES, Bootstrap, cluster_weights

__all__ = ["corpus_intervals", "resampled"]

_LEVEL = 0.95

#: values that another program computes: running it a thousand times is not worth an interval
_FOREIGN = frozenset(("METEOR",))


def resampled(metric: CorpusMetric, clusters: Sequence[str]) -> bool:
    """Whether intervals are to be had: there are 200 images, and a draw does not start another program."""
    return len(set(clusters)) >= MINIMUM_IMAGES and not any(info.name in _FOREIGN for info in metric.infos)


def corpus_intervals(
    values: WeightedValues, clusters: Sequence[str], seed: int
) -> dict[str, tuple[float, float] | None]:
    """95 % percentile intervals over images (MEASUREMENT §17).

    Args:
        values: every named value as a function of weights, shape (n,).
        clusters: shape (n,), the image of each item.
        seed: of the draws.

    Returns:
        Name → interval; ``None`` where more than 1 % of the draws leave the value undefined.
    """
    draws: dict[str, list[float]] = {}
    for weights in cluster_weights(clusters, MINIMUM_DRAWS, seed):
        for name, value in values(weights).items():
            draws.setdefault(name, [])
            if value is not None:
                draws[name].append(value)
    images = len(set(clusters))
    return {name: _interval(defined, images) for name, defined in draws.items()}


def _interval(defined: Sequence[float], images: int) -> tuple[float, float] | None:
    summary = Bootstrap(
        estimate=None,
        interval=None,
        draws=np.array(defined, dtype=np.float64),
        images=images,
        undefined=MINIMUM_DRAWS - len(defined),
    )
    interval = summary.interval_at(_LEVEL)
    return (interval.low, interval.high) if interval else None
