"""Whether other processes are at work on our cores: torch's threads wait for each other, so that one core that
somebody else uses makes every matrix product as slow as the thread that has to share it.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from argus_eval.measure.environment import cgroup_quota_cores

__all__ = ["CoreUse", "CoreWatch", "CpuReading", "contention_note"]

# Counters have a hundredth of a second; half a second is good for a few per cent.
_SHORTEST_S = 0.5
# What daemons and the terminal take of a machine that does nothing else.
_TOLERATED_CORES = 0.5
_BUSY = ("user", "nice", "system", "irq", "softirq", "steal")


class CpuReading(NamedTuple):
    """Processor seconds until a moment: of all work on the cores that are ours to use, and of our own."""

    at_s: float
    busy_s: float
    own_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreUse:
    """``cores`` that this process may use, and how many of them other processes kept busy."""

    cores: float
    others_cores: float


class CoreWatch:
    """Watches from now on; costs nothing in between."""

    def __init__(self, read: Callable[[], CpuReading] | None = None, cores: float | None = None) -> None:
        self._read = read or read_cpu
        self._cores = usable_cores() if cores is None else cores
        self._began = self._read()

    def use(self) -> CoreUse:
        """What others used since the beginning, which lies half a second back at least."""
        if self._read is read_cpu:
            time.sleep(max(0.0, self._began.at_s + _SHORTEST_S - time.perf_counter()))
        now = self._read()
        busy_s, own_s = now.busy_s - self._began.busy_s, now.own_s - self._began.own_s
        others = (busy_s - own_s) / (now.at_s - self._began.at_s)
        return CoreUse(cores=self._cores, others_cores=round(min(max(others, 0.0), self._cores), 2))


def contention_note(use: CoreUse, threads: int) -> str | None:
    """What to say of a run whose ``threads`` are more than the free cores, and what to do; else ``None``."""
    if threads <= use.cores - use.others_cores + _TOLERATED_CORES:
        return None
    return (
        f"busy machine: {_count(threads, 'thread')} of torch on {_count(use.cores, 'core')}, of which other "
        f"processes use {use.others_cores:.1f}: latencies may come out many times too long; end the other work, "
        "or set OMP_NUM_THREADS=1 and keep a core free (taskset)"
    )


def _count(number: float, what: str) -> str:
    return f"{number:g} {what}{'s' if number > 1 else ''}"


def usable_cores() -> float:
    """Cores this process may use: its affinity, and the quota of its container."""
    quota = cgroup_quota_cores()
    return min(float(len(_our_cpus())), math.inf if quota is None else quota)


def read_cpu() -> CpuReading:
    """The counters as they are now."""
    import psutil

    by_core, ours = psutil.cpu_times(percpu=True), _our_cpus()
    busy_s = sum(getattr(by_core[cpu], kind, 0.0) for cpu in ours if cpu < len(by_core) for kind in _BUSY)
    mine = os.times()
    own_s = mine.user + mine.system + mine.children_user + mine.children_system
    return CpuReading(at_s=time.perf_counter(), busy_s=busy_s, own_s=own_s)


def _our_cpus() -> set[int]:
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))
