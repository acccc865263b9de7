"""How the wall time of all efficiency measurement is spent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["AIM_REPLICATES", "MINIMUM_ROWS", "BlockSize", "Stopwatch", "plan_blocks"]

#: Replicates aimed for when block sizes are chosen: the second look, so that a noisy first one can be repaired.
AIM_REPLICATES = 10
#: What is made in any case (CONTRACTS ``--budget``).
MINIMUM_ROWS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockSize:
    """``rows`` images a block under every arm; ``replicates`` such blocks fit into the time that is left."""

    rows: int
    replicates: int


def plan_blocks(
    seconds_left: float, seconds_a_row: float, *, most_rows: int = 11, aim: int = AIM_REPLICATES
) -> BlockSize:
    """Choose how many images a block holds.

    A row is one image under every arm. With time for fewer than six rows there is no interval; three rows of one
    image are still worth having, because they give medians.

    Args:
        seconds_left: what the pass may spend.
        seconds_a_row: what one row costs, from the warm-up.
        most_rows: images a block holds at most.
        aim: replicates that should fit.

    >>> plan_blocks(60, 0.5)
    BlockSize(rows=11, replicates=10)
    >>> plan_blocks(60, 30)
    BlockSize(rows=1, replicates=2)
    """
    affordable = int(seconds_left / max(seconds_a_row, 1e-6))
    rows = max(1, min(most_rows, affordable // aim))
    return BlockSize(rows=rows, replicates=affordable // rows)


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
