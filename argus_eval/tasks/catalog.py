"""Tasks by name, and groups of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from argus_eval.errors import UnknownNameError, UsageError
from argus_eval.tasks.index import summaries, task_files
from argus_eval.tasks.lmms.index import is_lmms_name, task_file

if TYPE_CHECKING:  # a listing needs neither pydantic nor yaml
    from argus_eval.tasks.task import Task

__all__ = ["expand", "group_names", "load_task", "task_names"]

_GROUPS = ("all", "all-vqa", "all-ocr", "all-grounding", "all-detection", "all-captioning", "paper")


def task_names() -> tuple[str, ...]:
    """Every task's name, without reading the files."""
    return tuple(task_files())


def group_names() -> tuple[str, ...]:
    """Every group's name."""
    return _GROUPS


def expand(names: Sequence[str]) -> tuple[str, ...]:
    """Task names for task and group names: groups in their place, each task once, at its first mention.

    A path of a YAML file stands for the task in it, ``lmms:NAME`` for a task of lmms-eval.

    Raises:
        UnknownNameError: neither task, group nor file; the message carries the nearest names.
    """
    found: dict[str, None] = {}
    for name in names:
        if name in _GROUPS:
            found.update(dict.fromkeys(_members(name)))
        elif name in task_files() or _is_path(name):
            found[name] = None
        elif is_lmms_name(name):
            task_file(name)
            found[name] = None
        else:
            raise UnknownNameError("task", name, (*task_names(), *_GROUPS))
    return tuple(found)


def load_task(name: str) -> Task:
    """The task of that name, in the YAML file at that path, or lmms-eval's for ``lmms:NAME``.

    Raises:
        UnknownNameError: no such task.
        UsageError: its file is wrong; the message names file, path in it and the nearest valid name.
    """
    from argus_eval.tasks.file import read_task
    from argus_eval.tasks.task import Task

    files = task_files()
    if name in files:
        spec = read_task(files[name], f"tasks/{name}.yaml")
        if spec.name != name:
            raise UsageError(f"tasks/{name}.yaml: name: {spec.name!r} differs from the name of the file")
        return Task(spec)
    if is_lmms_name(name):
        from argus_eval.tasks.lmms.task import load_lmms_task

        return load_lmms_task(name)
    if _is_path(name):
        if not Path(name).is_file():
            raise UsageError(f"{name}: no such task file")
        return Task(read_task(Path(name)))
    raise UnknownNameError("task", name, task_names())


def _members(group: str) -> tuple[str, ...]:
    listed = summaries()
    if group == "all":
        return tuple(task.name for task in listed if task.groups)
    return tuple(task.name for task in listed if group in task.groups)


def _is_path(name: str) -> bool:
    return name.endswith((".yaml", ".yml"))
