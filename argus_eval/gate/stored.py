"""Stored baselines: one arm's scores, one line a sample, small enough to be committed and reviewed.

Only what a paired comparison needs is kept: key, score and the beginnings of three hashes (image, whole sample,
answer). No answer, no question, no path.
"""

from __future__ import annotations

import json
import pathlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import argus_eval
from argus_eval.core.codec import from_json, to_json
from argus_eval.data.fresh_seed import fresh_seed
from argus_eval.errors import EnvironmentError_, UsageError
from argus_eval.gate.answers import ArmAnswers, ArmTask
from argus_eval.store import write_atomically

__all__ = ["SCHEMA", "SUFFIX", "StoredBaseline", "find_baseline", "is_baseline", "read_baseline", "save_baseline"]

SCHEMA = "argus-eval/baseline/1"
SUFFIX = ".baseline.json"
#: What stands in a sample's line, in this order.
COLUMNS = ("sample", "score", "image", "content", "answer", "unparsed")

_HASH_DIGITS = 12
_KEYWORDS = ("auto", "hub", "bundled")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTask:
    """One task of a stored baseline.

    Attributes:
        task: display name. metric: whose scores these are. value: its mean, as printed.
        requested, resolved: data source; a path is kept as "path" only.
        fingerprint, prompt: of data set and prompt.
        n: samples. unparsed: answers that could not be read.
        samples: rows as in ``COLUMNS``; the score is ``None`` where the request failed.
    """

    task: str
    metric: str
    higher_is_better: bool
    value: float | None
    requested: str
    resolved: str
    fingerprint: str
    prompt: str
    n: int
    unparsed: int
    samples: tuple[tuple[str, float | None, str, str, str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBaseline:
    """A file that ``baseline save`` wrote.

    Attributes:
        name: of the baseline. run_id: what it was saved from.
        arm, model, recipes, weights: the arm.
        tasks: sorted by name.
        left_out: tasks that cannot be stored, with the reason.
    """

    name: str
    run_id: str
    arm: str
    model: str
    recipes: tuple[str, ...]
    weights: str
    tasks: tuple[StoredTask, ...]
    left_out: Mapping[str, str]
    argus_eval: str = ""
    schema: str = SCHEMA

    def answers(self) -> ArmAnswers:
        """As a gate joins it."""
        return ArmAnswers(
            source=f"baseline {self.name}",
            arm=self.arm,
            model=self.model,
            role="stored",
            weights=self.weights,
            recipes=self.recipes,
            tasks={
                **{task.task: _columns(task) for task in self.tasks},
                **{name: _left_out(name, reason) for name, reason in self.left_out.items()},
            },
        )


def save_baseline(name: str, arm: ArmAnswers, folder: pathlib.Path) -> tuple[pathlib.Path, StoredBaseline]:
    """Write an arm's scores to ``folder/NAME.baseline.json``.

    Raises:
        UsageError: the name is no file name, or nothing of the arm can be stored.
        EnvironmentError_: the file cannot be written.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"baseline {name!r}: expected letters, digits, '.', '_' and '-', no path")
    tasks, left_out = [], {}
    for display, task in sorted(arm.tasks.items()):
        if not task.supported:
            continue
        reason = _obstacle(task)
        if reason is None:
            tasks.append(_stored(task))
        else:
            left_out[display] = reason
    if not tasks:
        reasons = "; ".join(f"{task}: {reason}" for task, reason in left_out.items()) or "no task"
        raise UsageError(f"baseline {name}: nothing of {arm.label} can be stored: {reasons}")
    stored = StoredBaseline(
        name=name,
        run_id=arm.source,
        arm=arm.arm,
        model=arm.model,
        recipes=arm.recipes,
        weights=arm.weights,
        tasks=tuple(tasks),
        left_out=left_out,
        argus_eval=argus_eval.__version__,
    )
    path = folder / f"{name}{SUFFIX}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise EnvironmentError_(f"{folder}: cannot be made: {problem.strerror or problem}") from problem
    write_atomically(path, _text(stored))
    return path, stored


def is_baseline(path: pathlib.Path) -> bool:
    """Whether a path is a stored baseline rather than a run."""
    return path.is_file()


def find_baseline(text: str, folder: pathlib.Path) -> pathlib.Path | None:
    """A stored baseline by path, or by name in ``folder``; ``None`` if there is none."""
    for path in (pathlib.Path(text), folder / f"{text}{SUFFIX}"):
        if is_baseline(path):
            return path
    return None


def read_baseline(path: pathlib.Path) -> StoredBaseline:
    """A stored baseline.

    Raises:
        UsageError: the file cannot be read or is of another schema; the message names the place in it.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as problem:
        raise UsageError(f"{path}: stored baseline cannot be read: {problem}") from problem
    schema = data.get("schema") if isinstance(data, dict) else None
    if schema != SCHEMA:
        raise UsageError(
            f"{path}: schema {schema!r}, expected {SCHEMA!r}; `argus-eval baseline save` writes such files"
        )
    try:
        return from_json(StoredBaseline, data, str(path))
    except ValueError as problem:
        raise UsageError(str(problem)) from problem


def _obstacle(task: ArmTask) -> str | None:
    """Why a task cannot be stored; ``None`` if it can."""
    if task.absence is not None:
        return task.absence
    if task.duplicates or task.problems:
        return "; ".join((*task.problems, *(f"duplicated sample {key}" for key in task.duplicates[:1])))
    if task.scores is None:
        return f"{task.metric} is computed over all samples together; compare runs instead"
    return None


def _stored(task: ArmTask) -> StoredTask:
    assert task.scores is not None  # asked before
    rows = [
        (
            key,
            float(task.scores[i]) if task.answered[i] else None,
            _short(str(task.images[i])),
            _short(task.contents[i]),
            _short(task.outputs[i]),
            int(task.unparsed[i]),
        )
        for i, key in enumerate(task.samples)
    ]
    return StoredTask(
        task=task.task,
        metric=task.metric,
        higher_is_better=task.higher_is_better,
        value=task.value,
        requested=task.requested
        if task.requested in _KEYWORDS or fresh_seed(task.requested) is not None
        else "path",
        resolved=task.resolved,
        fingerprint=task.fingerprint,
        prompt=task.prompt,
        n=task.n,
        unparsed=int(task.unparsed.sum()),
        samples=tuple(sorted(rows, key=lambda row: row[0])),
    )


def _columns(task: StoredTask) -> ArmTask:
    rows = task.samples
    keys = [row[0] for row in rows]
    seen: set[str] = set()
    twice = [key for key in keys if key in seen or seen.add(key)]  # type: ignore[func-returns-value]
    outside = [row[0] for row in rows if row[1] is not None and not 0 <= row[1] <= 1]
    problems = [f"sample {key!r} has a score outside [0, 1]" for key in outside[:1]]
    return ArmTask(
        task=task.task,
        metric=task.metric,
        higher_is_better=task.higher_is_better,
        requested="" if task.requested == "path" else task.requested,
        resolved=task.resolved,
        fingerprint=task.fingerprint,
        prompt=task.prompt,
        planned=task.n,
        samples=tuple(keys),
        images=np.array([row[2] for row in rows], dtype=np.str_),
        contents=tuple(row[3] for row in rows),
        outputs=tuple(row[4] for row in rows),
        answered=np.array([row[1] is not None for row in rows], dtype=np.bool_),
        unparsed=np.array([row[5] != 0 for row in rows], dtype=np.bool_),
        scores=np.clip([row[1] or 0.0 for row in rows], 0.0, 1.0),
        duplicates=tuple(twice),
        problems=(
            *problems,
            *([f"{len(rows):,} of {task.n:,} samples are in the file"] if len(rows) != task.n else []),
        ),
    )


def _left_out(name: str, reason: str) -> ArmTask:
    nothing = np.zeros(0, dtype=np.bool_)
    return ArmTask(
        task=name,
        metric="",
        images=np.zeros(0, dtype=np.str_),
        answered=nothing,
        unparsed=nothing,
        absence=f"not in the stored baseline: {reason}",
    )


def _short(digest: str) -> str:
    """The beginning of a hash: long enough that two samples of a benchmark never share it by chance."""
    return digest.removeprefix("sha256:")[:_HASH_DIGITS]


def _text(stored: StoredBaseline) -> str:
    """JSON with one line a sample."""
    data = to_json(stored)
    tasks: Sequence[Mapping[str, Any]] = data.pop("tasks")
    head = [f" {_json(key)}: {_json(data[key])}" for key in ("schema", *sorted(k for k in data if k != "schema"))]
    head.append(f' "columns": {_json(list(COLUMNS))}')
    blocks = []
    for task in tasks:
        facts = "".join(f"   {_json(key)}: {_json(value)},\n" for key, value in task.items() if key != "samples")
        rows = ",\n".join(f"    {_json(row)}" for row in task["samples"])
        blocks.append(f'  {{\n{facts}   "samples": [\n{rows}\n   ]\n  }}')
    return "{\n" + ",\n".join(head) + ',\n "tasks": [\n' + ",\n".join(blocks) + "\n ]\n}\n"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False)
