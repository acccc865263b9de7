"""How small a difference this machine can show in a given budget, found out with a part of it.

The baseline runs against a twin of itself, as the A/A arms of a run do. What their blocks differ by is split into
noise of single images and noise of whole blocks, because the run that is asked about may have larger blocks.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from argus_eval.backends.protocol import ArmRunner
from argus_eval.core.record import Record
from argus_eval.engine.blocks import BlockPlace, TimedPass, measure_block
from argus_eval.engine.budget import BlockSize, Stopwatch, plan_blocks
from argus_eval.engine.latency import BEFORE, LONG_TOKENS, UNTIL, pass_windows
from argus_eval.engine.narrator import Narrator
from argus_eval.engine.passes import PassSettings, Window, host_pass, latency_pass
from argus_eval.engine.row_cost import probe_row_cost
from argus_eval.engine.speed_comparison import CONTRASTS
from argus_eval.engine.timed_pass import block_size
from argus_eval.engine.warmup import warm_up
from argus_eval.engine.workload import Workload
from argus_eval.errors import InconclusiveError
from argus_eval.stats.detectable import minimum_detectable_effect
from argus_eval.stats.latency import LOOKS

__all__ = ["BlockNoise", "Detectable", "block_noise", "detectable", "measure_noise"]

_ARMS = ("baseline", "twin")
# Arms of the run that is asked about: baseline, twin, and the one that shall be shown to be faster.
_ARMS_OF_A_RUN = 3
_FEWEST_BLOCKS, _MOST_BLOCKS = LOOKS[0], LOOKS[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockNoise:
    """Spread of A/A log-ratios: of single images inside a block, and of whole blocks beyond that."""

    row_sd: float
    between_sd: float
    blocks: int

    def of_blocks(self, rows: int) -> float:
        """Standard deviation of the mean log-ratio of blocks of ``rows`` images."""
        return math.sqrt(self.between_sd**2 + self.row_sd**2 / rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Detectable:
    """What a run with a given budget can show of one quantity.

    Attributes:
        quantity: "host work" or "TTFT".
        budget_s: the budget that is asked about.
        replicates, rows: of the run: blocks and images in each.
        replicate_sd: of the mean log-ratio of such a block.
        measured_blocks: what that was estimated from.
        seconds: one image on one arm.
        effect: smallest ``t_baseline / t_arm − 1`` claimed in four of five runs of one arm, with Holm over all
            that such a run compares; ``None`` where the budget is too short for any claim.
    """

    quantity: str
    budget_s: float
    replicates: int
    rows: int
    replicate_sd: float
    measured_blocks: int
    seconds: float
    effect: float | None


def block_noise(ratios: Sequence[Sequence[float]]) -> BlockNoise:
    """Split the spread of A/A log-ratios; one sequence a block, at least two blocks.

    One-way analysis of variance: the mean square inside blocks, and what the means of blocks vary beyond it.
    """
    means = np.array([float(np.mean(block)) for block in ratios])
    rows = float(np.mean([len(block) for block in ratios]))
    inside = [float(np.var(block, ddof=1)) for block in ratios if len(block) > 1]
    variance = float(means.var(ddof=1))
    row_variance = float(np.mean(inside)) if inside else variance * rows
    between = max(0.0, variance - row_variance / rows)
    return BlockNoise(row_sd=math.sqrt(row_variance), between_sd=math.sqrt(between), blocks=len(ratios))


def detectable(
    quantity: str, noise: BlockNoise, seconds: float, budget_s: float, size: BlockSize, contrasts: int
) -> Detectable:
    """What a run of ``size`` can show.

    Args:
        quantity: its name. noise: of this machine. seconds: one image on one arm.
        budget_s: the whole budget, for the answer. size: the blocks of such a run.
        contrasts: comparisons that such a run makes.
    """
    replicates = min(size.replicates, LOOKS[-1])
    sd = noise.of_blocks(size.rows)
    return Detectable(
        quantity=quantity,
        budget_s=budget_s,
        replicates=replicates,
        rows=size.rows,
        replicate_sd=sd,
        measured_blocks=noise.blocks,
        seconds=seconds,
        effect=minimum_detectable_effect(sd, most=replicates, sd_replicates=noise.blocks, contrasts=contrasts),
    )


def measure_noise(
    arms: tuple[ArmRunner, ArmRunner],
    workload: Workload,
    *,
    budget_s: float,
    spend_s: float,
    clock_s: Callable[[], float],
    narrator: Narrator,
    seed: int = 0,
) -> list[Detectable]:
    """Run a baseline against its twin and say what a run of ``budget_s`` can show.

    Args:
        arms: the baseline and its twin, built from scratch.
        workload: images to run on.
        budget_s: the budget that is asked about. spend_s: what may be spent on the answer.
        clock_s: seconds of a monotonic clock.
        narrator: told of the progress.
        seed: of the order.

    Raises:
        InconclusiveError: not even six blocks of one image fit.
    """
    watch = Stopwatch(budget_s=spend_s, clock_s=clock_s)
    watch.start()
    runners = dict(zip(_ARMS, arms, strict=True))
    settings = PassSettings(model="noise", regime="cold-image", seed=seed, done={})
    first, second = (Window(share=end, reach=end, warmup_s=0.15 * spend_s) for end in (0.3, 1.0))
    passes: Mapping[str, TimedPass] = {
        "host work": host_pass(settings, runners, first, images=66),
        "TTFT": latency_pass(settings, runners, second, tokens=1),
    }
    cost = probe_row_cost(arms[0], workload.warmup[0], arms=_ARMS_OF_A_RUN, long_tokens=LONG_TOKENS)
    windows = pass_windows(budget_s, BEFORE, UNTIL, cost.long_s)
    contrasts = sum(section != "long" or "long" in windows for _, section, _, _ in CONTRASTS)
    found, began = [], BEFORE
    for quantity, timed in passes.items():
        ratios, seconds = _ratios(timed, quantity, workload, watch, narrator)
        window = windows["host" if timed.name == "host" else "short"]
        left_s = ((window.share - began) * budget_s, (window.reach - began) * budget_s)
        three = replace(timed, arms=(*_ARMS, "arm"))
        size = block_size(three, workload, left_s, seconds * _ARMS_OF_A_RUN)
        found.append(detectable(quantity, block_noise(ratios), seconds, budget_s, size, contrasts))
        began = window.share
    return found


def _ratios(
    timed: TimedPass, quantity: str, workload: Workload, watch: Stopwatch, narrator: Narrator
) -> tuple[list[list[float]], float]:
    """A/A log-ratios of every block, and the median time of one image on one arm."""
    place = BlockPlace(replicate=0, block=0)
    warmed = warm_up(timed, workload, place, watch)
    left_s = watch.left_s(timed.share)
    rows = plan_blocks(left_s, 1.2 * warmed.seconds_a_row).rows
    ratios: list[list[float]] = []
    seconds: list[float] = []
    while len(ratios) < _MOST_BLOCKS and (
        len(ratios) < _FEWEST_BLOCKS or watch.left_s(timed.share) > rows * warmed.seconds_a_row
    ):
        if watch.left_s() <= 0:
            raise InconclusiveError(
                f"{quantity}: {len(ratios)} blocks of one image in the time there was, {_FEWEST_BLOCKS} are "
                "needed; ask about a larger --budget"
            )
        block = BlockPlace(replicate=len(ratios), block=len(ratios))
        bare = measure_block(timed, workload, block, rows, watch, bare=True)
        pairs = _pairs(bare, timed)
        if pairs:
            ratios.append([math.log(before / after) for before, after in pairs])
            seconds.extend(before / 1e9 for before, _ in pairs)
        narrator.progress(f"noise of {quantity}", len(ratios), _MOST_BLOCKS)
    return ratios, float(np.median(seconds))


def _pairs(records: Sequence[Record], timed: TimedPass) -> list[tuple[int, int]]:
    times: dict[str, dict[str, int]] = defaultdict(dict)
    for record in records:
        value = getattr(record.times_ns, timed.quantity)
        if record.status == "ok" and value:
            times[record.image][record.arm] = value
    return [(seen[_ARMS[0]], seen[_ARMS[1]]) for seen in times.values() if len(seen) == len(_ARMS)]
