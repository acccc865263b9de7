"""Independent pieces of host work on as many threads as torch would use.

Not torch's own threads: its uint8 resize uses one of them, and its many short parallel loops wait for each other
at every end, which costs more than they gain where the cores are shared with anybody else.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

__all__ = ["Bands"]

_MOST = 4


class Bands:
    """Threads that start with the first piece of work and end with this object.

    Args:
        count: bands to work in; the smaller of torch's number of threads and the cores of this process, if absent.
    """

    def __init__(self, count: int | None = None) -> None:
        self.count = _available() if count is None else count
        # One band is always done by the caller.
        self._threads = ThreadPoolExecutor(max(1, self.count - 1), thread_name_prefix="bands")

    def each(self, work: Sequence[Callable[[], object]]) -> None:
        """Run pieces that do not depend on each other; returns when all are done."""
        if self.count == 1 or len(work) < 2:
            for piece in work:
                piece()
            return
        *elsewhere, here = work
        pending = [self._threads.submit(piece) for piece in elsewhere]
        here()
        for future in pending:
            future.result()

    def over(self, length: int, work: Callable[[slice], object]) -> None:
        """Run ``work`` on ``range(length)``, one slice a thread."""
        edges = [length * index // self.count for index in range(self.count + 1)]
        slices = [slice(start, end) for start, end in itertools.pairwise(edges) if end > start]
        self.each([lambda part=part: work(part) for part in slices])  # type: ignore[misc]


def _available() -> int:
    import torch

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(torch.get_num_threads(), cores, _MOST))
