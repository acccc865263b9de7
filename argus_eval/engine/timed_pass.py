"""A timed pass: randomised complete blocks of the same images under every arm.

One replicate is one block. Inside it every image is run under every arm before the next image, in an order drawn
anew for each image, so that a drift of the machine falls on all arms alike. Images differ from block to block
while the workload lasts.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from argus_eval.core.codec import to_json
from argus_eval.core.record import Record, Times, record_key
from argus_eval.core.response import Response
from argus_eval.core.timing import Timing
from argus_eval.core.units import format_duration, format_seconds
from argus_eval.engine.budget import MINIMUM_ROWS, BlockSize, Stopwatch, plan_blocks
from argus_eval.engine.narrator import Narrator
from argus_eval.engine.workload import WorkItem, Workload
from argus_eval.errors import SampleError
from argus_eval.stats.latency import LOOKS, stop_reason
from argus_eval.store import RunWriter

__all__ = ["Measure", "TimedPass", "run_timed_pass"]

#: Runs one item on one arm; the response is ``None`` in passes that generate nothing.
Measure = Callable[[str, WorkItem], tuple[Timing, Response | None]]

_WARMUP_SHARE = 0.15
_WARMUP_ROUNDS = 6
_SETTLED = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedPass:
    """What is measured, on what, and how long it may take.

    Attributes:
        name: which pass of the record format it belongs to.
        model: the model all arms belong to; part of every key.
        regime: cache state ("cold-image").
        arms: arm ids, the baseline first, its twin among them.
        measure: how one item is run.
        quantity: the time that replicates are judged by ("ttft", "to_model_ready").
        share: part of the budget that must not be exceeded when this pass ends.
        most_rows: images a block holds at most. aim: replicates that should fit into the budget.
        in_any_case: make the minimum of three rows whatever the budget says.
        done: keys of records that an interrupted run left.
        tokens: output tokens of a request, part of the key; 0 in the host pass.
        seed: of the order.
    """

    name: Literal["latency", "host"]
    model: str
    regime: str
    arms: tuple[str, ...]
    measure: Measure
    quantity: Literal["ttft", "e2e", "to_model_ready"]
    share: float
    most_rows: int
    aim: int
    in_any_case: bool
    done: Mapping[str, Record]
    tokens: int
    seed: int


def run_timed_pass(
    job: TimedPass, workload: Workload, writer: RunWriter, watch: Stopwatch, narrator: Narrator
) -> None:
    """Warm up, then measure blocks until the interval is narrow enough, the last look is reached or time is up."""
    seconds_a_row = _warm_up(job, workload, watch)
    size = _size(job, watch, seconds_a_row)
    minimum = MINIMUM_ROWS if job.in_any_case else 0
    blocks = min(max(size.replicates, -(-minimum // size.rows)), LOOKS[-1])
    longest = format_duration(blocks * size.rows * seconds_a_row)
    each = f"{format_seconds(seconds_a_row)} an image under {len(job.arms)} arms"
    if blocks == 0:
        narrator.say(f"{_title(job)}: {each}; left out, the budget is spent; raise --budget")
    else:
        narrator.say(f"{_title(job)}: {each}; up to {blocks} blocks of {size.rows}, at most {longest}")
    effects: dict[str, list[float]] = {arm: [] for arm in job.arms[1:]}
    replicate = 0
    while replicate * size.rows < minimum or watch.left_s(job.share) >= seconds_a_row * size.rows:
        records = _block(job, workload, replicate, size.rows, writer)
        for arm, value in _effects(records, job).items():
            effects[arm].append(value)
        replicate += 1
        aimed = min(max(size.replicates, minimum), LOOKS[-1])
        narrator.progress(_title(job), replicate, max(replicate, aimed))
        measured = [np.asarray(values) for values in effects.values() if values]
        # By widths and the clock only, never by the size of an effect.
        if replicate >= LOOKS[-1] or (measured and stop_reason(measured, budget_spent=False) is not None):
            return


def _title(job: TimedPass) -> str:
    what = "host work" if job.name == "host" else f"latency, {job.tokens} token{'s' if job.tokens > 1 else ''}"
    return f"{what} {job.model}"


def _size(job: TimedPass, watch: Stopwatch, seconds_a_row: float) -> BlockSize:
    """Block size; a resumed pass keeps the one it began with."""
    begun = sum(record.replicate == 0 for record in job.done.values() if _belongs(record, job))
    left = watch.left_s(job.share)
    if begun:
        rows = max(1, begun // len(job.arms))
        return BlockSize(rows=rows, replicates=int(left / max(seconds_a_row * rows, 1e-6)))
    return plan_blocks(left, seconds_a_row, most_rows=job.most_rows, aim=job.aim)


def _belongs(record: Record, job: TimedPass) -> bool:
    return (
        record.pass_name == job.name
        and record.regime == _regime(job)
        and record.role == "measured"
        and record.arm in job.arms
    )


def _regime(job: TimedPass) -> str:
    """Records of passes with different output lengths are never mixed."""
    return f"{job.regime}/{job.tokens}" if job.name == "latency" else job.regime


def _warm_up(job: TimedPass, workload: Workload, watch: Stopwatch) -> float:
    """Run images that are not measured until times settle; seconds one row costs, as of the last round."""
    previous = None
    began_s = watch.spent_s()
    for round_number in range(_WARMUP_ROUNDS):
        item = workload.warmup[round_number % len(workload.warmup)]
        start_s = watch.spent_s()
        for arm in job.arms:
            _try(job, arm, item)
        row_s = watch.spent_s() - start_s
        settled = previous is not None and abs(row_s - previous) <= _SETTLED * previous
        spent_share = (watch.spent_s() - began_s + row_s) / watch.budget_s
        if settled or spent_share > _WARMUP_SHARE * job.share:
            return row_s
        previous = row_s
    return row_s


def _block(job: TimedPass, workload: Workload, replicate: int, rows: int, writer: RunWriter) -> tuple[Record, ...]:
    """Measure one block, or take it from an interrupted run if it is complete."""
    items = _items(workload, replicate, rows)
    keys = {(arm, item.image): _key(job, arm, replicate, item) for item in items for arm in job.arms}
    kept = [job.done[key] for key in keys.values() if key in job.done]
    if len(kept) == len(keys):
        return tuple(kept)
    if kept:
        writer.discard_tail(frozenset(record.key for record in kept))
    rng = np.random.default_rng([job.seed, replicate, len(job.name), job.tokens])
    gc.collect()
    records: list[Record] = []
    for item in items:
        for arm_index in rng.permutation(len(job.arms)):
            arm = job.arms[int(arm_index)]
            place = (keys[arm, item.image], arm, replicate, len(records))
            records.append(_record(job, item, place, _try(job, arm, item)))
    writer.append(records)
    return tuple(records)


def _items(workload: Workload, replicate: int, rows: int) -> list[WorkItem]:
    """The block's images: the next ones of the workload, from the start again when it is used up."""
    count = min(rows, len(workload.items))
    first = replicate * count
    return [workload.items[(first + offset) % len(workload.items)] for offset in range(count)]


