"""Reading files that other programs wrote: bounded, strict about kinds, and never trusted."""

from __future__ import annotations

import json
import math
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

from argus_eval.core.fingerprint import canonical_json, sha256_hex
from argus_eval.errors import UsageError

__all__ = ["content_hash", "json_lines", "json_object", "number"]

_MOST_BYTES_A_LINE = 64 * 2**20


def json_object(path: pathlib.Path) -> dict[str, Any]:
    """A file with one JSON object.

    Raises:
        UsageError: it cannot be read, or holds something else.
    """
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as problem:
        raise UsageError(f"{path}: cannot be read as JSON: {problem}") from problem
    if not isinstance(data, dict):
        raise UsageError(f"{path}: expected a JSON object, got {type(data).__name__}")
    return data


def json_lines(path: pathlib.Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number from 1, object) of every line that is not blank.

    Raises:
        UsageError: a line is too long, no JSON, or no object.
    """
    try:
        with path.open("rb") as file:
            for count, line in enumerate(iter(lambda: file.readline(_MOST_BYTES_A_LINE), b""), start=1):
                if not line.strip():
                    continue
                if len(line) == _MOST_BYTES_A_LINE:
                    raise UsageError(f"{path}: line {count}: longer than {_MOST_BYTES_A_LINE // 2**20} MiB")
                try:
                    data = json.loads(line)
                except (ValueError, RecursionError) as problem:
                    raise UsageError(f"{path}: line {count}: not JSON: {problem}") from problem
                if not isinstance(data, dict):
                    raise UsageError(f"{path}: line {count}: expected an object, got {type(data).__name__}")
                yield count, data
    except OSError as problem:
        raise UsageError(f"{path}: cannot be read: {problem.strerror or problem}") from problem


def number(value: object) -> float | None:
    """A finite number, a truth value as 0 or 1, or ``None`` for anything else."""
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, int | float) and math.isfinite(value):
        return float(value)
    return None


def content_hash(parts: Mapping[str, object]) -> str:
    """sha256 of what was asked."""
    return f"sha256:{sha256_hex(canonical_json({name: str(value) for name, value in parts.items()}).encode())}"
