"""Spans of the stages of one request: host clock always, device events where the device runs on its own.

Nothing here waits for the device inside a request. Device spans are pairs of events, turned into durations by
:meth:`StageRecorder.durations_ns` after the request has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from argus_eval.measure.clock import Clock, monotonic_clock

__all__ = ["DeviceEvent", "EventFactory", "StageRecorder"]


class DeviceEvent(Protocol):
    """What ``torch.cuda.Event(enable_timing=True)`` offers."""

    def record(self) -> None: ...
    def synchronize(self) -> None: ...
    def elapsed_time(self, end: DeviceEvent) -> float:
        """Milliseconds until ``end``."""
        ...


EventFactory = Callable[[], DeviceEvent]

#: Stamps that say "it is there": the host may be ahead of the device when it takes them.
_OF_THE_DEVICE = frozenset({"start", "uint8_tiles", "model_ready"})


@dataclass(slots=True)
class StageRecorder:
    """Collects the stages of one request.

    With ``enabled`` false every span is free, which is how the price of the instrumentation is measured.
    Stamps (:meth:`mark`) are always taken: the ends of TTFT and end-to-end do not depend on stage timers.

    Args:
        clock: monotonic nanoseconds.
        events: makes device events; ``None`` on devices that run in step with the host.
        enabled: whether stage spans are recorded.
    """

    clock: Clock = monotonic_clock
    events: EventFactory | None = None
    enabled: bool = True
    _host: dict[str, int] = field(default_factory=dict)
    _device: list[tuple[str, DeviceEvent, DeviceEvent]] = field(default_factory=list)
    _open: dict[str, tuple[int, DeviceEvent | None]] = field(default_factory=dict)
    _marks: dict[str, int] = field(default_factory=dict)
    _arrivals: dict[str, DeviceEvent] = field(default_factory=dict)
    _closed: list[tuple[str, bool]] = field(default_factory=list)
    _charged_ns: int = 0

    @contextmanager
    def span(self, slug: str, on_device: bool = False) -> Iterator[None]:
        """Time a block as stage ``slug``; the same slug twice adds up."""
        self.begin(slug, on_device)
        try:
            yield
        finally:
            self.end(slug)

    def begin(self, slug: str, on_device: bool = False) -> None:
        """Open stage ``slug``; on a device with events the device's own time is taken."""
        if not self.enabled:
            return
        event = None
        if on_device and self.events is not None:
            event = self.events()
            event.record()
        self._open[slug] = (self.clock(), event)

    def end(self, slug: str) -> None:
        """Close stage ``slug``; a stage that was never opened is ignored."""
        opened = self._open.pop(slug, None)
        if opened is None:
            return
        start, event = opened
        if event is not None and self.events is not None:
            closing = self.events()
            closing.record()
            self._device.append((slug, event, closing))
        else:
            self._host[slug] = self._host.get(slug, 0) + self.clock() - start
        self._closed.append((slug, event is not None))

    def charge(self, nanoseconds: int) -> None:
        """Count what was done for the sake of stages beside opening and closing them."""
        self._charged_ns += nanoseconds

    def price_ns(self) -> int | None:
        """Nanoseconds that timing the stages of this request cost: the same spans once more, around nothing.

        ``None`` where no stages were timed. Call it after the request.
        """
        if not self.enabled:
            return None
        again = StageRecorder(clock=self.clock, events=self.events)
        began = self.clock()
        for slug, on_device in self._closed:
            with again.span(slug, on_device):
                pass
        return self.clock() - began + self._charged_ns

    def subtract(self, slug: str, part: str) -> None:
        """Take stage ``part`` out of the stage ``slug`` that surrounded it on the host."""
        if slug in self._host and part in self._host:
            self._host[slug] -= self._host[part]

    def mark(self, name: str) -> None:
        """Stamp the first time ``name`` happens."""
        if name in self._marks:
            return
        self._marks[name] = self.clock()
        if self.events is not None and name in _OF_THE_DEVICE:
            self._arrivals[name] = self.events()
            self._arrivals[name].record()

    def restamp(self, name: str) -> None:
        """Stamp the latest time ``name`` happens."""
        self._marks[name] = self.clock()

    def stamp(self, name: str) -> int | None:
        """The clock at ``name``, or ``None`` if it never happened."""
        return self._marks.get(name)

    def between(self, start: str, end: str) -> int | None:
        """Nanoseconds from one stamp to another.

        What a device still had to do for it when the host went on is part of it: a copy or a kernel that nobody
        waits for is not free. Waits for the device: call it after the request.
        """
        first, last = self._marks.get(start), self._marks.get(end)
        if first is None or last is None:
            return None
        began, arrived = self._arrivals.get(start), self._arrivals.get(end)
        if began is None or arrived is None:
            return last - first
        arrived.synchronize()
        return max(last - first, round(began.elapsed_time(arrived) * 1e6))

    def durations_ns(self) -> dict[str, int]:
        """Stage slug → nanoseconds. Waits for the device: call it after the request."""
        durations = dict(self._host)
        for slug, start, end in self._device:
            end.synchronize()
            durations[slug] = durations.get(slug, 0) + round(start.elapsed_time(end) * 1e6)
        return durations
