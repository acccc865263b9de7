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
        shared: columns that a native file says once for all images ("categories"); they are added to every row.
    """

    name: str
    sample: str
    shared: tuple[str, ...] = ()

    def columns(self) -> tuple[str, ...]:
        """Keys of the first row."""
        return next((tuple(row) for row in self.rows()), ())

    def rows(self, columns: Sequence[str] | None = None) -> Iterator[Row]:
        """Every row, in order."""
        from argus_eval.data.bundled import iter_rows

        shared = self._shared_columns()
        for row in iter_rows(self.sample, columns):
            yield {**row, **shared}

    def count(self) -> int:
        """Number of rows."""
        from argus_eval.data.bundled import bundled_count

        return bundled_count(self.sample)

    def _shared_columns(self) -> dict[str, object]:
        if "categories" not in self.shared:
            return {}
        from argus_eval.data.bundled import bundled_categories

        return {"categories": bundled_categories(self.sample)}
