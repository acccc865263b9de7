"""One block of a timed pass: the same images under every arm, in an order drawn anew for each image.

Beside what is measured a block holds one sentinel, a request of the baseline that watches the machine, and in one
block of four every request once more with stage timers off, which is what the timers' price is read from.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from argus_eval.core.codec import to_json
from argus_eval.core.record import Record, Times, record_key
from argus_eval.core.response import Response
from argus_eval.core.timing import Timing
from argus_eval.engine.budget import Stopwatch
from argus_eval.engine.workload import WorkItem, Workload
from argus_eval.errors import SampleError
from argus_eval.measure.throttle import ThrottleCounters, read_throttle, throttled
from argus_eval.store import RunWriter

__all__ = [
    "BlockPlace",
    "Measure",
    "TimedPass",
    "attempt",
    "block_effects",
    "block_items",
    "block_rows",
    "collect_young",
    "drop_torn_blocks",
    "kept_block",
    "key_of",
    "make_record",
    "measure_block",
    "timers_off",
]

#: Runs one item on one arm; the response is ``None`` in passes that generate nothing.
Measure = Callable[[str, WorkItem], tuple[Timing, Response | None]]
Outcome = tuple[Timing, Response | None] | SampleError

#: One block in so many is also run with stage timers off (MEASUREMENT §4).
TIMERS_OFF_EVERY = 4


def collect_young() -> None:
    """Take away what a block left, so that it does not happen in the middle of a request.

    Only young objects: to look at every object of a loaded model takes as long as a row of a small one.
    """
    gc.collect(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedPass:
    """What is measured, on what, and how long it may take.

    Attributes:
        name: which pass of the record format it belongs to.
        model: the model all arms belong to; part of every key.
        regime: cache state ("cold-image").
        arms: arm ids, the baseline first, its twin among them.
        measure: how one item is run.
        untimed: the same without stage timers; ``None`` where there are none to switch off.
        quantity: the time that replicates are judged by ("ttft", "to_model_ready").
        share: part of the budget that must not be exceeded when this pass ends.
        reach: the same while there are fewer than ten replicates; what follows is worth less than an interval.
        most_rows: images a block holds at most.
        images_wanted: distinct images to show before narrow intervals end it, as far as the workload has them.
        in_any_case: make the minimum of three rows whatever the budget says.
        done: keys of records that an interrupted run left.
        tokens: output tokens of a request, part of the key; 0 in the host pass.
        seed: of the order.
        warmup_s: how long the warm-up may take.
        distinct: an arm keeps results of images it has seen: no image may come twice in its process.
        part: (index, number of parts): which share of the workload's images are this pass's.
        read_throttle: counters of the machine's throttling.
        collect: takes away garbage before a block, where the arms are.
    """

    name: Literal["latency", "host"]
    model: str
    regime: str
    arms: tuple[str, ...]
    measure: Measure
    quantity: Literal["ttft", "e2e", "to_model_ready"]
    share: float
    most_rows: int
    in_any_case: bool
    done: Mapping[str, Record]
    tokens: int
    seed: int
    reach: float = 0.0
    images_wanted: int = 0
    untimed: Measure | None = None
    warmup_s: float = float("inf")
    distinct: bool = False
    part: tuple[int, int] = (0, 1)
    read_throttle: Callable[[], ThrottleCounters] = read_throttle
    collect: Callable[[], object] = collect_young

    def images(self, workload: Workload) -> tuple[WorkItem, ...]:
        """The workload's images that are this pass's."""
        index, parts = self.part
        return workload.items[index::parts] or workload.items

    @property
    def section(self) -> str:
        """Regime of its records; those of passes with different output lengths are never mixed."""
        return f"{self.regime}/{self.tokens}" if self.name == "latency" else self.regime

    def owns(self, record: Record) -> bool:
        """Whether a record was made by this pass."""
        return record.pass_name == self.name and record.regime == self.section and record.arm in self.arms


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockPlace:
    """Which block of which replicate; ``process`` counts measuring processes, ``None`` for the run's own."""

    replicate: int
    block: int
    process: int | None = None


def measure_block(
    job: TimedPass, workload: Workload, place: BlockPlace, rows: int, watch: Stopwatch, *, bare: bool = False
) -> tuple[Record, ...]:
    """Measure a block; one that the machine throttled is measured once more, for all arms.

    A ``bare`` block is what is measured and nothing beside it: the first requests of cold processes, which cannot
    be made a second time; nor can those of a pass whose images must be ``distinct``.

    Returns:
        Its records; those of a throttled first attempt are among them, discarded.
    """
    items = ([] if bare else [workload.warmup[0]], block_items(job, workload, place.block, rows))
    if bare:
        job = replace(job, untimed=None)
    first, reason = _attempt(job, items, place, watch)
    if reason is None:
        return first
    if bare or job.distinct:
        # Nothing can be cold a second time: the block stays as it is, and is counted as disturbed.
        return tuple(replace(record, values={**record.values, "throttled": 1.0}) for record in first)
    again, _ = _attempt(job, items, place, watch)
    return (
        *(replace(record, status="discarded", error=reason) for record in first),
        *(replace(record, values={**record.values, "reruns": 1.0}) for record in again),
    )


