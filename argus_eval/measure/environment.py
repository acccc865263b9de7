"""What machine and which software a number came from."""

from __future__ import annotations

import os
import pathlib
import platform
import sys
from importlib.metadata import PackageNotFoundError, version

from argus_eval.measure.nvml import device_state

__all__ = ["capture_environment", "cgroup_quota_cores", "hardware_class"]

_PACKAGES = (
    "argus-eval",
    "torch",
    "torchvision",
    "torchcodec",
    "transformers",
    "tokenizers",
    "numpy",
    "pillow",
    "datasets",
    "pycocotools",
)


def capture_environment() -> dict[str, object]:
    """Host, device, libraries and settings that change speed, as plain data.

    Values that the machine does not tell are ``None``. Does not import torch; a device is described only where
    torch is loaded already.
    """
    return {
        "host": _host(),
        "device": _device(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "variables": {
            name: os.environ[name]
            for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "TOKENIZERS_PARALLELISM", "CUDA_VISIBLE_DEVICES")
            if name in os.environ
        },
    }


def hardware_class(environment: dict[str, object]) -> str:
    """A short name for the hardware; numbers of different classes never share a chart."""
    device, host = environment.get("device"), environment.get("host")
    if isinstance(device, dict) and device.get("name"):
        return str(device["name"])
    if isinstance(host, dict):
        return f"{host.get('cpu')} × {host.get('cores_used')} cores"
    return "unknown"


def _host() -> dict[str, object]:
    import psutil

    memory = psutil.virtual_memory()
    return {
        "cpu": _cpu_model(),
        "cores_logical": os.cpu_count(),
        "cores_used": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "cgroup_quota_cores": cgroup_quota_cores(),
        "governor": _read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "load_1min": round(os.getloadavg()[0], 2),
        "memory_bytes": memory.total,
        "memory_available_bytes": memory.available,
    }


def _device() -> dict[str, object] | None:
    torch = sys.modules.get("torch")
    if torch is None:
        return None
    facts: dict[str, object] = {"threads": torch.get_num_threads()}
    if torch.cuda.is_available():
        properties = torch.cuda.get_device_properties(0)
        facts.update(name=properties.name, memory_bytes=properties.total_memory, cuda=torch.version.cuda)
        facts.update(device_state())
    return facts


def _cpu_model() -> str:
    for line in (_read("/proc/cpuinfo") or "").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def cgroup_quota_cores() -> float | None:
    """Cores the container may use on average; ``None`` without a limit."""
    quota, _, period = (_read("/sys/fs/cgroup/cpu.max") or "max").partition(" ")
    return None if quota == "max" or not period else int(quota) / int(period)


def _read(path: str) -> str | None:
    try:
        return pathlib.Path(path).read_text().strip()
    except OSError:
        return None


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
