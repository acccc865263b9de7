"""Standard output whose reader may leave early: later words go nowhere, and the command runs to its end.

So `argus-eval check RUN | head` has the exit code of the verdict.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

__all__ = ["lasting_stdout"]


class _Lasting:
    """A stream that outlives its reader; everything else is the stream's own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            self._discard()
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._discard()

    def _discard(self) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)


@contextmanager
def lasting_stdout() -> Iterator[None]:
    """Standard output for a block, flushed at its end."""
    before, sys.stdout = sys.stdout, cast(TextIO, _Lasting(sys.stdout))
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stdout = before
