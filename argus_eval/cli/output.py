"""Machine-readable output: a file, or standard output with ``-``."""

from __future__ import annotations

import json
import pathlib
import sys

from argus_eval.errors import EnvironmentError_

__all__ = ["write_json"]


def write_json(value: object, target: str) -> None:
    """Write JSON to a path, or to standard output where ``target`` is ``-``.

    Raises:
        EnvironmentError_: the file cannot be written.
    """
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    if target == "-":
        sys.stdout.write(text)
        return
    try:
        pathlib.Path(target).write_text(text, encoding="utf-8")
    except OSError as problem:
        raise EnvironmentError_(f"{target}: cannot be written: {problem.strerror or problem}") from problem
