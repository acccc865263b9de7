"""Peaks of memory, with buffers whose size is known."""

from __future__ import annotations

import time

import numpy as np

from argus_eval.measure.memory import PeakMemory, out_of_memory_count, room_for_a_copy


def test_a_buffer_that_is_gone_again_is_in_the_peak() -> None:
    with PeakMemory() as quiet:
        time.sleep(0.05)
    with PeakMemory() as busy:
        buffer = np.ones(60_000_000 // 8)
        time.sleep(0.3)
        del buffer
    gained = busy.peaks.host - quiet.peaks.host
    assert 50e6 < gained < 90e6
    assert busy.peaks.host_resident >= busy.peaks.host
    assert busy.peaks.samples > 2


def test_room_is_asked_of_the_machine() -> None:
    assert room_for_a_copy(1e-6)
    assert not room_for_a_copy(1e12)
    assert out_of_memory_count() >= 0
