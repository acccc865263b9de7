"""Rows: what a data set holds, before a schema makes samples of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

__all__ = ["BadRow", "Row", "RowSource"]

Row = Mapping[str, object]
"""One record as the file has it; an image is ``{"bytes": …, "path": …}``, still compressed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A record that no sample could be made of. It is counted and reported, never dropped in silence.

    Attributes:
        key: the record's own id where it has one, else its place ("row 17", "line 3").
        reason: what is wrong, short enough to be counted ("bbox is not four finite numbers").
    """

    key: str
    reason: str


class RowSource(Protocol):
    """Rows on this machine, streamed: no more than a few dozen are ever in memory."""

    @property
    def name(self) -> str:
        """What a message calls it, usually the path."""
        ...

    def columns(self) -> tuple[str, ...]:
        """Names of the columns, without reading a row of images.

        Raises:
            UsageError: the file is not what it seems to be.
        """
        ...

    def rows(self, columns: Sequence[str] | None = None) -> Iterator[Row | BadRow]:
        """Every row, in the order of the file; each call starts anew.

        Args:
            columns: read these only; names that are absent are skipped. ``None`` reads all.
        """
        ...

    def count(self) -> int | None:
        """Number of rows, without reading an image; ``None`` where that would mean reading everything."""
        ...
