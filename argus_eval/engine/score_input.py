"""Files that other people wrote, read so that a bad one is an error message and never a crash."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argus_eval.data.jsonlines import JsonLines
from argus_eval.data.native.json_stream import elements
from argus_eval.data.rows import BadRow
from argus_eval.errors import EnvironmentError_, UsageError

__all__ = [
    "Id",
    "Line",
    "admit_ids",
    "is_array",
    "is_blank",
    "is_json_lines",
    "json_lines",
    "native_members",
    "result_rows",
]

Id = str | int

_RESULT_LIMIT_BYTES = 2 << 30
_HEAD_BYTES = 1 << 20
_NAMED = 3  # ids that a message names

#: how files begin that are mistaken for JSON → what they are
_FOREIGN = {
    b"\x1f\x8b": "compressed with gzip",
    b"PK\x03\x04": "a zip archive",
    b"(\xb5/\xfd": "compressed with zstandard",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
    b"PAR1": "a Parquet file",
    b"\x80\x04": "a pickle",
    b"\x80\x05": "a pickle",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One object of a JSON Lines file and where it stands ("file: line 3")."""

    where: str
    row: Mapping[str, Any]


def is_json_lines(file: Path) -> bool:
    """Whether the file holds one object a line: the first has an ``id``, or another one follows it.

    Raises:
        UsageError: there is no such file.
        EnvironmentError_: it cannot be read.
    """
    head = _head(file)
    first, newline, rest = head.partition(b"\n")
    if not first.startswith(b"{"):
        return False
    if newline or len(head) < _HEAD_BYTES // 2:
        try:
            row = json.loads(first)
        except (ValueError, RecursionError):
            # A line of its own that ends like an object is meant as a row; otherwise the value goes on below.
            return first.rstrip().endswith(b"}")
        return isinstance(row, dict) and ("id" in row or rest.lstrip().startswith(b"{"))
    return first[1:].lstrip().startswith((b'"id"', b'"target"', b'"text"'))


def is_array(file: Path) -> bool:
    """Whether the file holds a JSON array."""
    return _head(file).startswith(b"[")


def is_blank(file: Path) -> bool:
    """Whether there is nothing but white space in the file."""
    return not _head(file)


def _head(file: Path) -> bytes:
    """About a mebibyte of the file, from the first byte that is no white space."""
    try:
        with file.open("rb") as handle:
            head = handle.read(_HEAD_BYTES)
            if (
                what := next((name for magic, name in _FOREIGN.items() if head.startswith(magic)), None)
            ) is not None:
                raise UsageError(f"{file}: is {what}; give the file as UTF-8 text, unpacked")
            head = head.removeprefix(b"\xef\xbb\xbf").lstrip()
            while not head and (more := handle.read(_HEAD_BYTES)):
                head = more.lstrip()
            return head
    except (FileNotFoundError, IsADirectoryError) as problem:
        raise UsageError(f"{file}: no such file") from problem
    except ValueError as problem:  # a null byte in the name
        raise UsageError(f"{str(file)!r}: not the name of a file") from problem
    except OSError as problem:
        raise EnvironmentError_(f"{file}: cannot be read ({problem.strerror or problem})") from problem


def json_lines(file: Path) -> Iterator[Line]:
    """The rows of a JSON Lines file.

    Raises:
        UsageError: a line is no JSON object, not UTF-8, nested without end or longer than 64 MiB.
    """
    reader = JsonLines(name=str(file), file=file, images=())
    for number, row in enumerate(reader.rows(), start=1):
        if isinstance(row, BadRow):
            raise UsageError(f"{file}: {row.key}: {row.reason}")
        yield Line(where=f"{file}: object {number}", row=row)


