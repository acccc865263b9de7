"""Whether others are at work on the cores that a run is going to measure on."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from argus_eval.measure.contention import CoreUse, CoreWatch, CpuReading, contention_note


def readings(*found: CpuReading) -> Callable[[], CpuReading]:
    them: Iterator[CpuReading] = iter(found)
    return lambda: next(them)


def test_our_own_work_is_nobody_else_s() -> None:
    watch = CoreWatch(
        readings(CpuReading(at_s=10.0, busy_s=100.0, own_s=3.0), CpuReading(at_s=12.0, busy_s=103.0, own_s=4.0)),
        cores=2.0,
    )
    assert watch.use() == CoreUse(cores=2.0, others_cores=1.0)


def test_nobody_uses_less_than_nothing_or_more_than_there_is() -> None:
    for busy_s, others in ((100.5, 0.0), (109.0, 2.0)):
        watch = CoreWatch(
            readings(
                CpuReading(at_s=0.0, busy_s=100.0, own_s=0.0), CpuReading(at_s=1.0, busy_s=busy_s, own_s=1.0)
            ),
            cores=2.0,
        )
        assert watch.use().others_cores == others


def test_a_moment_is_too_short_to_be_judged_by() -> None:
    """Counters tick a hundred times a second: it waits until there is something to see."""
    began_s = time.perf_counter()
    CoreWatch().use()
    assert time.perf_counter() - began_s >= 0.45


@pytest.mark.parametrize(
    ("cores", "others", "threads", "said"),
    [
        (2.0, 0.3, 2, False),  # what a machine does by itself
        (2.0, 0.8, 2, True),
        (2.0, 0.8, 1, False),
        (2.0, 2.0, 1, True),
        (8.0, 3.0, 4, False),
        (2.0, 0.0, 32, True),  # a container that may use two cores of many
    ],
)
def test_more_threads_than_free_cores_are_said(cores: float, others: float, threads: int, said: bool) -> None:
    note = contention_note(CoreUse(cores=cores, others_cores=others), threads)
    assert (note is not None) is said
    if note is not None:
        assert note.startswith(f"busy machine: {threads} thread")
        assert "OMP_NUM_THREADS=1" in note
        assert "taskset" in note


@pytest.mark.skipif(sys.platform != "linux", reason="needs the counters of single cores")
def test_a_process_that_spins_is_seen() -> None:
    spin = [sys.executable, "-c", "print(flush=True)\nwhile True: pass"]
    spinning = [subprocess.Popen(spin, stdout=subprocess.PIPE) for _ in os.sched_getaffinity(0)]
    try:
        for process in spinning:
            assert process.stdout is not None
            process.stdout.readline()
        watch = CoreWatch()
        time.sleep(1.0)
        use = watch.use()
    finally:
        for process in spinning:
            process.kill()
            process.wait()
    assert use.others_cores > 0.7 * use.cores
    assert contention_note(use, len(spinning)) is not None
