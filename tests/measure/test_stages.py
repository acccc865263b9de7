"""Stages and stamps on a device that works behind the host's back."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from argus_eval.measure.clock import ManualClock
from argus_eval.measure.stages import DeviceEvent, StageRecorder


@dataclass
class Device:
    """Does one thing after the other; the host only puts them into its queue."""

    clock: ManualClock = field(default_factory=ManualClock)
    busy_until_ns: int = 0
    waits: int = 0

    def launch(self, seconds: float) -> None:
        self.busy_until_ns = max(self.busy_until_ns, self.clock()) + round(seconds * 1e9)

    def event(self) -> Event:
        return Event(self)


class Event:
    def __init__(self, device: Device) -> None:
        self._device, self.at_ns = device, 0

    def record(self) -> None:
        self.at_ns = max(self._device.clock(), self._device.busy_until_ns)

    def synchronize(self) -> None:
        self._device.waits += 1

    def elapsed_time(self, end: DeviceEvent) -> float:
        assert isinstance(end, Event)
        return (end.at_ns - self.at_ns) / 1e6


@pytest.mark.parametrize("enabled", [True, False])
def test_inputs_are_ready_when_the_device_has_them(enabled: bool) -> None:
    """5 ms of host work, then a copy of 3 ms and a normalising kernel of 2 ms that the host does not wait for."""
    device = Device()
    recorder = StageRecorder(clock=device.clock, events=device.event, enabled=enabled)
    recorder.mark("start")
    device.clock.advance(0.005)
    recorder.mark("uint8_tiles")
    device.launch(0.003)
    device.launch(0.002)
    recorder.mark("model_ready")
    device.clock.advance(0.020)
    recorder.mark("first_token")
    assert device.waits == 0
    assert recorder.between("start", "uint8_tiles") == 5_000_000
    assert recorder.between("start", "model_ready") == 10_000_000
    assert recorder.between("start", "first_token") == 25_000_000


def test_a_host_that_waits_is_timed_by_its_own_clock() -> None:
    device = Device()
    recorder = StageRecorder(clock=device.clock, events=device.event)
    recorder.mark("start")
    device.launch(0.003)
    device.clock.advance(0.007)
    recorder.mark("model_ready")
    assert recorder.between("start", "model_ready") == 7_000_000


def test_a_stage_that_comes_twice_adds_up_wherever_it_runs() -> None:
    device = Device()
    recorder = StageRecorder(clock=device.clock, events=device.event)
    for seconds in (0.004, 0.001):
        with recorder.span("merge", on_device=True):
            device.launch(seconds)
        with recorder.span("tokenize"):
            device.clock.advance(seconds)
    assert device.waits == 0
    assert recorder.durations_ns() == {"tokenize": 5_000_000, "merge": 5_000_000}


def test_the_price_is_the_same_spans_once_more() -> None:
    """A clock that takes 3 µs to read: two reads a span, and what was charged besides."""
    clock = ManualClock()

    def slow() -> int:
        clock.advance(3e-6)
        return clock()

    recorder = StageRecorder(clock=slow)
    for _ in range(2):
        with recorder.span("image_decode"):
            pass
    with recorder.span("tokenize"):
        pass
    recorder.charge(500)
    before = recorder.durations_ns()
    # Six reads inside three spans, and one more that ends the measuring.
    assert recorder.price_ns() == 6 * 3_000 + 3_000 + 500
    assert recorder.durations_ns() == before


def test_the_price_of_device_spans_records_events_again() -> None:
    device = Device()
    made: list[Event] = []

    def event() -> Event:
        made.append(device.event())
        return made[-1]

    recorder = StageRecorder(clock=device.clock, events=event)
    with recorder.span("vision", on_device=True):
        pass
    with recorder.span("tokenize"):
        pass
    assert len(made) == 2
    recorder.price_ns()
    assert len(made) == 4
    assert device.waits == 0


def test_without_timers_there_is_no_price() -> None:
    assert StageRecorder(enabled=False).price_ns() is None
