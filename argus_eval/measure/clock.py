"""The one source of time. Injected, so that timing logic is tested without sleeping."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["Clock", "ManualClock", "monotonic_clock"]

#: Returns monotonic nanoseconds.
Clock = Callable[[], int]

monotonic_clock: Clock = time.perf_counter_ns


@dataclass(slots=True)
class ManualClock:
    """A clock that moves only when told to.

    >>> clock = ManualClock()
    >>> clock.advance(0.5)
    >>> clock()
    500000000
    """

    now_ns: int = 0
    step_ns: int = field(default=0)

    def __call__(self) -> int:
        self.now_ns += self.step_ns
        return self.now_ns

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        self.now_ns += round(seconds * 1e9)
