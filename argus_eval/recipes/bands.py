"""Independent pieces of host work on as many threads as torch would use.

Not torch's own threads: its uint8 resize uses one of them, and its many short parallel loops wait for each other
at every end, which costs more than they gain where the cores are shared with anybody else.
"""

from __future__ import annotations

import collections
import concurrent.futures
import functools
import itertools
import os
from collections.abc import Callable, Sequence

__all__ = ["Bands", "Work"]

#: A piece of work; what it returns is more of them, that could not be done before it.
Work = Callable[[], "Sequence[Work] | None"]

_MOST = 4
_SLICES = 4  # a thread: small enough that the last one is not waited for long


class Bands:
    """Threads that start with the first piece of work and end with this object.

    Args:
        count: bands to work in; the smaller of torch's number of threads and the cores of this process, if absent.
    """

    def __init__(self, count: int | None = None) -> None:
        self.count = _available() if count is None else count
        # One band is always done by the caller.
        self._threads = concurrent.futures.ThreadPoolExecutor(max(1, self.count - 1), thread_name_prefix="bands")

    def each(self, work: Sequence[Work]) -> None:
        """Run pieces that do not depend on each other, and those they return; done when all are done.

        Whoever is free takes the next piece: a thread that wakes late or runs on a slower core does fewer.
        """
        left = collections.deque(work)
        if self.count == 1 or len(work) < 2:
            _drain(left)
            return
        pending = [self._threads.submit(_drain, left) for _ in range(min(self.count, len(work)) - 1)]
        try:
            _drain(left)
        finally:
            left.clear()
            concurrent.futures.wait([future for future in pending if not future.cancel()])
        for future in pending:
            if not future.cancelled():
                future.result()

    def over(self, length: int, work: Callable[[slice], None]) -> None:
        """Run ``work`` on ``range(length)``, in several slices a thread."""
        count = self.count * _SLICES if self.count > 1 else 1
        edges = [length * index // count for index in range(count + 1)]
        slices = [slice(start, end) for start, end in itertools.pairwise(edges) if end > start]
        self.each([functools.partial(work, part) for part in slices])


def _drain(left: collections.deque[Work]) -> None:
    """Take and do pieces until none is left."""
    while True:
        try:
            piece = left.popleft()
        except IndexError:
            return
        left.extend(piece() or ())


def _available() -> int:
    import torch

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(torch.get_num_threads(), cores, _MOST))
