"""What the engine tells whoever watches; the command line prints it, a library caller may ignore it."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Narrator", "Silent"]


class Narrator(Protocol):
    """Receives lines and progress."""

    def say(self, line: str) -> None:
        """A line worth keeping."""
        ...

    def warn(self, line: str) -> None:
        """A line that must not be missed."""
        ...

    def progress(self, what: str, done: int, total: int | None) -> None:
        """``done`` of ``total`` steps of ``what`` are finished; an unknown total is ``None``."""
        ...


class Silent:
    """Says nothing."""

    def say(self, line: str) -> None:
        """Drop the line."""

    def warn(self, line: str) -> None:
        """Drop the line."""

    def progress(self, what: str, done: int, total: int | None) -> None:
        """Drop the progress."""
