"""What the driver tells of a device, from a driver that tells some of it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from argus_eval.measure import nvml


class RefusedError(Exception):
    """What the binding raises."""


def refused(*_: object) -> object:
    raise RefusedError


DRIVER = SimpleNamespace(
    NVMLError=RefusedError,
    NVML_CLOCK_SM=1,
    NVML_CLOCK_MEM=2,
    NVML_TEMPERATURE_GPU=0,
    nvmlSystemGetDriverVersion=lambda: "570.1",
    nvmlDeviceGetClockInfo=lambda handle, clock: {1: 1980, 2: 3201}[clock],
    nvmlDeviceGetTemperature=refused,
    nvmlDeviceGetCurrentClocksThrottleReasons=lambda handle: 4,
)


def test_the_state_of_the_device_is_what_it_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nvml, "nvml", lambda: DRIVER)
    monkeypatch.setattr(nvml, "device_handle", lambda: "gpu")
    assert nvml.device_state() == {
        "driver": "570.1",
        "clock_sm_mhz": 1980,
        "clock_memory_mhz": 3201,
        "temperature_c": None,
        "throttle_reasons": 4,
    }


def test_without_a_device_there_is_no_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nvml, "nvml", lambda: None)
    assert nvml.device_state() == {}
