"""Warming up: images that are not measured, until nothing is compiled any more and no trend is left."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from argus_eval.core.record import Record, record_key
from argus_eval.engine.blocks import BlockPlace, TimedPass, attempt, make_record
from argus_eval.engine.budget import Stopwatch
from argus_eval.engine.workload import Workload
from argus_eval.stats.intervals import t_interval

__all__ = ["WarmedUp", "compilations", "warm_up"]

_MOST_ROUNDS, _FEWEST_ROWS = 8, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmedUp:
    """What the warm-up did, for the log, and what it says of the machine.

    Attributes:
        records: of every request made; logged, never counted.
        settled: nothing was compiled in the last round, and its trend interval contains 0.
        seconds_a_row: one image under every arm, as of the last round.
    """

    records: tuple[Record, ...]
    settled: bool
    seconds_a_row: float


def warm_up(
    job: TimedPass, workload: Workload, place: BlockPlace, watch: Stopwatch, *, most_rounds: int = _MOST_ROUNDS
) -> WarmedUp:
    """Run every warm-up image under every arm, round after round.

    One row is made in any case; ``job.warmup_s`` ends it. A round has three rows at least, and each of its rows is
    compared with the same image a round before: Student's t on the log-ratios (MEASUREMENT §7).
    """
    began_s = watch.spent_s()
    sitting = sum(job.owns(record) and record.role == "warmup" for record in job.done.values())
    records: list[Record] = []
    rows: list[float] = []
    images = workload.warmup * -(-_FEWEST_ROWS // len(workload.warmup))
    for number in range(most_rounds):
        compiled = compilations()
        for item in images:
            start_s = watch.spent_s()
            for arm in job.arms:
                at_s, outcome = watch.spent_s(), attempt(job.measure, arm, item)
                key = record_key(job.name, job.section, "warmup", arm, place.replicate, sitting + len(records))
                records.append(make_record(job, arm, item, (place, len(records), "warmup"), (key, at_s, outcome)))
            rows.append(watch.spent_s() - start_s)
            if watch.spent_s() - began_s + rows[-1] > job.warmup_s:
                return _done(records, rows, len(images), settled=False)
        if (
            number
            and compilations() == compiled
            and _no_trend(rows[-2 * len(images) : -len(images)], rows[-len(images) :])
        ):
            return _done(records, rows, len(images), settled=True)
    return _done(records, rows, len(images), settled=False)


def compilations() -> int:
    """Graphs that ``torch.compile`` has made in this process so far; 0 where it was never used."""
    module = sys.modules.get("torch._dynamo.utils")
    return int(module.counters["stats"]["unique_graphs"]) if module is not None else 0


def _no_trend(before: Sequence[float], after: Sequence[float]) -> bool:
    """Whether the interval of the change from one round to the next contains 0; the same images in both."""
    change = t_interval(np.log(np.maximum(after, 1e-9)) - np.log(np.maximum(before, 1e-9)))
    return change is not None and change.contains(0.0)


def _done(records: Sequence[Record], rows: Sequence[float], round_size: int, *, settled: bool) -> WarmedUp:
    last = rows[-round_size:]
    # Until a round is complete its beginning, with everything lazy in it, is not typical of what follows.
    typical = sum(last) / len(last) if len(rows) > round_size else rows[-1]
    verdict = {"settled": float(settled)}
    return WarmedUp(
        records=tuple(replace(record, values=verdict) for record in records),
        settled=settled,
        seconds_a_row=typical,
    )
