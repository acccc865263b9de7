"""A timed pass in the run's own process: warm up, then randomised complete blocks.

One replicate is one block. Inside it every image is run under every arm before the next image, so that a drift of
the machine falls on all arms alike. Images differ from block to block while the workload lasts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from argus_eval.core.units import format_duration, format_seconds
from argus_eval.engine.blocks import (
    TIMERS_OFF_EVERY,
    BlockPlace,
    Measure,
    TimedPass,
    block_effects,
    block_rows,
    drop_torn_blocks,
    kept_block,
    measure_block,
    timers_off,
)
from argus_eval.engine.budget import MINIMUM_ROWS, BlockSize, Stopwatch, plan_blocks
from argus_eval.engine.narrator import Narrator
from argus_eval.engine.warmup import warm_up
from argus_eval.engine.workload import Workload
from argus_eval.stats.latency import LOOKS, StopReason, stop_reason
from argus_eval.store import RunWriter

__all__ = [
    "ENOUGH_REPLICATES",
    "Measure",
    "TimedPass",
    "block_size",
    "pass_title",
    "run_timed_pass",
    "why_stop",
]

#: Replicates below which a pass may go on at the expense of what follows: the second look, so that a noisy first
#: one can be repaired.
ENOUGH_REPLICATES = LOOKS[1]
# One block in so many is run twice, with stage timers and without.
_PRICE_OF_TIMERS = 1 + 1 / TIMERS_OFF_EVERY


def run_timed_pass(
    job: TimedPass, workload: Workload, writer: RunWriter, watch: Stopwatch, narrator: Narrator
) -> None:
    """Warm up, then measure blocks until the interval is narrow enough, the last look is reached or time is up."""
    warmed = warm_up(job, workload, BlockPlace(replicate=0, block=0), watch)
    writer.append(warmed.records)
    size = _size(job, workload, watch, warmed.seconds_a_row)
    minimum = MINIMUM_ROWS if job.in_any_case else 0
    _announce(job, size, warmed.seconds_a_row, minimum, narrator)
    drop_torn_blocks(job, workload, size.rows, writer)
    effects: dict[str, list[float]] = {arm: [] for arm in job.arms[1:]}
    replicate = 0
    while replicate * size.rows < minimum or _fits(job, watch, size.rows, replicate, warmed.seconds_a_row):
        if job.distinct and (replicate + 1) * size.rows > len(job.images(workload)):
            narrator.say(f"{pass_title(job)}: {replicate} replicates; no image is left that was not seen")
            return
        place = BlockPlace(replicate=replicate, block=replicate)
        records = kept_block(job, workload, place, size.rows)
        if records is None:
            records = measure_block(job, workload, place, size.rows, watch)
            writer.append(records)
        for arm, value in block_effects(records, job).items():
            effects[arm].append(value)
        replicate += 1
        aimed = min(max(size.replicates, minimum), LOOKS[-1])
        narrator.progress(pass_title(job), replicate, max(replicate, aimed))
        reason = why_stop(effects.values(), replicate)
        shown = min(replicate * size.rows, len(job.images(workload)))
        if reason is not None and (reason is not StopReason.NARROW or shown >= _wanted(job, workload)):
            break
    else:
        reason = StopReason.BUDGET
    if replicate:
        narrator.say(f"{pass_title(job)}: {replicate} replicate{'s' if replicate > 1 else ''}; {reason}")


def why_stop(effects: Iterable[Sequence[float]], replicates: int) -> StopReason | None:
    """By widths and the number of replicates only, never by the size of an effect; ``None`` to go on."""
    measured = [np.asarray(values) for values in effects if values]
    reason = stop_reason(measured, budget_spent=False) if measured else None
    return StopReason.LAST_LOOK if reason is None and replicates >= LOOKS[-1] else reason


def pass_title(job: TimedPass) -> str:
    """How a pass is called on the screen."""
    what = "host work" if job.name == "host" else f"latency, {job.tokens} token{'s' if job.tokens > 1 else ''}"
    return f"{what} {job.model}"


def _fits(job: TimedPass, watch: Stopwatch, rows: int, block: int, seconds_a_row: float) -> bool:
    times = 2 if timers_off(job, block) else 1
    until = job.share if block >= ENOUGH_REPLICATES else max(job.share, job.reach)
    return watch.left_s(until) >= seconds_a_row * (rows * times + 1 / len(job.arms))


def _wanted(job: TimedPass, workload: Workload) -> int:
    return min(job.images_wanted, len(job.images(workload)))


def _announce(job: TimedPass, size: BlockSize, seconds_a_row: float, minimum: int, narrator: Narrator) -> None:
    blocks = min(max(size.replicates, -(-minimum // size.rows)), LOOKS[-1])
    longest = format_duration(blocks * size.rows * seconds_a_row)
    each = f"{format_seconds(seconds_a_row)} an image under {len(job.arms)} arms"
    if blocks == 0:
        narrator.say(f"{pass_title(job)}: {each}; left out, the budget is spent; raise --budget")
    else:
        narrator.say(f"{pass_title(job)}: {each}; up to {blocks} blocks of {size.rows}, at most {longest}")


def _size(job: TimedPass, workload: Workload, watch: Stopwatch, seconds_a_row: float) -> BlockSize:
    """Block size; a resumed pass keeps the one it began with."""
    rows, left_s = block_rows(job), watch.left_s(job.share)
    if rows:
        return BlockSize(rows=rows, replicates=int(left_s / max(seconds_a_row * rows, 1e-6)))
    return block_size(job, workload, (left_s, watch.left_s(max(job.share, job.reach))), seconds_a_row)


def block_size(job: TimedPass, workload: Workload, left_s: tuple[float, float], seconds_a_row: float) -> BlockSize:
    """How many images a block of this pass holds, with so much time until its regular end and until its last.

    Images that must not come twice are shared among the replicates: a few large blocks have no interval.
    """
    images = len(job.images(workload))
    regular, last = (
        plan_blocks(
            seconds,
            seconds_a_row * (_PRICE_OF_TIMERS if job.untimed is not None else 1.0),
            seconds_a_block=seconds_a_row / len(job.arms),
            most_rows=min(job.most_rows, images),
            most_images=images if job.distinct else None,
            images=_wanted(job, workload),
        )
        for seconds in left_s
    )
    return regular if regular.replicates >= ENOUGH_REPLICATES else last
