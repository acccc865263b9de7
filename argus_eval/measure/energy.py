"""Counters of energy: the device's own, or RAPL where it may be read. Without one nothing is estimated."""

from __future__ import annotations

import pathlib
from dataclasses import dataclass
from typing import Protocol

from argus_eval.measure.nvml import device_handle, nvml

__all__ = ["EnergyCounter", "energy_counter", "energy_a_request_j"]

_POWERCAP = pathlib.Path("/sys/class/powercap")


class EnergyCounter(Protocol):
    """Joules since some beginning."""

    name: str

    def read_j(self) -> float:
        """The counter now; it never runs backwards."""
        ...


class _DeviceCounter:
    name = "NVML total energy of the device"

    def read_j(self) -> float:
        module = nvml()
        assert module is not None
        return float(module.nvmlDeviceGetTotalEnergyConsumption(device_handle())) / 1e3


@dataclass(slots=True)
class _Package:
    path: pathlib.Path
    range_j: float
    last_j: float = 0.0
    wrapped_j: float = 0.0

    def read_j(self) -> float:
        now_j = int((self.path / "energy_uj").read_text()) / 1e6
        if now_j < self.last_j:
            self.wrapped_j += self.range_j
        self.last_j = now_j
        return self.wrapped_j + now_j


class _RaplCounter:
    name = "RAPL, all packages"

    def __init__(self, packages: list[_Package]) -> None:
        self._packages = packages

    def read_j(self) -> float:
        return sum(package.read_j() for package in self._packages)


def energy_counter(device: str, powercap: pathlib.Path = _POWERCAP) -> EnergyCounter | None:
    """The counter for what runs on ``device`` ("cpu", "cuda"); ``None`` where there is none that may be read."""
    if device.startswith("cuda"):
        module, handle = nvml(), device_handle()
        if module is None or handle is None:
            return None
        try:
            module.nvmlDeviceGetTotalEnergyConsumption(handle)
        except module.NVMLError:
            return None
        return _DeviceCounter()
    packages = []
    for path in sorted(powercap.glob("intel-rapl:[0-9]*")):
        if path.name.count(":") != 1:
            continue
        try:
            packages.append(_Package(path=path, range_j=int((path / "max_energy_range_uj").read_text()) / 1e6))
            packages[-1].read_j()
        except OSError:
            return None
    return _RaplCounter(packages) if packages else None


def energy_a_request_j(busy_j: float, busy_s: float, idle_w: float, requests: int) -> float:
    """Joules of one request above what the idle machine would have used in the same time."""
    return (busy_j - idle_w * busy_s) / requests
