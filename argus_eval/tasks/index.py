"""The task files by name, read lightly: a listing must not wait for a YAML parser.

A task's name is the stem of its file. What a listing shows besides (title, kind, groups) stands on lines of its
own at the left margin, groups in square brackets; a test holds every file of the project to that.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from argus_eval.errors import UsageError

__all__ = ["TaskSummary", "summaries", "summary_of", "task_files"]

ENTRY_POINTS = "argus_eval.tasks"
_LINE = re.compile(r"^(title|kind|groups):[ ]*(.*?)[ ]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSummary:
    """A line of ``argus-eval list tasks``."""

    name: str
    title: str
    kind: str
    groups: tuple[str, ...]


@cache
def task_files() -> dict[str, Path]:
    """Name → file: the project's own tasks, in order of name, then those of installed plug-ins.

    A plug-in is an entry point of the group ``argus_eval.tasks`` whose object is the path of a task file.

    Raises:
        UsageError: a plug-in claims a name that is taken.
    """
    files = {path.stem: path for path in sorted(_folder().glob("*.yaml"), key=lambda path: path.stem)}
    if _plugins_installed():
        from importlib.metadata import entry_points

        for point in entry_points(group=ENTRY_POINTS):
            if point.name in files:
                raise UsageError(f"task {point.name!r} is registered twice: {files[point.name]} and {point.value}")
            files[point.name] = Path(point.load())
    return files


def summaries() -> tuple[TaskSummary, ...]:
    """One summary a task, in the order of :func:`task_files`."""
    return tuple(summary_of(name) for name in task_files())


def summary_of(name: str) -> TaskSummary:
    """The summary of a task in :func:`task_files`."""
    lines = dict(_LINE.findall(task_files()[name].read_text(encoding="utf-8")))
    groups = tuple(group.strip() for group in lines.get("groups", "").strip("[]").split(",") if group.strip())
    return TaskSummary(
        name=name, title=lines.get("title", "").strip("\"'"), kind=lines.get("kind", ""), groups=groups
    )


def _plugins_installed() -> bool:
    """Some installed distribution mentions our entry-point group.

    ``importlib.metadata`` takes 80 ms to import, this look a tenth of that; most machines have no plug-in.
    """
    heading = f"[{ENTRY_POINTS}]".encode()
    declared = (file for folder in sys.path for file in Path(folder or ".").glob("*.dist-info/entry_points.txt"))
    return any(heading in file.read_bytes() for file in declared)


def _folder() -> Path:
    """``files/`` beside this module in an installed wheel; the repository's ``tasks/`` otherwise."""
    installed = Path(__file__).parent / "files"
    return installed if installed.is_dir() else Path(__file__).resolve().parents[2] / "tasks"
