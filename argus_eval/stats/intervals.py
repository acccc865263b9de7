"""Intervals of one sample: proportions, means of replicates, quantiles.

Everything here treats the values it is given as independent. Items that share an image are not; they belong
to `argus_eval.stats.cluster`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from argus_eval.errors import ArgusEvalError, UsageError

__all__ = [
    "FloatArray",
    "Interval",
    "Quantile",
    "early_stopping_bound",
    "minimum_requests",
    "order_statistic_interval",
    "quantile_with_minimum",
    "t_bounds",
    "t_interval",
    "wilson",
]

Values = Sequence[float] | npt.NDArray[np.float64]
FloatArray = npt.NDArray[np.float64]

#: MLPerf's confidence for a tail percentile (inference rules, early stopping)
EARLY_STOPPING_CONFIDENCE = 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A closed interval and the confidence at which it was computed.

    Attributes:
        low, high: the ends, in the unit of the quantity.
        level: confidence of this one interval, in (0, 1).
    """

    low: float
    high: float
    level: float

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ArgusEvalError(
                f"interval ends are not ordered numbers: low {self.low}, high {self.high}; "
                "check the values for NaN before asking for an interval"
            )

    @property
    def half_width(self) -> float:
        """Half the distance between the ends."""
        return (self.high - self.low) / 2

    def contains(self, value: float) -> bool:
        """Whether ``value`` lies in the interval, ends included."""
        return self.low <= value <= self.high

    def map(self, increasing: Callable[[float], float]) -> Interval:
        """The interval of ``increasing(quantity)``; the function must be increasing (``math.exp``)."""
        return Interval(low=increasing(self.low), high=increasing(self.high), level=self.level)

    def clip(self, low: float, high: float) -> Interval:
        """The interval cut to the values that are possible."""
        return Interval(low=min(max(self.low, low), high), high=max(min(self.high, high), low), level=self.level)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantile:
    """A sample quantile with its distribution-free interval.

    Attributes:
        value: the sample quantile, in the unit of the values.
        interval: None where the ranks it needs do not exist (a median of fewer than 6 values).
        n: distinct requests it rests on.
    """

    value: float
    interval: Interval | None
    n: int


def wilson(successes: int, n: int, level: float = 0.95) -> Interval | None:
    """Score interval of a proportion of independent items (Wilson 1927, no continuity correction).

    Args:
        successes: items that succeeded, 0 … n.
        n: items.
        level: confidence.

    Returns:
        The interval, or None for ``n == 0``.

    >>> interval = wilson(8, 10)
    >>> round(interval.low, 4), round(interval.high, 4)
    (0.4902, 0.9433)
    """
    check_level(level)
    if not 0 <= successes <= n:
        raise ArgusEvalError(f"wilson: {successes} successes of {n} items; expected 0 <= successes <= n")
    if n == 0:
        return None
    z2 = float(special.ndtri((1 + level) / 2)) ** 2
    centre = (successes + z2 / 2) / (n + z2)
    reach = math.sqrt(z2 * (successes * (n - successes) / n + z2 / 4)) / (n + z2)
    low = 0.0 if successes == 0 else centre - reach
    high = 1.0 if successes == n else centre + reach
    return Interval(low=low, high=high, level=level)


def t_bounds(values: FloatArray, level: float = 0.95) -> tuple[FloatArray, FloatArray]:
    """Student's interval of the mean over the last axis, for any leading axes.

    Args:
        values: shape (…, n), n >= 2.
        level: confidence.

    Returns:
        Lower and upper ends, each of shape (…).
    """
    check_level(level)
    n = values.shape[-1]
    if n < 2:
        raise ArgusEvalError(f"t interval: {n} value(s) along the last axis; at least 2 are needed")
    mean = values.mean(axis=-1)
    reach = special.stdtrit(n - 1, (1 + level) / 2) * values.std(axis=-1, ddof=1) / math.sqrt(n)
    return mean - reach, mean + reach


