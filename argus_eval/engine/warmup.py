"""Warming up: images that are not measured, until nothing is compiled any more and no trend is left."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

from argus_eval.core.record import Record, record_key
from argus_eval.engine.blocks import BlockPlace, TimedPass, attempt, make_record
from argus_eval.engine.budget import Stopwatch
from argus_eval.engine.workload import Workload
from argus_eval.stats.drift import drift

__all__ = ["WarmedUp", "compilations", "warm_up"]

_MOST_ROUNDS = 8


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

    One row is made in any case; ``job.warmup_s`` ends it. Two rounds at least are needed to see a trend: each
    image is compared with its own median of the last two (Theil–Sen, MEASUREMENT §7 and §13).
    """
    began_s = watch.spent_s()
    sitting = sum(job.owns(record) and record.role == "warmup" for record in job.done.values())
    records: list[Record] = []
    rows: list[tuple[str, float, float]] = []
    for number in range(most_rounds):
        compiled = compilations()
        for item in workload.warmup:
            start_s = watch.spent_s()
            for arm in job.arms:
                at_s, outcome = watch.spent_s(), attempt(job.measure, arm, item)
                key = record_key(job.name, job.section, "warmup", arm, place.replicate, sitting + len(records))
                records.append(make_record(job, arm, item, (place, len(records), "warmup"), (key, at_s, outcome)))
            rows.append((item.image, start_s, watch.spent_s() - start_s))
            if watch.spent_s() - began_s + rows[-1][2] > job.warmup_s:
                return _done(records, rows, len(workload.warmup), settled=False)
        if number and compilations() == compiled and _no_trend(rows[-2 * len(workload.warmup) :]):
            return _done(records, rows, len(workload.warmup), settled=True)
    return _done(records, rows, len(workload.warmup), settled=False)


def compilations() -> int:
    """Graphs that ``torch.compile`` has made in this process so far; 0 where it was never used."""
    module = sys.modules.get("torch._dynamo.utils")
    return int(module.counters["stats"]["unique_graphs"]) if module is not None else 0


def _no_trend(rows: Sequence[tuple[str, float, float]]) -> bool:
    """Whether the last two rounds show no drift; with fewer than six rows that cannot be told."""
    seen = drift(
        [start_s for _, start_s, _ in rows],
        [max(seconds, 1e-9) for _, _, seconds in rows],
        requests=[image for image, _, _ in rows],
    )
    return seen is not None and seen.settled


def _done(
    records: Sequence[Record], rows: Sequence[tuple[str, float, float]], round_size: int, *, settled: bool
) -> WarmedUp:
    last = [seconds for _, _, seconds in rows[-round_size:]]
    # Until a round is complete its beginning, with everything lazy in it, is not typical of what follows.
    typical = sum(last) / len(last) if len(rows) > round_size else rows[-1][2]
    verdict = {"settled": float(settled)}
    return WarmedUp(
        records=tuple(replace(record, values=verdict) for record in records),
        settled=settled,
        seconds_a_row=typical,
    )
