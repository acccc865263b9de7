"""One run on disk: ``manifest.json``, ``records.jsonl``, ``results.json``, ``report.html``.

Records are appended a block at a time with one write and one sync, so a crash can tear the last line and no other.
Opening a run for writing cuts a torn tail off and takes an advisory lock.
"""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
import pathlib
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any

from argus_eval.core.codec import from_json, to_json
from argus_eval.core.record import Record, record_from_line, record_to_line
from argus_eval.core.results import Results
from argus_eval.errors import EnvironmentError_, IncompleteError, UsageError, nearest

__all__ = ["RunDirectory", "RunWriter", "write_atomically"]

MANIFEST, RECORDS, RESULTS, REPORT, LOCK = (
    "manifest.json",
    "records.jsonl",
    "results.json",
    "report.html",
    ".lock",
)


def write_atomically(path: pathlib.Path, text: str) -> None:
    """Replace ``path`` by ``text`` so that a reader sees the old file or the new one, never half of it.

    Raises:
        EnvironmentError_: the disk is full or the folder cannot be written.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as problem:
        raise EnvironmentError_(f"{path}: cannot be written: {problem.strerror or problem}") from problem


class RunDirectory:
    """A run that exists, for reading."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path

    @classmethod
    def find(cls, text: str, runs_dir: pathlib.Path) -> RunDirectory:
        """A run by path or by its id under ``runs_dir``.

        Raises:
            UsageError: there is no run there.
        """
        for path in (pathlib.Path(text), runs_dir / text):
            if (path / MANIFEST).is_file():
                return cls(path)
        close = nearest(text, (path.parent.name for path in sorted(runs_dir.glob(f"*/{MANIFEST}"))))
        hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
        raise UsageError(f"run {text!r} not found: no {MANIFEST} in {text} or {runs_dir / text}{hint}")

    @property
    def run_id(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def report_path(self) -> pathlib.Path:
        """Where the report of this run is written."""
        return self.path / REPORT

    def manifest(self) -> dict[str, Any]:
        """The manifest as plain data.

        Raises:
            UsageError: it is missing or no JSON object.
        """
        return _read_object(self.path / MANIFEST)

    def write_manifest(self, manifest: Mapping[str, object]) -> None:
        """Replace the manifest."""
        write_atomically(self.path / MANIFEST, _pretty(manifest))

    def records(self, *, include_discarded: bool = False) -> Iterator[Record]:
        """Every record in the order it was written, streamed; a torn last line is left out.

        Raises:
            UsageError: a complete line is not a record; the message names the line.
        """
        path = self.path / RECORDS
        if not path.exists():
            return
        for number, _, line in _complete_lines(path):
            record = _parse(path, number, line)
            if include_discarded or record.status != "discarded":
                yield record

    def results(self) -> Results:
        """The finished numbers.

        Raises:
            IncompleteError: the run has none yet.
            UsageError: the file cannot be read.
        """
        path = self.path / RESULTS
        if not path.exists():
            raise IncompleteError(f"{self.path}: no results yet; the command that began this run finishes it")
        try:
            return from_json(Results, _read_object(path), RESULTS)
        except ValueError as problem:
            raise UsageError(f"{path}: {problem}") from problem

    def write_results(self, results: Results) -> None:
        """Replace results.json."""
        write_atomically(self.path / RESULTS, _pretty(to_json(results)))

    def is_complete(self) -> bool:
        """The results say that everything planned was measured."""
        path = self.path / RESULTS
        return path.exists() and _read_object(path).get("complete") is True


class RunWriter:
    """Appends records to a run; used as a context manager, one process at a time."""

    def __init__(self, run: RunDirectory) -> None:
        self._path = run.path / RECORDS
        self._lock_path = run.path / LOCK
        self._file: Any = None
        self._lock: Any = None

    @classmethod
    def create(cls, path: pathlib.Path, manifest: Mapping[str, object]) -> RunDirectory:
        """Make the folder and its manifest.

        Raises:
            EnvironmentError_: the folder cannot be made or written.
        """
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise EnvironmentError_(
                f"{path}: run folder cannot be made: {problem.strerror or problem}; choose another with --runs-dir"
            ) from problem
        run = RunDirectory(path)
        run.write_manifest(manifest)
        return run

    def __enter__(self) -> RunWriter:
        try:
            self._lock = self._lock_path.open("w")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            raise UsageError(f"{self._path.parent}: another process is writing this run") from problem
        except OSError as problem:
            raise EnvironmentError_(f"{self._path.parent}: cannot be written: {problem.strerror}") from problem
        _cut_torn_tail(self._path)
        self._file = self._path.open("ab", buffering=0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._lock.close()

    def append(self, records: Iterable[Record]) -> None:
        """Write a block: one write, one sync.

        Raises:
            EnvironmentError_: the disk is full.
        """
        block = "".join(record_to_line(record) + "\n" for record in records).encode()
        if not block:
            return
        try:
            self._file.write(block)
            os.fsync(self._file.fileno())
        except OSError as problem:
            raise EnvironmentError_(f"{self._path}: cannot be written: {problem.strerror or problem}") from problem

    def discard_tail(self, keys: frozenset[str]) -> int:
        """Mark the records of an interrupted block as discarded; they are the last lines of the log.

        Returns:
            How many records were marked.
        """
        tail: list[Record] = []
        start = None
        for number, offset, line in _complete_lines(self._path):
            record = _parse(self._path, number, line)
            if record.key in keys and record.status != "discarded":
                start = offset if start is None else start
            if start is not None:
                tail.append(record)
        if start is None:
            return 0
        self._file.truncate(start)
        self.append(
            dataclasses.replace(record, status="discarded") if record.key in keys else record for record in tail
        )
        return len(tail)


def _pretty(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _read_object(path: pathlib.Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as problem:
        raise UsageError(f"{path}: cannot be read: {problem}") from problem
    if not isinstance(data, dict):
        raise UsageError(f"{path}: expected a JSON object, got {type(data).__name__}")
    return data


def _complete_lines(path: pathlib.Path) -> Iterator[tuple[int, int, str]]:
    """(line number from 1, byte offset, text) of every line that ends in a newline."""
    offset = 0
    # Binary iteration splits on \n only: texts may hold U+2028 and its like, which splitlines would split on.
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.endswith(b"\n"):
                yield number, offset, line[:-1].decode("utf-8", errors="replace")
            offset += len(line)


def _parse(path: pathlib.Path, number: int, line: str) -> Record:
    try:
        return record_from_line(line)
    except (ValueError, RecursionError) as problem:
        raise UsageError(f"{path}: line {number}: not a record: {problem}") from problem


def _cut_torn_tail(path: pathlib.Path) -> None:
    """Truncate to the last newline."""
    if not path.exists():
        return
    with path.open("rb+") as file:
        size = file.seek(0, os.SEEK_END)
        position = size
        while position > 0:
            start = max(0, position - 65536)
            file.seek(start)
            chunk = file.read(position - start)
            newline = chunk.rfind(b"\n")
            if newline >= 0:
                position = start + newline + 1
                break
            position = start
        if position != size:
            file.truncate(position)
