"""What a schema is: which columns a published data set has, and how a row becomes samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from argus_eval.core.sample import Sample
from argus_eval.data.rows import BadRow, Row, RowSource
from argus_eval.data.source import SourceSpec
from argus_eval.errors import SampleError, nearest

__all__ = ["Schema"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """The published form of a data set.

    Attributes:
        name: as task files write it.
        columns: columns that must be there.
        optional: columns that are read where they are there. Others are not read at all.
        samples: the samples of row number ``index``; most rows are one. Raises
            :class:`~argus_eval.errors.SampleError` where none can be made.
        images: columns that hold images.
        multiplicity: columns and function that tell how many samples a row is, without its images; ``None``
            where each row is one.
        references: column with a list of reference texts, where the metric needs those of the whole data set.
        native: opens the official release's own files in a folder; ``None`` where there is no such form.
    """

    name: str
    columns: tuple[str, ...]
    samples: Callable[[Row, int], Iterator[Sample | BadRow]]
    optional: tuple[str, ...] = ()
    images: tuple[str, ...] = ("image",)
    multiplicity: tuple[tuple[str, ...], Callable[[Row], int]] | None = None
    references: str | None = None
    native: Callable[[Path, SourceSpec], RowSource] | None = None

    @property
    def read_columns(self) -> tuple[str, ...]:
        """Every column worth reading."""
        return self.columns + self.optional

    def missing(self, found: tuple[str, ...]) -> str | None:
        """What is wrong with the columns ``found``, in words; ``None`` if all required ones are there."""
        absent = [column for column in self.columns if column not in found]
        if not absent:
            return None
        close = nearest(absent[0], found, 1)
        hint = f" (perhaps your {close[0]!r})" if close else ""
        return (
            f"column {', '.join(map(repr, absent))} is missing{hint}; schema {self.name!r} needs "
            f"{', '.join(self.columns)} and the data has {', '.join(found) or 'none'}"
        )

    def read(self, row: Row | BadRow, index: int) -> Iterator[Sample | BadRow]:
        """The samples of a row, or why there are none."""
        if isinstance(row, BadRow):
            yield row
            return
        try:
            yield from self.samples(row, index)
        except SampleError as problem:
            yield BadRow(key=_own_name(row, index), reason=str(problem))


def _own_name(row: Row, index: int) -> str:
    for column in ("question_id", "questionId", "id", "image_id"):
        value = row.get(column)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return str(value)
    return f"row {index}"
