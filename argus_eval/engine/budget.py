"""How the wall time of all efficiency measurement is spent."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from scipy import special

from argus_eval.stats.latency import LOOK_LEVEL, LOOKS, at_look

__all__ = ["MINIMUM_ROWS", "BlockSize", "Stopwatch", "plan_blocks"]

#: What is made in any case (CONTRACTS ``--budget``).
MINIMUM_ROWS = 3
# A plan is judged as if the machine kept the pace of its warm-up, and as if it became slower.
_SLOWER = (1.0, 1.3, 1.6)
# Beside any interval's width: what no plan would be chosen for that has another way.
_NO_INTERVAL, _TOO_FEW_IMAGES = 100.0, 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockSize:
    """``rows`` images a block under every arm; ``replicates`` such blocks fit into the time that is left."""

    rows: int
    replicates: int


def plan_blocks(
    seconds_left: float,
    seconds_a_row: float,
    *,
    seconds_a_block: float = 0.0,
    most_rows: int = 11,
    most_images: int | None = None,
    images: int = 0,
) -> BlockSize:
    """Choose how many images a block holds.

    Of the numbers of blocks that measuring may stop at, the one whose interval would be narrowest: Student's
    quantile over the root of all rows, also where the machine turns out slower than its warm-up and an earlier
    look is the last. A number of blocks that shows ``images`` images is preferred to one that shows fewer.
    Without time for six rows there is no interval; three rows are still worth having, because they give medians.

    Args:
        seconds_left: what the pass may spend.
        seconds_a_row: what one image under every arm costs, from the warm-up.
        seconds_a_block: what every block costs beside its rows (its sentinel).
        most_rows: images a block holds at most.
        most_images: images in all blocks together, where none may come twice.
        images: distinct images that the pass should show (p90 needs 64).

    >>> plan_blocks(600, 0.5)
    BlockSize(rows=11, replicates=109)
    >>> plan_blocks(40, 0.5, images=64)
    BlockSize(rows=3, replicates=26)
    >>> plan_blocks(10, 0.5, seconds_a_block=0.2)
    BlockSize(rows=1, replicates=14)
    >>> plan_blocks(60, 30)
    BlockSize(rows=1, replicates=2)
    """
    cost_s = max(seconds_a_row, 1e-6)
    most = math.inf if most_images is None else most_images

    def fitting(rows: int, slower: float = 1.0) -> int:
        return int(min(seconds_left / (slower * (cost_s * rows + seconds_a_block)), most // rows))

    def badness(rows: int) -> float:
        widths = [_width(rows, fitting(rows, slower)) for slower in _SLOWER]
        return sum(widths) + (_TOO_FEW_IMAGES if min(fitting(rows), LOOKS[-1]) * rows < images else 0.0)

    sizes = {int(min((seconds_left / blocks - seconds_a_block) / cost_s, most // blocks)) for blocks in LOOKS}
    rows = min((min(size, most_rows) for size in sizes if size >= 1), key=badness, default=1)
    return BlockSize(rows=rows, replicates=max(0, fitting(rows)))


def _width(rows: int, blocks: int) -> float:
    """Half-width of the interval at the last look that so many blocks reach, in deviations of one row."""
    look = at_look(blocks)
    if look is None:
        return _NO_INTERVAL
    return float(special.stdtrit(look - 1, (1 + LOOK_LEVEL) / 2)) / math.sqrt(look * rows)


@dataclass(slots=True)
class Stopwatch:
    """Time spent so far, over several sittings of the same run.

    Args:
        budget_s: what may be spent.
        clock_s: seconds of a monotonic clock.
        spent_before_s: what an interrupted run had spent.
    """

    budget_s: float
    clock_s: Callable[[], float]
    spent_before_s: float = 0.0
    _start_s: float | None = None

    def start(self) -> None:
        """Begin counting."""
        self._start_s = self.clock_s()

    def spent_s(self) -> float:
        """Seconds spent."""
        running = 0.0 if self._start_s is None else self.clock_s() - self._start_s
        return self.spent_before_s + running

    def left_s(self, share: float = 1.0) -> float:
        """Seconds left of the first ``share`` of the budget."""
        return max(0.0, share * self.budget_s - self.spent_s())
