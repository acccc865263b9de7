"""The tasks of an installed lmms-eval by name, found by reading its YAML files as text.

Importing lmms-eval takes many seconds and most of a gigabyte, its own index some more; a name is checked without
either, so that a typo costs a second.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from argus_eval.errors import EnvironmentError_, UnknownNameError, UsageError

__all__ = ["PREFIX", "TaskFile", "is_lmms_name", "task_file", "task_index"]

PREFIX = "lmms:"

_TASK = re.compile(r"^task:[ \t]*['\"]?([^'\"\s#\[]+)['\"]?[ \t]*(?:#.*)?$", re.MULTILINE)
_GROUP = re.compile(r"^group:[ \t]*['\"]?([^'\"\s#]+)['\"]?[ \t]*(?:#.*)?$", re.MULTILINE)
_MEMBERS = re.compile(r"^task:[ \t]*(?:#.*)?\n((?:[ \t]*(?:-[^\n]*|#[^\n]*)?\n?)*)", re.MULTILINE)
_MEMBER = re.compile(r"^[ \t]*-[ \t]*(?:task:[ \t]*)?['\"]?([^'\"\s#]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFile:
    """A name of lmms-eval: the file it stands in, and for a group what belongs to it."""

    path: Path
    kind: Literal["task", "group"]
    members: tuple[str, ...] = ()


def is_lmms_name(name: str) -> bool:
    """``name`` is written ``lmms:NAME``."""
    return name.startswith(PREFIX)


def task_file(name: str) -> Path:
    """The YAML file of the task ``lmms:NAME``.

    Raises:
        EnvironmentError_: lmms-eval is not installed.
        UnknownNameError: it has no such task; the message carries the nearest names.
        UsageError: the name is a group.
    """
    bare = name.removeprefix(PREFIX)
    index = task_index()
    if bare not in index:
        raise UnknownNameError("task", name, [PREFIX + known for known in index])
    found = index[bare]
    if found.kind == "group":
        members = ",".join(PREFIX + member for member in found.members) or "its tasks one by one"
        raise UsageError(f"--tasks {name}: a group of lmms-eval; give {members}")
    return found.path


@cache
def task_index() -> Mapping[str, TaskFile]:
    """Every task and group of the installed lmms-eval; tasks win where a group has the same name.

    Raises:
        EnvironmentError_: lmms-eval is not installed.
    """
    groups: dict[str, TaskFile] = {}
    tasks: dict[str, TaskFile] = {}
    for path in sorted(_folder().rglob("*.yaml")):
        text = path.read_text(encoding="utf-8", errors="replace")
        if match := _TASK.search(text):
            tasks[match[1]] = TaskFile(path=path, kind="task")
        elif match := _GROUP.search(text):
            listed = _MEMBERS.search(text)
            members = tuple(_MEMBER.findall(listed[1])) if listed else ()
            groups[match[1]] = TaskFile(path=path, kind="group", members=members)
    return groups | tasks


def _folder() -> Path:
    found = importlib.util.find_spec("lmms_eval")
    if found is None or not found.submodule_search_locations:
        raise EnvironmentError_("lmms: names need lmms-eval, which is missing: pip install 'argus-eval[lmms]'")
    return Path(next(iter(found.submodule_search_locations))) / "tasks"
