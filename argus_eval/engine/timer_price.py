"""What stage timers cost, read from the records of a latency pass (MEASUREMENT §4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from argus_eval.core.record import Record
from argus_eval.core.results import Instrumentation
from argus_eval.stats.drift import MOST_OVERHEAD, Overhead, paired_overhead, replayed_overhead

__all__ = ["timer_price"]


def timer_price(records: Sequence[Record]) -> Instrumentation | None:
    """Timers' price: what they took again beside each request, and blocks that were run with them and without.

    The pairs would also show what a span does to the work inside it, but not below what the machine's noise lets
    through; the first says how much the timers themselves are, however noisy the machine is.
    """
    replayed, requests = _replayed(records)
    paired, pairs = _paired(records)
    leading = replayed or paired
    if leading is None:
        return None
    shown = paired is not None and paired.lower > 0 and paired.cost > MOST_OVERHEAD
    return Instrumentation(
        cost=leading.cost,
        upper=leading.upper,
        requests=requests,
        pairs=pairs,
        paired_cost=None if paired is None else paired.cost,
        paired_ci=None if paired is None else (paired.lower, paired.upper),
        hides_stages=leading.hides_stages or shown,
    )


def _replayed(records: Sequence[Record]) -> tuple[Overhead | None, int]:
    """In the arm in which the timers weigh most, and the requests of that arm."""
    shares: dict[str, list[float]] = defaultdict(list)
    for record in records:
        times = record.times_ns
        if record.role == "measured" and record.status == "ok" and times.ttft and times.timers is not None:
            shares[record.arm].append(times.timers / times.ttft)
    found = [
        (price, len(values))
        for values in shares.values()
        if (price := replayed_overhead(np.array(values))) is not None
    ]
    return max(found, key=lambda item: item[0].upper) if found else (None, 0)


def _paired(records: Sequence[Record]) -> tuple[Overhead | None, int]:
    """From the blocks that were run with timers and without, and the number of pairs."""
    ttft: dict[str, dict[tuple[int, str], dict[str, int]]] = {
        role: defaultdict(dict) for role in ("measured", "timers-off")
    }
    for record in records:
        if record.role in ttft and record.status == "ok" and record.times_ns.ttft:
            ttft[record.role][record.block, record.image][record.arm] = record.times_ns.ttft
    rows = [
        (ttft["measured"][place], off) for place, off in ttft["timers-off"].items() if place in ttft["measured"]
    ]
    arms = _shared_arms(rows)
    whole = [(on, off) for on, off in rows if arms <= set(on) and arms <= set(off)]
    if not whole or not arms:
        return None, 0
    ordered = sorted(arms)
    with_timers = np.array([[on[arm] for arm in ordered] for on, _ in whole], dtype=np.float64)
    without = np.array([[off[arm] for arm in ordered] for _, off in whole], dtype=np.float64)
    return paired_overhead(with_timers, without), with_timers.size


def _shared_arms(rows: Sequence[tuple[Mapping[str, int], Mapping[str, int]]]) -> set[str]:
    """Arms that most rows have; a row where one failed is left out later."""
    return {arm for _, off in rows for arm in off}
