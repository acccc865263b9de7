"""Peaks of memory, with buffers whose size is known."""

from __future__ import annotations

import time

import numpy as np
import pytest

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


class FakeDevice:
    """Counts as ``torch.cuda`` does; the peak of page-locked memory before the block is not the block's."""

    def __init__(self) -> None:
        self.pinned = 7_000_000

    def reset_peak_memory_stats(self) -> None: ...

    def reset_peak_host_memory_stats(self) -> None:
        self.pinned = 0

    def max_memory_allocated(self) -> int:
        return 1

    def max_memory_reserved(self) -> int:
        return 2

    def host_memory_stats(self) -> dict[str, int]:
        return {"allocated_bytes.peak": self.pinned}


def test_page_locked_memory_is_counted_where_torch_counts_it(monkeypatch: pytest.MonkeyPatch) -> None:
    device = FakeDevice()
    monkeypatch.setattr("argus_eval.measure.memory._cuda", lambda: device)
    with PeakMemory() as found:
        device.pinned += 4_096
    assert (found.peaks.pinned, found.peaks.device_allocated) == (4_096, 1)
    monkeypatch.setattr(FakeDevice, "host_memory_stats", property())
    with PeakMemory() as found:
        pass
    assert found.peaks.pinned is None