def t_interval(values: Values, level: float = 0.95) -> Interval | None:
    """Student's interval of the mean of independent values; None for fewer than two."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ArgusEvalError(f"t interval: expected shape (n,), got {array.shape}; use t_bounds for more axes")
    if array.size < 2:
        return None
    low, high = t_bounds(array, level)
    return Interval(low=float(low), high=float(high), level=level)


def order_statistic_interval(values: Values, q: float, level: float = 0.95) -> Interval | None:
    """Distribution-free interval of the ``q`` quantile of independent values.

    Its ends are the observations of rank ``binom.ppf(α/2, n, q)`` and ``binom.ppf(1 − α/2, n, q) + 1``: the
    number of values below the true quantile is binomial (David & Nagaraja, *Order Statistics*, §7.1).

    Returns:
        The interval, or None where a rank falls outside 1 … n, that is where n is too small.
    """
    from scipy import stats

    check_level(level)
    check_quantile(q)
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    n = ordered.size
    if n == 0:
        return None
    low_rank = int(stats.binom.ppf((1 - level) / 2, n, q))
    high_rank = int(stats.binom.ppf((1 + level) / 2, n, q)) + 1
    if low_rank < 1 or high_rank > n:
        return None
    return Interval(low=float(ordered[low_rank - 1]), high=float(ordered[high_rank - 1]), level=level)


def minimum_requests(q: float) -> int:
    """How many distinct requests a percentile needs before it may be printed.

    MLPerf's early-stopping minimum for tail percentiles, the smallest n with ``binom.cdf(1, n, 1 − q) <= 0.01``.
    A median and everything below is an ordinary estimate with its own interval and needs one request.

    >>> minimum_requests(0.9), minimum_requests(0.95), minimum_requests(0.99)
    (64, 130, 662)
    """
    check_quantile(q)
    if q <= 0.5:
        return 1
    n = 1
    while special.bdtr(1, n, 1 - q) > 1 - EARLY_STOPPING_CONFIDENCE:
        n += 1
    return n


def early_stopping_bound(values: Values, q: float) -> float | None:
    """MLPerf's estimate of a percentile: an upper 99 % confidence bound for it.

    The t-th largest value with the largest t for which ``binom.cdf(t, n, 1 − q) <= 0.01`` (MLPerf inference
    rules, early stopping with c = 0.99, d = 0).

    Returns:
        The bound, or None for fewer than :func:`minimum_requests` values.
    """
    check_quantile(q)
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    n = ordered.size
    counts = np.arange(1, n + 1)
    allowed = counts[special.bdtr(counts, n, 1 - q) <= 1 - EARLY_STOPPING_CONFIDENCE]
    if allowed.size == 0:
        return None
    return float(ordered[n - int(allowed[-1])])


def quantile_with_minimum(
    values: Values, q: float, *, requests: Sequence[object] | None = None, level: float = 0.95
) -> Quantile | None:
    """A quantile of latencies, printed only where enough distinct requests support it.

    Args:
        values: one latency a measurement.
        q: 0.5, 0.9, 0.99 …
        requests: which distinct request each value belongs to; repeats of one request are reduced to their
            median first, because measuring one image a thousand times says nothing about the tail over images.
            None: every value is a request of its own.
        level: confidence of the interval.

    Returns:
        The quantile, or None for fewer than :func:`minimum_requests` distinct requests.
    """
    array = np.asarray(values, dtype=np.float64)
    if requests is not None:
        array = _median_by_request(array, requests)
    if array.size < minimum_requests(q):
        return None
    return Quantile(
        value=float(np.quantile(array, q)),
        interval=order_statistic_interval(array, q, level),
        n=array.size,
    )


def _median_by_request(values: FloatArray, requests: Sequence[object]) -> FloatArray:
    if len(requests) != values.size:
        raise ArgusEvalError(f"quantile: {values.size} values but {len(requests)} request names; pass one a value")
    groups: dict[object, list[float]] = {}
    for name, value in zip(requests, values, strict=True):
        groups.setdefault(name, []).append(float(value))
    return np.array([float(np.median(group)) for group in groups.values()], dtype=np.float64)


def check_level(level: float) -> None:
    """Raise UsageError unless ``level`` is a confidence in (0, 1)."""
    if not 0 < level < 1:
        raise UsageError(f"confidence level {level}: expected a number between 0 and 1, such as 0.95")


def check_quantile(q: float) -> None:
    """Raise UsageError unless ``q`` is a quantile in (0, 1)."""
    if not 0 < q < 1:
        raise UsageError(f"quantile {q}: expected a number between 0 and 1, such as 0.9 for the 90th percentile")