def native_members(file: Path, wanted: Mapping[str, Sequence[str]]) -> dict[str, list[Any]]:
    """Arrays of a top-level JSON object, each element reduced to the wanted members.

    Args:
        file: an official annotation file; it is read element by element, so outlines never pile up.
        wanted: array → members to keep of each element.

    Raises:
        UsageError: the file is no such JSON, or an element is no object.
    """
    found: dict[str, list[Any]] = {name: [] for name in wanted}
    for name, element in elements(file):
        if name not in found:
            continue
        if not isinstance(element, dict):
            raise UsageError(
                f"{file}: {name}[{len(found[name])}]: expected an object, got {type(element).__name__}"
            )
        found[name].append({key: element[key] for key in wanted[name] if key in element})
    return found


def result_rows(file: Path) -> list[Any]:
    """The elements of a results file: one JSON array, read at once; none of a blank file.

    Raises:
        UsageError: the file is no JSON array, or larger than 2 GiB.
        EnvironmentError_: it cannot be read.
    """
    import pydantic_core

    if is_blank(file):
        return []
    try:
        size = file.stat().st_size
        if size > _RESULT_LIMIT_BYTES:
            raise UsageError(
                f"{file}: {size >> 20:,} MiB; a results file may have {_RESULT_LIMIT_BYTES >> 20:,} MiB"
            )
        data = file.read_bytes().removeprefix(b"\xef\xbb\xbf")
    except OSError as problem:
        raise EnvironmentError_(f"{file}: cannot be read ({problem.strerror or problem})") from problem
    with _no_collection():
        try:
            value = pydantic_core.from_json(data, cache_strings="keys")
        except ValueError as problem:
            value = _standard_json(file, data, problem)
    if not isinstance(value, list):
        raise UsageError(f"{file}: expected a JSON array of results, got {_name(value)}")
    return value


def _standard_json(file: Path, data: bytes, problem: ValueError) -> Any:
    """A second opinion: the standard parser also takes half surrogates, which some writers leave in."""
    try:
        return json.loads(data)
    except UnicodeDecodeError as broken:
        raise UsageError(f"{file}: not valid UTF-8 at byte {broken.start}") from broken
    except RecursionError:
        raise UsageError(f"{file}: JSON is nested too deeply") from None
    except ValueError:
        raise UsageError(f"{file}: not valid JSON: {problem}") from None


@contextmanager
def _no_collection() -> Iterator[None]:
    """Half a million small objects make the cycle collector run for longer than the parser."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def admit_ids(
    file: Path, given: Iterable[Id], known: Iterable[Id], *, ignore: bool
) -> tuple[dict[int, str], list[Id]]:
    """Which predictions belong to which item. Ids are compared as text, so 7 and "7" are one.

    Args:
        file: for messages.
        given: the predictions' ids in their order.
        known: the items' ids.
        ignore: leave out what is unknown or repeated instead of refusing the file.

    Returns:
        Position of a prediction → its id as text, and the ids that were left out.

    Raises:
        UsageError: a prediction belongs to no item, or is the second for one.
    """
    names = {str(identity) for identity in known}
    admitted: dict[int, str] = {}
    seen: set[str] = set()
    unknown: list[Id] = []
    repeated: list[Id] = []
    for position, identity in enumerate(given):
        name = str(identity)
        if name not in names:
            unknown.append(identity)
        elif name in seen:
            repeated.append(identity)
        else:
            seen.add(name)
            admitted[position] = name
    if not ignore:
        for ids, what in ((unknown, "not in the annotations"), (repeated, "predicted more than once")):
            if ids:
                raise UsageError(f"{file}: {_listed(ids)} {what}; --set extra=ignore leaves them out")
    return admitted, [*unknown, *repeated]


def _listed(ids: Sequence[Id]) -> str:
    more = f" and {len(ids) - _NAMED:,} more" if len(ids) > _NAMED else ""
    return f"id {', '.join(map(repr, ids[:_NAMED]))}{more}"


def _name(value: object) -> str:
    return {dict: "an object", str: "a string", type(None): "null"}.get(type(value), "a number")