def _attempt(
    job: TimedPass, items: tuple[list[WorkItem], list[WorkItem]], place: BlockPlace, watch: Stopwatch
) -> tuple[tuple[Record, ...], str | None]:
    rng = np.random.default_rng([job.seed, place.block, len(job.name), job.tokens])
    job.collect()
    before = job.read_throttle()
    sentinels, measured = items
    records = [_request(job, job.arms[0], item, (place, 0, "sentinel"), watch) for item in sentinels]
    roles = ("measured", "timers-off") if timers_off(job, place.block) else ("measured",)
    for item in measured:
        wanted = [(arm, role) for role in roles for arm in job.arms]
        for index in rng.permutation(len(wanted)):
            arm, role = wanted[int(index)]
            records.append(_request(job, arm, item, (place, len(records), role), watch))
    return tuple(records), throttled(before, job.read_throttle())


def timers_off(job: TimedPass, block: int) -> bool:
    """Whether a block is also run without stage timers."""
    # An arm that remembers images would be timed on its memory.
    return job.untimed is not None and not job.distinct and block % TIMERS_OFF_EVERY == TIMERS_OFF_EVERY - 1


def block_items(job: TimedPass, workload: Workload, block: int, rows: int) -> list[WorkItem]:
    """The block's images: the next ones of the workload, from the start again when it is used up."""
    items = job.images(workload)
    count = min(rows, len(items))
    return [items[(block * count + offset) % len(items)] for offset in range(count)]


def kept_block(job: TimedPass, workload: Workload, place: BlockPlace, rows: int) -> tuple[Record, ...] | None:
    """The block as an interrupted run left it, if it is complete."""
    keys = [
        key_of(job, "measured", arm, place, item)
        for item in block_items(job, workload, place.block, rows)
        for arm in job.arms
    ]
    return tuple(job.done[key] for key in keys) if all(key in job.done for key in keys) else None


def drop_torn_blocks(job: TimedPass, workload: Workload, rows: int, writer: RunWriter) -> None:
    """Mark what an interrupted run left of unfinished blocks as discarded; there may be no time to go on."""
    left = [record for record in job.done.values() if job.owns(record) and record.role != "warmup"]
    torn = {
        block
        for block in {record.block for record in left}
        if kept_block(job, workload, BlockPlace(replicate=block, block=block), rows) is None
    }
    if torn:
        writer.discard_tail(frozenset(record.key for record in left if record.block in torn))


def block_rows(job: TimedPass) -> int:
    """Images in the first block that an interrupted run left; 0 if it left none."""
    return sum(
        record.block == 0 and record.role == "measured" and record.arm == job.arms[0]
        for record in job.done.values()
        if job.owns(record)
    )


def key_of(job: TimedPass, role: str, arm: str, place: BlockPlace, item: WorkItem) -> str:
    """Key of one request's record."""
    return record_key(job.name, job.section, role, arm, place.replicate, place.block, item.image)


def attempt(measure: Measure, arm: str, item: WorkItem) -> Outcome:
    """Run one request; its failure is a value."""
    try:
        return measure(arm, item)
    except SampleError as problem:
        return problem


def _request(
    job: TimedPass, arm: str, item: WorkItem, where: tuple[BlockPlace, int, str], watch: Stopwatch
) -> Record:
    place, order, role = where
    measure = job.untimed if role == "timers-off" and job.untimed is not None else job.measure
    began_s = watch.spent_s()
    outcome = attempt(measure, arm, item)
    return make_record(
        job, arm, item, (place, order, role), (key_of(job, role, arm, place, item), began_s, outcome)
    )


def make_record(
    job: TimedPass,
    arm: str,
    item: WorkItem,
    where: tuple[BlockPlace, int, str],
    what: tuple[str, float, Outcome],
) -> Record:
    """The record of one request: ``where`` is place, order and role, ``what`` key, beginning and outcome."""
    (place, order, role), (key, began_s, outcome) = where, what
    failed = isinstance(outcome, SampleError)
    timing, response = (None, None) if isinstance(outcome, SampleError) else outcome
    return Record(
        key=key,
        pass_name=job.name,
        arm=arm,
        task=item.task,
        sample=item.sample,
        replicate=place.replicate,
        block=place.block,
        order=order,
        status="error" if failed else "ok",
        error=str(outcome) if failed else None,
        times_ns=_times(timing),
        lengths=_lengths(response, timing),
        hashes=dict(response.hashes) if response is not None else {},
        image=item.image,
        regime=job.section,
        role=role,
        process=place.process,
        at_s=round(began_s, 6),
    )


def _lengths(response: Response | None, timing: Timing | None) -> dict[str, int | None]:
    if response is None:
        return {}
    first = timing.first_token_count if timing is not None else 1
    # One token at a time is what everything else is; a record says where it was not so.
    return {**to_json(response.lengths), **({"first_chunk_tokens": first} if first != 1 else {})}


def _times(timing: Timing | None) -> Times:
    if timing is None:
        return Times()
    return Times(
        ttft=timing.ttft_ns,
        e2e=timing.e2e_ns,
        to_uint8_tiles=timing.to_uint8_tiles_ns,
        to_model_ready=timing.to_model_ready_ns,
        stages=dict(timing.stages_ns),
        timers=timing.timers_ns,
    )


def block_effects(records: Sequence[Record], job: TimedPass) -> dict[str, float]:
    """Mean paired log-ratio of each arm over the images of one replicate that every arm finished."""
    times: dict[str, dict[tuple[int, str], int]] = {arm: {} for arm in job.arms}
    for record in records:
        value = getattr(record.times_ns, job.quantity)
        if record.status == "ok" and record.role == "measured" and value and job.owns(record):
            times[record.arm][record.block, record.image] = value
    shared = set.intersection(*(set(found) for found in times.values()))
    if not shared:
        return {}
    baseline = times[job.arms[0]]
    return {
        arm: float(np.mean([np.log(baseline[place]) - np.log(times[arm][place]) for place in shared]))
        for arm in job.arms[1:]
    }
