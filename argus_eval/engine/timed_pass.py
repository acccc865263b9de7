"""A timed pass in the run's own process: warm up, then randomised complete blocks.

One replicate is one block. Inside it every image is run under every arm before the next image, so that a drift of
the machine falls on all arms alike. Images differ from block to block while the workload lasts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from argus_eval.core.units import format_duration, format_seconds
from argus_eval.engine.blocks import (
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

__all__ = ["Measure", "TimedPass", "pass_title", "run_timed_pass", "why_stop"]

# Sentinels and blocks that are run twice, with stage timers and without, on top of what is measured.
_EXTRA = 1.3


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
        if reason is not None:
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
    return watch.left_s(job.share) >= seconds_a_row * (rows * times + 1 / len(job.arms))


def _announce(job: TimedPass, size: BlockSize, seconds_a_row: float, minimum: int, narrator: Narrator) -> None:
    blocks = min(max(size.replicates, -(-minimum // size.rows)), LOOKS[-1])
    longest = format_duration(blocks * size.rows * seconds_a_row)
    each = f"{format_seconds(seconds_a_row)} an image under {len(job.arms)} arms"
    if blocks == 0:
        narrator.say(f"{pass_title(job)}: {each}; left out, the budget is spent; raise --budget")
    else:
        narrator.say(f"{pass_title(job)}: {each}; up to {blocks} blocks of {size.rows}, at most {longest}")


def _size(job: TimedPass, workload: Workload, watch: Stopwatch, seconds_a_row: float) -> BlockSize:
    """Block size; a resumed pass keeps the one it began with.

    Images that must not come twice are shared among the replicates aimed for: a few large blocks have no interval.
    """
    rows, left = block_rows(job), watch.left_s(job.share)
    if rows:
        return BlockSize(rows=rows, replicates=int(left / max(seconds_a_row * rows, 1e-6)))
    images = len(job.images(workload))
    most_rows = min(job.most_rows, max(1, images // job.aim) if job.distinct else images)
    return plan_blocks(left, seconds_a_row * _EXTRA, most_rows=most_rows, aim=job.aim)
