"""Bytes of a ``text/event-stream`` to events, as the WHATWG specification cuts them.

Works on bytes throughout: a chunk may end inside a UTF-8 sequence, inside a line ending or inside an event.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Event", "EventParser", "OversizedEventError"]

_LINE_END = re.compile(rb"\r\n|\n|\r")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
#: No event of a chat server comes near this; a line without end must not fill the memory.
LARGEST_EVENT_BYTES = 4 * 2**20


class OversizedEventError(ValueError):
    """A line or an event is longer than any that makes sense."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event: its type, "message" unless named, and its data lines joined by newlines."""

    name: str
    data: bytes


class EventParser:
    """Feed it what arrives; it returns the events that became complete.

    Args:
        largest_bytes: of one line and of one event.

    >>> parser = EventParser()
    >>> parser.feed(b"data: caf\\xc3")
    []
    >>> parser.feed(b"\\xa9\\n\\n")[0].data.decode()
    'café'
    """

    def __init__(self, largest_bytes: int = LARGEST_EVENT_BYTES) -> None:
        self._largest_bytes = largest_bytes
        self._pending = bytearray()
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._name = ""
        self._after_carriage_return = False
        self._at_start = True

    def feed(self, chunk: bytes) -> list[Event]:
        """Events completed by ``chunk``.

        Raises:
            OversizedEventError: a line or an event exceeds the limit.
        """
        if self._after_carriage_return and chunk:
            chunk = chunk.removeprefix(b"\n")
            self._after_carriage_return = False
        scan = len(self._pending)
        self._pending += chunk
        events: list[Event] = []
        start = 0
        while end := _LINE_END.search(self._pending, scan):
            event = self._line(bytes(self._pending[start : end.start()]))
            if event is not None:
                events.append(event)
            start = scan = end.end()
        # "\r" may be the first half of "\r\n": the line has ended either way.
        self._after_carriage_return = bool(start) and start == len(self._pending) and self._pending[-1:] == b"\r"
        del self._pending[:start]
        if len(self._pending) > self._largest_bytes:
            raise OversizedEventError(f"a line of more than {self._largest_bytes:,} bytes")
        return events

    def _line(self, line: bytes) -> Event | None:
        if self._at_start:
            line = line.removeprefix(_BYTE_ORDER_MARK)
            self._at_start = False
        if not line:
            return self._dispatch()
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._data.append(value)
            self._data_bytes += len(value) + 1
            if self._data_bytes > self._largest_bytes:
                raise OversizedEventError(f"an event of more than {self._largest_bytes:,} bytes")
        elif field == b"event":
            self._name = value.decode("utf-8", "replace")
        return None

    def _dispatch(self) -> Event | None:
        lines, name = self._data, self._name
        self._data, self._data_bytes, self._name = [], 0, ""
        return Event(name=name or "message", data=b"\n".join(lines)) if lines else None
