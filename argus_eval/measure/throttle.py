"""Was the machine slowed down while something was measured: counters of the kernel and of the device's driver.

A block is judged by these counters only, never by its times: leaving out what was slow would bias every number.
"""

from __future__ import annotations

import pathlib
from dataclasses import dataclass

from argus_eval.measure.nvml import device_handle, nvml

__all__ = ["ThrottleCounters", "read_throttle", "throttled"]

_CPUS = pathlib.Path("/sys/devices/system/cpu")
_CGROUP_FILES = (pathlib.Path("/sys/fs/cgroup/cpu.stat"), pathlib.Path("/sys/fs/cgroup/cpu/cpu.stat"))
# NVML_CLOCKS_EVENT_REASON_*: HW slowdown, SW and HW thermal slowdown, HW power brake. The software power cap is
# left out: under load it is how a device works.
_SLOWDOWN = 0x8 | 0x20 | 0x40 | 0x80


@dataclass(frozen=True, slots=True, kw_only=True)
class ThrottleCounters:
    """What the machine counted so far; ``None`` where it does not tell.

    Attributes:
        quota: periods in which the container's CPU quota stopped a thread.
        thermal: times a core was slowed down because it was hot.
        device: bits of the reasons for which the device is slowed down now.
    """

    quota: int | None
    thermal: int | None
    device: int | None


def read_throttle(
    cpus: pathlib.Path = _CPUS, cgroup: tuple[pathlib.Path, ...] = _CGROUP_FILES
) -> ThrottleCounters:
    """Read all counters."""
    return ThrottleCounters(quota=_quota(cgroup), thermal=_thermal(cpus), device=_device())


def throttled(before: ThrottleCounters, after: ThrottleCounters) -> str | None:
    """What slowed the machine down between two readings, in words; ``None`` for nothing that it told."""
    if (after.thermal or 0) > (before.thermal or 0):
        return "a core was slowed down by heat"
    if (after.quota or 0) > (before.quota or 0):
        return "the container's CPU quota was used up"
    if (after.device or 0) & _SLOWDOWN:
        return "the device was slowed down by heat or power"
    return None


def _quota(files: tuple[pathlib.Path, ...]) -> int | None:
    for path in files:
        for line in (_read(path) or "").splitlines():
            name, _, value = line.partition(" ")
            if name == "nr_throttled":
                return int(value)
    return None


def _thermal(cpus: pathlib.Path) -> int | None:
    counts = [_read(path) for path in cpus.glob("cpu[0-9]*/thermal_throttle/core_throttle_count")]
    known = [int(count) for count in counts if count]
    return sum(known) if known else None


def _device() -> int | None:
    module, handle = nvml(), device_handle()
    if module is None or handle is None:
        return None
    return int(module.nvmlDeviceGetCurrentClocksThrottleReasons(handle))


def _read(path: pathlib.Path) -> str | None:
    try:
        return path.read_text().strip()
    except OSError:
        return None
