"""Resampling a corpus metric: what does not depend on the weights is computed once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from argus_eval.metrics.protocol import CorpusMetric

__all__ = ["PreparedMetric", "Weights", "WeightedValues", "prepared"]

Weights = NDArray[np.float64]

#: Every named value, given how often each sample counts (once, where ``None``).
WeightedValues = Callable[[Weights | None], Mapping[str, float | None]]


@runtime_checkable
class PreparedMetric(Protocol):
    """A corpus metric with a cheap inner loop: a bootstrap prepares once and reduces a thousand times."""

    def prepare(self, statistics: Sequence[Any]) -> WeightedValues:
        """A function of the weights alone; ``prepare(s)(w)`` equals ``reduce(s, w)``."""
        ...


def prepared(metric: CorpusMetric, statistics: Sequence[Any]) -> WeightedValues:
    """``metric.prepare(statistics)`` where the metric has it, else a closure over ``reduce``."""
    if isinstance(metric, PreparedMetric):
        return metric.prepare(statistics)
    return lambda weights: metric.reduce(statistics, weights)
