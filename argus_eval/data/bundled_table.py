"""The bundled synthetic samples as a source of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from argus_eval.data.rows import Row

__all__ = ["BundledTable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BundledTable:
    """Rows of one bundled sample.

    Attributes:
        name: what a message calls it.
        sample: name of the sample.
    """

    name: str
    sample: str

    def columns(self) -> tuple[str, ...]:
        """Keys of the first row."""
        return next((tuple(row) for row in self.rows()), ())

    def rows(self, columns: Sequence[str] | None = None) -> Iterator[Row]:
        """Every row, in order."""
        from argus_eval.data.bundled import iter_rows

        for row in iter_rows(self.sample):
            yield row if columns is None else {name: row[name] for name in columns if name in row}

    def count(self) -> int:
        """Number of rows."""
        from argus_eval.data.bundled import bundled_count

        return bundled_count(self.sample)
