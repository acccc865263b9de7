"""Parquet and Arrow files as streams of rows.

Memory is bounded by a batch of rows, not by the file: Parquet columns are read through a small buffer and Arrow
streams are read, not mapped, so that the process never holds a benchmark's images.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argus_eval.data.rows import Row
from argus_eval.errors import EnvironmentError_, UsageError

__all__ = ["ArrowTable", "ParquetTable"]

ROWS_AT_ONCE = 16
BUFFER_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ParquetTable:
    """Rows of one split in one or more Parquet files.

    Attributes:
        name: what a message calls it.
        files: in order.
        root: folder that image paths are relative to. ``None`` for downloaded data: a path in it means nothing
            here, and must not make us read some file of this machine.
    """

    name: str
    files: tuple[Path, ...]
    root: Path | None = None

    def columns(self) -> tuple[str, ...]:
        """Names of the first file's columns."""
        with _parquet(self.files[0]) as table:
            return tuple(table.schema_arrow.names)

    def rows(self, columns: Sequence[str] | None = None) -> Iterator[Row]:
        """Rows of all files; see :class:`argus_eval.data.rows.RowSource`."""
        for file in self.files:
            with _parquet(file) as table:
                names = table.schema_arrow.names
                wanted = names if columns is None else [name for name in columns if name in names]
                for batch in table.iter_batches(batch_size=ROWS_AT_ONCE, columns=wanted, use_threads=False):
                    yield from _anchored(batch.to_pylist(), self.root)

    def count(self) -> int:
        """Number of rows, from the footers."""
        total = 0
        for file in self.files:
            with _parquet(file) as table:
                total += table.metadata.num_rows
        return total


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrowTable:
    """Rows of one split in Arrow stream files, as ``save_to_disk`` and the cache of ``datasets`` have them."""

    name: str
    files: tuple[Path, ...]
    root: Path | None = None

    def columns(self) -> tuple[str, ...]:
        """Names of the first file's columns."""
        with _arrow(self.files[0]) as reader:
            return tuple(reader.schema.names)

    def rows(self, columns: Sequence[str] | None = None) -> Iterator[Row]:
        """Rows of all files; see :class:`argus_eval.data.rows.RowSource`."""
        for file in self.files:
            with _arrow(file) as reader:
                names = reader.schema.names
                wanted = names if columns is None else [name for name in columns if name in names]
                while (part := _next_batch(reader, wanted)) is not None:
                    for start in range(0, part.num_rows, ROWS_AT_ONCE):
                        yield from _anchored(part.slice(start, ROWS_AT_ONCE).to_pylist(), self.root)
                    del part  # save_to_disk writes batches of 1,000 rows: two of them with images are much memory

    def count(self) -> int:
        """Number of rows, from the batch headers of the memory-mapped files."""
        total = 0
        for file in self.files:
            with _arrow(file, mapped=True) as reader:
                total += sum(batch.num_rows for batch in reader)
        return total


@contextmanager
def _parquet(file: Path) -> Iterator[Any]:
    """A ``pyarrow.parquet.ParquetFile``; what fails while it is open is the file's fault."""
    import pyarrow.parquet as parquet
    from pyarrow.lib import ArrowException

    try:
        table = parquet.ParquetFile(file, buffer_size=BUFFER_BYTES, pre_buffer=False)
    except (ArrowException, UnicodeDecodeError) as problem:
        raise _unreadable(file, "Parquet", problem) from problem
    except OSError as problem:
        if problem.errno is None:  # pyarrow's own, about the content
            raise _unreadable(file, "Parquet", problem) from problem
        raise _denied(file, problem) from problem
    try:
        yield table
    except (ArrowException, OSError, UnicodeDecodeError) as problem:
        raise _unreadable(file, "Parquet", problem) from problem
    finally:
        table.close()


@contextmanager
def _arrow(file: Path, *, mapped: bool = False) -> Iterator[Any]:
    """A reader of an Arrow stream; what fails while it is open is the file's fault."""
    import pyarrow as pa

    try:
        handle = pa.memory_map(str(file)) if mapped else pa.OSFile(str(file))
    except OSError as problem:
        raise _denied(file, problem) from problem
    try:
        yield pa.ipc.open_stream(handle)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as problem:
        raise _unreadable(file, "Arrow", problem) from problem
    finally:
        handle.close()


def _next_batch(reader: Any, columns: Sequence[str]) -> Any:
    """The next batch of a stream with these columns only; ``None`` at its end."""
    try:
        return reader.read_next_batch().select(columns)
    except StopIteration:
        return None


def _anchored(rows: list[dict[str, object]], root: Path | None) -> Iterator[Row]:
    """Rows whose image paths are absolute (``root`` given) or gone (``root`` is ``None``)."""
    for row in rows:
        for column, value in row.items():
            if isinstance(value, dict) and value.keys() == {"bytes", "path"} and not value["bytes"]:
                row[column] = {"bytes": None, "path": _anchor(value["path"], root)}
        yield row


def _anchor(path: object, root: Path | None) -> str | None:
    return str(root / path) if root is not None and isinstance(path, str) and path else None


def _unreadable(file: Path, kind: str, problem: BaseException) -> UsageError:
    first = str(problem).strip().splitlines()[0] if str(problem).strip() else type(problem).__name__
    return UsageError(f"{file}: not a readable {kind} file ({first}); is the copy complete?")


def _denied(file: Path, problem: OSError) -> EnvironmentError_:
    return EnvironmentError_(f"{file}: cannot be opened ({problem.strerror or problem}); check its permissions")
