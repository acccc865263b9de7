"""Telling a terminal, or a log, what is going on: lines and progress on standard error."""

from __future__ import annotations

import sys
import time

from argus_eval.core.units import format_duration

__all__ = ["StderrNarrator"]

_LOG_EVERY_S = 15.0
_REDRAW_EVERY_S = 0.2


class StderrNarrator:
    """Progress is redrawn in place on a terminal, and a line now and then in a log."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._what = ""
        self._began_s = 0.0
        self._began_at = 0
        self._drawn_s = 0.0
        self._open_line = False

    def say(self, line: str) -> None:
        """A line worth keeping."""
        self._close_line()
        print(line, file=sys.stderr, flush=True)  # noqa: T201

    def warn(self, line: str) -> None:
        """A line that must not be missed."""
        self.say(f"! {line}")

    def progress(self, what: str, done: int, total: int | None) -> None:
        """Show how far a pass is and when it will end."""
        now_s = time.monotonic()
        if what != self._what:
            self._close_line()
            # A pass of a few long steps shows its first one at once; a fast one waits for its second line.
            self._what, self._began_s, self._began_at, self._drawn_s = what, now_s, done - 1, 0.0
        last = total is not None and done >= total
        if not last and now_s - self._drawn_s < (_REDRAW_EVERY_S if self._terminal else _LOG_EVERY_S):
            return
        self._drawn_s = now_s
        line = f"{what}: {done}{f' of {total}' if total else ''}{self._remaining(done, total, now_s)}"
        if self._terminal:
            print(f"\r\x1b[2K{line}", end="", file=sys.stderr, flush=True)  # noqa: T201
            self._open_line = True
        else:
            print(line, file=sys.stderr, flush=True)  # noqa: T201

    def _remaining(self, done: int, total: int | None, now_s: float) -> str:
        made = done - self._began_at
        if total is None or done >= total or made < 2 or now_s <= self._began_s:
            return ""
        return f", {format_duration((total - done) * (now_s - self._began_s) / made)} left"

    def _close_line(self) -> None:
        if self._open_line:
            print(file=sys.stderr)  # noqa: T201
            self._open_line = False
