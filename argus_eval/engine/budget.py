"""How the wall time of all efficiency measurement is spent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["BlockSize", "Stopwatch", "plan_blocks"]

#: Replicates aimed for when block sizes are chosen: the second look, so that a noisy first one can be repaired.
_AIM_REPLICATES = 10
_MOST_ROWS_A_BLOCK = 11
#: What is made in any case (CONTRACTS ``--budget``).
MINIMUM_ROWS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockSize:
    """``rows`` images a block under every arm; ``replicates`` such blocks fit into the time that is left."""

    rows: int
    replicates: int


def plan_blocks(seconds_left: float, seconds_a_row: float) -> BlockSize:
    """Choose how many images a block holds.

    A row is one image under every arm. With time for fewer than six rows there is no interval; three rows of one
    image are made in any case, so that medians exist.

    Args:
        seconds_left: what the pass may spend.
        seconds_a_row: what one row costs, from the warm-up.

    >>> plan_blocks(60, 0.5)
    BlockSize(rows=11, replicates=10)
    >>> plan_blocks(60, 30)
    BlockSize(rows=1, replicates=3)
    """
    affordable = max(MINIMUM_ROWS, int(seconds_left / max(seconds_a_row, 1e-6)))
    rows = max(1, min(_MOST_ROWS_A_BLOCK, affordable // _AIM_REPLICATES))
    return BlockSize(rows=rows, replicates=max(MINIMUM_ROWS if rows == 1 else 1, affordable // rows))


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