def _key(job: TimedPass, arm: str, replicate: int, item: WorkItem) -> str:
    return record_key(job.name, _regime(job), arm, replicate, item.image)


def _try(job: TimedPass, arm: str, item: WorkItem) -> tuple[Timing, Response | None] | SampleError:
    try:
        return job.measure(arm, item)
    except SampleError as problem:
        return problem


def _record(
    job: TimedPass,
    item: WorkItem,
    place: tuple[str, str, int, int],
    outcome: tuple[Timing, Response | None] | SampleError,
) -> Record:
    key, arm, replicate, order = place
    failed = isinstance(outcome, SampleError)
    timing, response = (None, None) if isinstance(outcome, SampleError) else outcome
    return Record(
        key=key,
        pass_name=job.name,
        arm=arm,
        task=item.task,
        sample=item.sample,
        replicate=replicate,
        block=replicate,
        order=order,
        status="error" if failed else "ok",
        error=str(outcome) if failed else None,
        times_ns=_times(timing),
        lengths=to_json(response.lengths) if response is not None else {},
        hashes=dict(response.hashes) if response is not None else {},
        image=item.image,
        regime=_regime(job),
    )


def _times(timing: Timing | None) -> Times:
    if timing is None:
        return Times()
    return Times(
        ttft=timing.ttft_ns,
        e2e=timing.e2e_ns,
        to_uint8_tiles=timing.to_uint8_tiles_ns,
        to_model_ready=timing.to_model_ready_ns,
        stages=dict(timing.stages_ns),
    )


def _effects(records: Sequence[Record], job: TimedPass) -> dict[str, float]:
    """Mean paired log-ratio of each arm in one block, over the images that every arm finished."""
    times: dict[str, dict[str, int]] = {arm: {} for arm in job.arms}
    for record in records:
        value = getattr(record.times_ns, job.quantity)
        if record.status == "ok" and value:
            times[record.arm][record.image] = value
    shared = set.intersection(*(set(found) for found in times.values()))
    if not shared:
        return {}
    baseline = times[job.arms[0]]
    return {
        arm: float(np.mean([np.log(baseline[image]) - np.log(times[arm][image]) for image in shared]))
        for arm in job.arms[1:]
    }
