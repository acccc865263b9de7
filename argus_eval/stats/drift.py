"""Did the machine change while it was being measured, and what did measuring cost.

Drift is read from sentinel requests of the baseline that count for nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from argus_eval.errors import ArgusEvalError
from argus_eval.stats.intervals import FloatArray, Interval, Values, check_level, order_statistic_interval

__all__ = ["MOST_DRIFT", "Drift", "Overhead", "drift", "paired_overhead", "replayed_overhead"]

#: Total relative drift over a run that is still called none
MOST_DRIFT = 0.02
#: Cost of instrumentation above which stages are not shown
MOST_OVERHEAD = 0.02

_FEWEST_SENTINELS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Total drift of latency from the first to the last sentinel.

    Attributes:
        total: relative change, 0.03 for 3 % slower at the end.
        interval: Theil–Sen interval of ``total``.
        n: sentinel requests.
        flagged: whether the interval leaves ±2 %, because there is drift or because it cannot be excluded.
    """

    total: float
    interval: Interval
    n: int
    flagged: bool

    @property
    def settled(self) -> bool:
        """Whether no trend is seen: the interval contains 0. The end of a warm-up."""
        return self.interval.contains(0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overhead:
    """What instrumentation adds to a latency: relative cost, and its one-sided 95 % bounds."""

    cost: float
    lower: float
    upper: float

    @property
    def hides_stages(self) -> bool:
        """Whether the bound lies above 2 %, so that stage times may not be shown."""
        return self.upper > MOST_OVERHEAD


def drift(
    times_s: Values,
    latencies_s: Values,
    *,
    requests: Sequence[object] | None = None,
    level: float = 0.95,
    most: float = MOST_DRIFT,
) -> Drift | None:
    """Theil–Sen slope of log latency over time, expressed as the total over the run.

    The interval is Sen's (1968), from Kendall's statistic; a quarter of the sentinels may be disturbed without
    moving it far.

    Args:
        times_s: shape (n,), when each sentinel started, seconds.
        latencies_s: shape (n,), seconds > 0.
        requests: which request each was, where sentinels differ; each is compared with its own median. None: one.
        level: confidence.
        most: total drift that is not flagged, 0.02 for ±2 %.

    Returns:
        The drift, or None for fewer than 6 sentinels or no time between them.
    """
    from scipy import stats

    check_level(level)
    times, latencies = np.asarray(times_s, dtype=np.float64), np.asarray(latencies_s, dtype=np.float64)
    if times.shape != latencies.shape or times.ndim != 1 or not (latencies > 0).all():
        raise ArgusEvalError(
            f"drift: {times.shape} times and {latencies.shape} latencies; expected as many of each, latencies > 0"
        )
    span = float(np.ptp(times)) if times.size else 0.0
    if times.size < _FEWEST_SENTINELS or span == 0:
        return None
    logs = _against_own_median(np.log(latencies), requests)
    slope, _, low, high = stats.theilslopes(logs, (times - times.min()) / span, alpha=level)
    interval = Interval(low=math.expm1(low), high=math.expm1(high), level=level)
    return Drift(
        total=math.expm1(slope),
        interval=interval,
        n=times.size,
        flagged=not (-most <= interval.low and interval.high <= most),
    )


def replayed_overhead(shares: FloatArray, *, level: float = 0.95) -> Overhead | None:
    """Price of instrumentation in a usual request, from what doing it once more took beside each.

    The median with distribution-free bounds: where something else takes the core for ten milliseconds in the
    middle of ten readings of a clock, a mean would call that the price of reading it.

    Args:
        shares: shape (requests,), of the latency.
        level: confidence of each bound.

    Returns:
        The cost, or None for too few requests to bound it.
    """
    check_level(level)
    interval = order_statistic_interval(shares, 0.5, 2 * level - 1) if shares.size else None
    if interval is None:
        return None
    return Overhead(cost=float(np.median(shares)), lower=interval.low, upper=interval.high)


def paired_overhead(with_timers: FloatArray, without: FloatArray, *, level: float = 0.95) -> Overhead | None:
    """Price of instrumentation, from the same requests made with stage timers and without, one beside the other.

    Images differ far more than timers cost; pairing takes that out. Student's t on the mean log-ratio of each row
    (one image under several arms), because its requests share what the machine did in that second.

    Args:
        with_timers, without: shape (rows, arms), seconds > 0.
        level: confidence of each bound.

    Returns:
        The cost, or None for fewer than two rows.
    """
    check_level(level)
    if with_timers.ndim != 2 or with_timers.shape != without.shape:
        raise ArgusEvalError(
            f"overhead: {with_timers.shape} and {without.shape}; expected two equal shapes (rows, arms)"
        )
    if with_timers.shape[0] < 2:
        return None
    ratios = (np.log(with_timers) - np.log(without)).mean(axis=1)
    cost = float(ratios.mean())
    error = float(ratios.std(ddof=1)) / math.sqrt(ratios.size)
    reach = float(special.stdtrit(ratios.size - 1, level)) * error
    return Overhead(cost=math.expm1(cost), lower=math.expm1(cost - reach), upper=math.expm1(cost + reach))


def _against_own_median(logs: FloatArray, requests: Sequence[object] | None) -> FloatArray:
    if requests is None:
        return logs
    if len(requests) != logs.size:
        raise ArgusEvalError(f"drift: {logs.size} latencies but {len(requests)} request names; pass one each")
    _, inverse = np.unique(np.asarray(requests), return_inverse=True)
    medians = np.array([np.median(logs[inverse == group]) for group in range(int(inverse.max()) + 1)])
    centred: FloatArray = logs - medians[inverse]
    return centred
