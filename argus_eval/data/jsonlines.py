"""JSON Lines as a stream of rows. A bad line costs that line, and is reported."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from argus_eval.data.rows import BadRow, Row
from argus_eval.errors import EnvironmentError_

__all__ = ["JsonLines", "LINE_LIMIT_BYTES"]

LINE_LIMIT_BYTES = 64 << 20
"""A longer line is skipped as bad: no benchmark has one, and reading it could take the machine's memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonLines:
    """Rows in a ``.jsonl`` file, one JSON object a line, UTF-8.

    Attributes:
        name: what a message calls it.
        file: the file.
        images: columns whose value is an image path, relative to the file's folder.
    """

    name: str
    file: Path
    images: tuple[str, ...] = ("image",)

    def columns(self) -> tuple[str, ...]:
        """Keys of the first good line."""
        return next((tuple(row) for row in self.rows() if not isinstance(row, BadRow)), ())

    def rows(self, columns: Sequence[str] | None = None) -> Iterator[Row | BadRow]:
        """Every line as a row, or as a :class:`BadRow` named after its number."""
        for number, line in _lines(self.file):
            if isinstance(line, BadRow):
                yield line
            elif line.strip():
                yield self._row(number, line, columns)

    def count(self) -> int:
        """Number of lines that are not blank."""
        return sum(1 for _, line in _lines(self.file) if isinstance(line, BadRow) or line.strip())

    def _row(self, number: int, line: bytes, columns: Sequence[str] | None) -> Row | BadRow:
        try:
            value = json.loads(line)
        except UnicodeDecodeError:
            return BadRow(key=f"line {number}", reason="not valid UTF-8")
        except RecursionError:
            return BadRow(key=f"line {number}", reason="JSON is nested too deeply")
        except ValueError:
            return BadRow(key=f"line {number}", reason="not valid JSON")
        if not isinstance(value, dict):
            return BadRow(key=f"line {number}", reason="not a JSON object")
        row = value if columns is None else {name: value[name] for name in columns if name in value}
        for column in self.images:
            if isinstance(row.get(column), str):
                row[column] = {"bytes": None, "path": str(self.file.parent / row[column])}
        return row


def _lines(file: Path) -> Iterator[tuple[int, bytes | BadRow]]:
    """Lines by number, split on ``\\n`` only; one that is too long is passed over without being held."""
    try:
        with file.open("rb") as handle:
            number = 0
            while line := handle.readline(LINE_LIMIT_BYTES):
                number += 1
                if len(line) < LINE_LIMIT_BYTES or line.endswith(b"\n"):
                    yield number, line
                    continue
                while line and not line.endswith(b"\n"):
                    line = handle.readline(LINE_LIMIT_BYTES)
                yield number, BadRow(key=f"line {number}", reason=f"longer than {LINE_LIMIT_BYTES >> 20} MiB")
    except OSError as problem:
        raise EnvironmentError_(f"{file}: cannot be read ({problem.strerror or problem})") from problem
