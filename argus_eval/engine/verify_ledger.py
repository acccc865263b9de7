"""The file of verifications: one line a model, task and metric, sorted, so that a change of it can be reviewed.

Reading it needs nothing but the standard library, because listings do.
"""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterable
from dataclasses import dataclass

from argus_eval.core.codec import from_json, to_json
from argus_eval.engine.verify_cells import Status
from argus_eval.errors import EnvironmentError_, UsageError
from argus_eval.store import write_atomically

__all__ = ["DEFAULT_LEDGER", "SCHEMA", "Verification", "read_ledger", "record", "shipped_verifications"]

SCHEMA = "argus-eval/verified/1"
DEFAULT_LEDGER = pathlib.Path("leaderboards") / "verified.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """One line of the file. Only what was decided is kept: verified or deviates.

    Attributes:
        model, task, metric: names as listed.
        status: "verified" or "deviates".
        date: ISO date.
        n: samples scored.
        published, tolerance, source: what it was held against.
        value, ci, difference: what was measured.
        weights: the checkpoint, as it was named; of a path the last part.
        backend: what ran it ("transformers", "openai" …), or "replay" of recorded answers.
        device, dtype: of the run.
        data, prompt: fingerprints.
        version: of argus-eval.
    """

    model: str
    task: str
    metric: str
    status: Status
    date: str
    n: int
    published: float
    tolerance: float
    source: str
    value: float
    ci: tuple[float, float] | None
    difference: float
    weights: str
    backend: str
    device: str
    dtype: str
    data: str
    prompt: str
    version: str
    schema: str = SCHEMA

    @property
    def key(self) -> tuple[str, str, str]:
        """One line a key."""
        return self.model, self.task, self.metric


def read_ledger(path: pathlib.Path) -> dict[tuple[str, str, str], Verification]:
    """Every line of ``path`` by (model, task, metric); nothing where there is no such file.

    Raises:
        UsageError: a line is no verification; the message names it.
        EnvironmentError_: the file cannot be read.
    """
    if not path.exists():
        return {}
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError as problem:
        raise UsageError(f"{path}: not UTF-8: {problem.reason}") from problem
    except OSError as problem:
        raise EnvironmentError_(f"{path}: cannot be read: {problem.strerror or problem}") from problem
    found: dict[tuple[str, str, str], Verification] = {}
    for number, line in enumerate(lines, start=1):
        if line.strip():
            entry = _entry(path, number, line)
            found[entry.key] = entry
    return found


def _entry(path: pathlib.Path, number: int, line: str) -> Verification:
    where = f"{path}: line {number}"
    try:
        entry = from_json(Verification, json.loads(line), "verification")
    except (ValueError, RecursionError) as problem:
        raise UsageError(f"{where}: {problem}") from problem
    if entry.schema != SCHEMA:
        raise UsageError(f"{where}: schema: expected {SCHEMA!r}, got {entry.schema!r}")
    if entry.status is Status.UNVERIFIED:
        raise UsageError(f"{where}: status: only what was decided belongs here; delete the line")
    return entry


def record(path: pathlib.Path, entries: Iterable[Verification]) -> None:
    """Add lines to ``path``, each in place of the one with its model, task and metric.

    Raises:
        UsageError: the file holds something else.
        EnvironmentError_: it cannot be written.
    """
    kept = read_ledger(path) | {entry.key: entry for entry in entries}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise EnvironmentError_(f"{path.parent}: cannot be made: {problem.strerror or problem}") from problem
    lines = (json.dumps(to_json(kept[key]), ensure_ascii=False, allow_nan=False) for key in sorted(kept))
    write_atomically(path, "".join(f"{line}\n" for line in lines))


def shipped_verifications() -> dict[tuple[str, str, str], Verification]:
    """The file that comes with argus-eval, from the checkout or from the installed package."""
    checkout = pathlib.Path(__file__).resolve().parents[2] / DEFAULT_LEDGER
    installed = pathlib.Path(__file__).parent / DEFAULT_LEDGER.name
    return read_ledger(installed if installed.exists() else checkout)
