"""Peaks of memory in this process: the host's by sampling, the device's by the allocator's own counters.

Meant for a process that holds one arm and nothing else: peaks of a process are everything that lives in it.
"""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Any

__all__ = ["MemoryPeaks", "PeakMemory", "out_of_memory_count", "room_for_a_copy"]

_EVERY_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryPeaks:
    """Bytes; ``None`` where there is no such device.

    Attributes:
        host: largest unique set size seen: pages that would be freed with the process.
        host_resident: largest resident set since the process began, shared libraries among it.
        device_allocated, device_reserved: peaks of the caching allocator.
        pinned: peak of page-locked host memory that the allocator holds; None also where torch does not count it.
        samples: how often the host was looked at.
    """

    host: int
    host_resident: int
    device_allocated: int | None
    device_reserved: int | None
    samples: int
    pinned: int | None = None


class PeakMemory:
    """Watches this process while the block runs; :attr:`peaks` holds the result afterwards."""

    peaks: MemoryPeaks

    def __init__(self) -> None:
        import psutil

        self._process = psutil.Process()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._peak, self._samples = 0, 0

    def __enter__(self) -> PeakMemory:
        cuda = _cuda()
        if cuda is not None:
            cuda.reset_peak_memory_stats()
            if hasattr(cuda, "reset_peak_host_memory_stats"):
                cuda.reset_peak_host_memory_stats()
        self._look()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._look()
        cuda = _cuda()
        self.peaks = MemoryPeaks(
            host=self._peak,
            host_resident=_largest_resident(),
            device_allocated=None if cuda is None else int(cuda.max_memory_allocated()),
            device_reserved=None if cuda is None else int(cuda.max_memory_reserved()),
            samples=self._samples,
            pinned=_pinned(cuda),
        )

    def _sample(self) -> None:
        while not self._stop.wait(_EVERY_S):
            self._look()

    def _look(self) -> None:
        self._peak = max(self._peak, int(self._process.memory_full_info().uss))
        self._samples += 1


def room_for_a_copy(margin: float = 1.3) -> bool:
    """Whether what this process holds would fit beside it a second time, on the host and on the device."""
    import psutil

    if psutil.virtual_memory().available < margin * psutil.Process().memory_info().rss:
        return False
    cuda = _cuda()
    if cuda is None:
        return True
    free, _ = cuda.mem_get_info()
    return bool(free > margin * cuda.memory_reserved())


def out_of_memory_count() -> int:
    """How often the device's allocator has refused so far, whether or not somebody caught it; 0 without one."""
    cuda = _cuda()
    return 0 if cuda is None else int(cuda.memory_stats().get("num_ooms", 0))


def _pinned(cuda: Any | None) -> int | None:
    """Peak of page-locked memory; older versions of torch do not count it."""
    if cuda is None or not hasattr(cuda, "host_memory_stats"):
        return None
    found = cuda.host_memory_stats().get("allocated_bytes.peak")
    return None if found is None else int(found)


def _largest_resident() -> int:
    import resource

    # Kilobytes on Linux, bytes on macOS.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _cuda() -> Any | None:
    """``torch.cuda`` where torch is loaded and has used a device."""
    torch = sys.modules.get("torch")
    return torch.cuda if torch is not None and torch.cuda.is_initialized() else None
