"""Replicates that are processes: each one loads the model afresh, warms up, and measures its share of every pass.

Arms of pipeline scope live together in one process and alternate request by request. As soon as one arm is of
process scope (thread counts, allocator, compile caches), every arm gets a process of its own and whole processes
alternate in random order; so it is in the cold-process regime, where only the first request of each counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from argus_eval.backends.protocol import ArmRunner
from argus_eval.core.record import Record, record_key
from argus_eval.core.units import format_duration
from argus_eval.engine.blocks import BlockPlace, TimedPass, block_effects, measure_block
from argus_eval.engine.budget import Stopwatch
from argus_eval.engine.narrator import Narrator
from argus_eval.engine.timed_pass import why_stop
from argus_eval.engine.warmup import WarmedUp, warm_up
from argus_eval.engine.workload import Workload
from argus_eval.errors import EnvironmentError_
from argus_eval.stats.latency import LOOKS, StopReason
from argus_eval.store import RunWriter

__all__ = [
    "BLOCKS_A_PROCESS",
    "OpenProcess",
    "ProcessDesign",
    "ProcessJob",
    "describe_design",
    "plan_processes",
    "run_processes",
]

#: Two, so that variance between processes can be told from variance inside one.
BLOCKS_A_PROCESS = 2
#: Shares of a process's measuring time: host work, short answers, long answers.
_SHARES = {"host": 0.15, "short": 0.45, "long": 0.4}
#: Shares of the time that a process may warm up.
_WARMUP_SHARES = {"host": 0.2, "short": 0.6, "long": 0.2}
_MOST_ROWS = {"host": 11, "short": 11, "long": 6}
# What starting and warming up may take of all time before blocks of one process are the better use of it.
_MOST_OVERHEAD = 0.6
_WARMUP_ROWS = 16
# Two blocks of two rows: one replicate holds the three paired requests that every run owes.
_FEWEST_ROWS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenProcess:
    """A measuring process that is there: its arms, how to take away garbage in it, and how to end it."""

    arms: Mapping[str, ArmRunner]
    close: Callable[[], None]
    collect: Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessDesign:
    """How many processes a replicate has and how many replicates are aimed for."""

    groups: tuple[tuple[str, ...], ...]
    aim: int
    cold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessJob:
    """What the process replicates of one model need.

    Attributes:
        model: its name.
        design: groups of arms that share a process.
        open: starts a process with these arms.
        passes: name ("host", "short", "long") → the pass for the arms of one process.
        arms: all arm ids, the baseline first.
        workload: images.
        done: records that an interrupted run left.
        warmup_s: how long all processes together may warm up.
        until: share of the budget that may be spent when this ends.
        seed: of the order of processes.
    """

    model: str
    design: ProcessDesign
    open: Callable[[tuple[str, ...]], OpenProcess]
    passes: Callable[[Mapping[str, ArmRunner]], Mapping[str, TimedPass]]
    arms: tuple[str, ...]
    workload: Workload
    done: Mapping[str, Record]
    warmup_s: float
    until: float
    seed: int


def plan_processes(left_s: float, start_s: float, row_s: float, groups: int = 1) -> int | None:
    """How many process replicates to aim for: 10, 6, or ``None`` where blocks of one process are the better use.

    Args:
        left_s: what may be spent. start_s: until a process is ready.
        row_s: one image under every arm.
        groups: processes a replicate needs.

    >>> plan_processes(600, 8, 0.2), plan_processes(150, 8, 0.2), plan_processes(30, 8, 0.2)
    (10, 6, None)
    """
    for count in (10, LOOKS[0]):
        overhead_s = count * (groups * start_s + _WARMUP_ROWS * row_s)
        smallest_s = count * BLOCKS_A_PROCESS * 2 * row_s
        if overhead_s <= _MOST_OVERHEAD * left_s and overhead_s + smallest_s <= left_s:
            return count
    return None


def run_processes(job: ProcessJob, writer: RunWriter, watch: Stopwatch, narrator: Narrator) -> bool:
    """Measure replicate after replicate until intervals are narrow, the last look is reached or time is up.

    One replicate is made in any case. Its records are written together, and the one that says it is complete
    comes last: what an interrupted run left of a replicate is discarded.

    Raises:
        EnvironmentError_: not even the first process can be started; later ones end the measuring.

    Returns:
        False where the first replicate took so long that six will not fit, and blocks of one process could be
        measured instead; its records are then discarded.
    """
    kept = _complete(job)
    torn = [
        r.key for r in job.done.values() if r.process is not None and r.replicate not in kept and _ours(r, job)
    ]
    if torn:
        writer.discard_tail(frozenset(torn))
    rows = _rows_of(job, kept)
    spending = _spending(job, kept, watch)
    effects: dict[tuple[str, str], list[float]] = {}
    longest_s, replicate = 0.0, 0
    while replicate < max(1, len(kept)) or watch.left_s(job.until) >= longest_s:
        began_s = watch.spent_s()
        records: Sequence[Record] = kept.get(replicate, ())
        if records:
            seconds = [record.at_s or 0.0 for record in records]
            longest_s = max(longest_s, max(seconds) - min(seconds))
        else:
            try:
                records, rows = _replicate(job, replicate, rows, spending)
            except EnvironmentError_ as problem:
                if replicate == 0:
                    raise
                # What was made is whole; blocks of this process would be another kind of replicate beside it.
                narrator.warn(f"processes {job.model}: {replicate} replicates, then: {problem}")
                return True
            writer.append([*records, _marker(job, replicate, watch.spent_s())])
            longest_s = max(longest_s, watch.spent_s() - began_s)
        _collect(effects, job, records)
        replicate += 1
        narrator.progress(f"processes {job.model}", replicate, max(replicate, job.design.aim))
        if replicate == 1 and not kept and _hopeless(job, longest_s, watch):
            writer.discard_tail(frozenset([_marker_key(job, 0), *(record.key for record in records)]))
            return False
        reason = why_stop(effects.values(), replicate)
        if reason is not None:
            break
    else:
        reason = StopReason.BUDGET
    narrator.say(f"processes {job.model}: {replicate} replicate{'s' if replicate > 1 else ''}; {reason}")
    return True


def _hopeless(job: ProcessJob, each_s: float, watch: Stopwatch) -> bool:
    """Whether six replicates will not fit, and there is another way."""
    other_way = len(job.design.groups) == 1 and not job.design.cold
    return other_way and watch.left_s(job.until) < (LOOKS[0] - 1) * each_s


def _ours(record: Record, job: ProcessJob) -> bool:
    return record.arm in job.arms and record.pass_name in ("latency", "host")


def _complete(job: ProcessJob) -> dict[int, list[Record]]:
    """Replicates that an interrupted run finished: those whose last line is there."""
    found: dict[int, list[Record]] = {}
    for number in range(LOOKS[-1]):
        if _marker_key(job, number) not in job.done:
            break
        found[number] = [r for r in job.done.values() if r.process == number and _ours(r, job)]
    return found


def _marker_key(job: ProcessJob, replicate: int) -> str:
    return record_key("process", job.model, replicate)


def _marker(job: ProcessJob, replicate: int, at_s: float) -> Record:
    return Record(
        key=_marker_key(job, replicate),
        pass_name="latency",  # noqa: S106 - a measuring pass
        arm=job.arms[0],
        task="",
        sample="",
        replicate=replicate,
        block=0,
        order=0,
        status="ok",
        role="complete",
        process=replicate,
        at_s=round(at_s, 6),
    )


def _rows_of(job: ProcessJob, kept: Mapping[int, Sequence[Record]]) -> dict[str, int] | None:
    """Rows a block as the first replicate had them; ``None`` where there is none."""
    if 0 not in kept:
        return None
    first = [r for r in kept[0] if r.arm == job.arms[0] and r.role == "measured" and r.block == 0]
    lengths = sorted({int(r.regime.partition("/")[2]) for r in first if r.pass_name == "latency"})
    names = dict(zip(lengths, ("short", "long"), strict=False))
    rows = dict.fromkeys(_SHARES, 0)
    for record in first:
        name = "host" if record.pass_name == "host" else names[int(record.regime.partition("/")[2])]
        rows[name] += 1
    return rows


def _replicate(
    job: ProcessJob, replicate: int, rows: dict[str, int] | None, spending: _Spending
) -> tuple[list[Record], dict[str, int]]:
    """All processes of one replicate, in random order."""
    watch = spending.watch
    order = np.random.default_rng([job.seed, replicate]).permutation(len(job.design.groups))
    records: list[Record] = []
    for index in order:
        group = job.design.groups[int(index)]
        start_s = watch.spent_s()
        process = job.open(group)
        try:
            overhead_s = watch.spent_s() - start_s
            made, rows = _in_process(job, replicate, process, rows, (spending, overhead_s))
        finally:
            process.close()
        records.extend(made)
    assert rows is not None
    return records, rows


@dataclass(slots=True, kw_only=True)
class _Spending:
    """What has been spent: on everything by the watch, on warming up what is left, and processes begun so far."""

    watch: Stopwatch
    warmup_left_s: float
    begun: int = 0

    def next_warmup_s(self, design: ProcessDesign) -> float:
        """How long the next process may warm up.

        Those that are aimed for share what is allowed. Those after them share what these have left of it, so that
        all together keep to it however many there are; one row of each pass is warmed up in any case.
        """
        groups = len(design.groups)
        until = groups * (design.aim if self.begun < groups * design.aim else LOOKS[-1])
        share_s = max(0.0, self.warmup_left_s) / max(until - self.begun, 1)
        self.begun += 1
        return share_s


def _spending(job: ProcessJob, kept: Mapping[int, Sequence[Record]], watch: Stopwatch) -> _Spending:
    """As an interrupted run left it."""
    spans = []
    for records in kept.values():
        warm = [record.at_s or 0.0 for record in records if record.role == "warmup"]
        spans.append(max(warm) - min(warm) if warm else 0.0)
    return _Spending(
        watch=watch, warmup_left_s=job.warmup_s - sum(spans), begun=len(kept) * len(job.design.groups)
    )


def _in_process(
    job: ProcessJob,
    replicate: int,
    process: OpenProcess,
    rows: dict[str, int] | None,
    spent: tuple[_Spending, float],
) -> tuple[list[Record], dict[str, int]]:
    (spending, overhead_s), watch = spent, spent[0].watch
    passes = {name: replace(timed, collect=process.collect) for name, timed in job.passes(process.arms).items()}
    records: list[Record] = []
    if job.design.cold:
        place = BlockPlace(replicate=replicate, block=replicate, process=replicate)
        # No sentinel and no warm-up: the first request of the process is the one that counts.
        cold = measure_block(passes["short"], job.workload, place, 1, watch, bare=True)
        return list(cold), {"host": 0, "short": 1, "long": 0}
    costs: dict[str, float] = {}
    began_s = watch.spent_s()
    allowed_s = spending.next_warmup_s(job.design)
    for name, timed in passes.items():
        short = replace(timed, warmup_s=_WARMUP_SHARES[name] * allowed_s)
        warmed = _warm(job, name, short, replicate, watch)
        costs[name] = warmed.seconds_a_row
        records.extend(warmed.records)
    spending.warmup_left_s -= watch.spent_s() - began_s
    overhead_s += watch.spent_s() - began_s
    if rows is None:
        rows = _plan_rows(job, costs, overhead_s, watch)
    for name, timed in passes.items():
        blocks, count = _blocks(timed, job.workload, rows[name])
        for number in range(blocks):
            block = replicate * BLOCKS_A_PROCESS + number
            place = BlockPlace(replicate=replicate, block=block, process=replicate)
            records.extend(measure_block(timed, job.workload, place, count, watch))
    return records, rows


def _blocks(timed: TimedPass, workload: Workload, rows: int) -> tuple[int, int]:
    """Blocks and rows in each, so that no image comes twice in a process of an arm that would remember it."""
    images = len(timed.images(workload))
    if not rows or not timed.distinct:
        return (BLOCKS_A_PROCESS if rows else 0), rows
    rows = min(rows, max(1, images // BLOCKS_A_PROCESS))
    return min(BLOCKS_A_PROCESS, images // rows), rows


def _warm(job: ProcessJob, name: str, timed: TimedPass, replicate: int, watch: Stopwatch) -> WarmedUp:
    """The short pass warms everything up; the others need two rows of their own, for what only they do."""
    place = BlockPlace(replicate=replicate, block=0, process=replicate)
    if name == "short":
        return warm_up(timed, job.workload, place, watch)
    few = replace(job.workload, warmup=job.workload.warmup[:1])
    warmed = warm_up(timed, few, place, watch, most_rounds=2)
    # Two rows show no trend, and need not: the short pass has shown that there is none.
    return replace(warmed, records=tuple(replace(record, values={}) for record in warmed.records))


def _plan_rows(job: ProcessJob, costs: Mapping[str, float], overhead_s: float, watch: Stopwatch) -> dict[str, int]:
    """Rows a block of each pass, so that the replicates aimed for fit; one holds what is owed in any case."""
    groups = len(job.design.groups)
    each_s = (watch.left_s(job.until) + overhead_s) / (job.design.aim * groups) - overhead_s
    rows = {}
    for name, cost in costs.items():
        affordable = int(_SHARES[name] * each_s / max(cost * 1.3 * BLOCKS_A_PROCESS, 1e-6))
        rows[name] = max(0 if name == "long" else _FEWEST_ROWS, min(_MOST_ROWS[name], affordable))
    return {**dict.fromkeys(_SHARES, 0), **rows}


def _collect(effects: dict[tuple[str, str], list[float]], job: ProcessJob, records: Sequence[Record]) -> None:
    for name, timed in job.passes(dict.fromkeys(job.arms)).items():  # type: ignore[arg-type]
        for arm, value in block_effects(records, timed).items():
            effects.setdefault((name, arm), []).append(value)


def describe_design(job: ProcessJob, start_s: float) -> str:
    """One line for the screen."""
    a_replicate = len(job.design.groups)
    together = "all arms together" if a_replicate == 1 else "one arm each"
    return (
        f"processes {job.model}: up to {LOOKS[-1]} replicates of {a_replicate} process"
        f"{'es' if a_replicate > 1 else ''} ({together}), about {format_duration(start_s)} to start each"
    )
