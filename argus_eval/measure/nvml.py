"""The driver's management library, where a device and its Python binding (``nvidia-ml-py``) are there."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

__all__ = ["device_handle", "device_state", "nvml"]


@cache
def nvml() -> Any | None:
    """The initialised module; ``None`` without the binding, the driver or a device."""
    if importlib.util.find_spec("pynvml") is None:
        return None
    module = importlib.import_module("pynvml")
    try:
        module.nvmlInit()
    except module.NVMLError:
        return None
    return module


@cache
def device_handle() -> Any | None:
    """The device that torch calls ``cuda:0``, whatever ``CUDA_VISIBLE_DEVICES`` renames; ``None`` without one."""
    module, torch = nvml(), sys.modules.get("torch")
    if module is None or torch is None or not torch.cuda.is_available():
        return None
    uuid = getattr(torch.cuda.get_device_properties(0), "uuid", None)
    try:
        if uuid is None:
            return module.nvmlDeviceGetHandleByIndex(0)
        return module.nvmlDeviceGetHandleByUUID(f"GPU-{uuid}".encode())
    except module.NVMLError:
        return None


def device_state() -> dict[str, object]:
    """Driver, clocks (MHz), temperature (°C) and reasons of throttling (bits) now; empty without a device.

    What the device does not tell is ``None``.
    """
    module, handle = nvml(), device_handle()
    if module is None or handle is None:
        return {}
    readings: dict[str, Callable[[], object]] = {
        "driver": module.nvmlSystemGetDriverVersion,
        "clock_sm_mhz": lambda: module.nvmlDeviceGetClockInfo(handle, module.NVML_CLOCK_SM),
        "clock_memory_mhz": lambda: module.nvmlDeviceGetClockInfo(handle, module.NVML_CLOCK_MEM),
        "temperature_c": lambda: module.nvmlDeviceGetTemperature(handle, module.NVML_TEMPERATURE_GPU),
        "throttle_reasons": lambda: module.nvmlDeviceGetCurrentClocksThrottleReasons(handle),
    }
    found: dict[str, object] = dict.fromkeys(readings)
    for name, read in readings.items():
        with contextlib.suppress(module.NVMLError):
            found[name] = read()
    return found
