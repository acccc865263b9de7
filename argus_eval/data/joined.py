"""Questions in one table, images in another: joined on the fly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from argus_eval.data.rows import BadRow, Row, RowSource
from argus_eval.data.source import ImageTable

__all__ = ["JoinedImages"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedImages:
    """Rows of ``questions`` with an ``image`` column out of ``images``.

    The compressed images are kept while the rows are read; a benchmark that is published like this has many
    questions about few images (GQA: 12,578 about 398).
    """

    name: str
    questions: RowSource
    images: RowSource
    table: ImageTable

    def columns(self) -> tuple[str, ...]:
        """The questions' columns and ``image``."""
        return (*self.questions.columns(), "image")

    def rows(self, columns: Sequence[str] | None = None) -> Iterator[Row | BadRow]:
        """Questions with their images; one whose image is not there has ``image: None``."""
        if columns is not None and "image" not in columns:
            yield from self.questions.rows(columns)
            return
        wanted = None if columns is None else [name for name in (*columns, self.table.column) if name != "image"]
        by_key = self._images()
        for row in self.questions.rows(wanted):
            if isinstance(row, BadRow):
                yield row
            else:
                yield {**row, "image": by_key.get(str(row.get(self.table.column)))}

    def count(self) -> int | None:
        """Number of questions."""
        return self.questions.count()

    def _images(self) -> dict[str, object]:
        rows = self.images.rows([self.table.key, "image"])
        return {str(row.get(self.table.key)): row.get("image") for row in rows if not isinstance(row, BadRow)}
