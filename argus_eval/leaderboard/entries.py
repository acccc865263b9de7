"""What a leaderboard keeps of a run: its results as they are, and its report to link to."""

from __future__ import annotations

import json
import pathlib
import shutil
from dataclasses import dataclass

from argus_eval.core.codec import from_json, to_json
from argus_eval.core.results import Results
from argus_eval.errors import EnvironmentError_, IncompleteError, UsageError

__all__ = ["ENTRIES", "REPORTS", "Entry", "add", "read_entries"]

ENTRIES = "entries"
REPORTS = "reports"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One run on the board. ``report`` is its page relative to the board's folder, if it came with one."""

    results: Results
    report: str | None


def add(run_dir: pathlib.Path, leaderboard_dir: pathlib.Path) -> pathlib.Path:
    """Take a finished run onto the board; a run that is there already is replaced.

    Args:
        run_dir: a run's folder with ``results.json`` and, if its report is to be linked, ``report.html``.
        leaderboard_dir: the board's folder; made if it is not there.

    Returns:
        The entry's file.

    Raises:
        UsageError: ``run_dir`` holds no readable results.
        IncompleteError: the run is unfinished, was a quick look, or breaks a claim of exactness.
        EnvironmentError_: the board cannot be written.
    """
    from argus_eval.store import write_atomically

    results = _read(run_dir / "results.json")
    _refuse_what_proves_nothing(run_dir, results)
    target = leaderboard_dir / ENTRIES / f"{_file_name(results.run_id)}.json"
    report = run_dir / "report.html"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if report.exists():
            (leaderboard_dir / REPORTS).mkdir(exist_ok=True)
            shutil.copyfile(report, leaderboard_dir / REPORTS / f"{target.stem}.html")
    except OSError as problem:
        reason = problem.strerror or problem
        raise EnvironmentError_(f"{leaderboard_dir}: the board cannot be written: {reason}") from problem
    write_atomically(target, json.dumps(to_json(results), indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    return target


def read_entries(leaderboard_dir: pathlib.Path) -> tuple[Entry, ...]:
    """Every run on the board, by id.

    Raises:
        UsageError: an entry cannot be read; the message names the file and the place in it.
    """
    entries = []
    for path in sorted((leaderboard_dir / ENTRIES).glob("*.json")):
        report = leaderboard_dir / REPORTS / f"{path.stem}.html"
        link = f"{REPORTS}/{path.stem}.html" if report.exists() else None
        entries.append(Entry(results=_read(path), report=link))
    return tuple(entries)


def _read(path: pathlib.Path) -> Results:
    try:
        return from_json(Results, json.loads(path.read_text(encoding="utf-8")), "results")
    except FileNotFoundError:
        raise UsageError(f"{path}: there are no results; is this the folder of a finished run?") from None
    except (ValueError, OSError) as problem:
        raise UsageError(f"{path}: cannot be read as results: {problem}") from problem


def _refuse_what_proves_nothing(run_dir: pathlib.Path, results: Results) -> None:
    if not results.complete:
        raise IncompleteError(f"{run_dir}: the run is not finished; run its command again to finish it")
    if results.quick:
        raise IncompleteError(
            f"{run_dir}: a quick run makes no claims and has no place on a board; run it in full"
        )
    for comparison in results.comparisons:
        if comparison.fidelity is not None and comparison.fidelity.broken:
            claim = f"{comparison.arm} breaks its {comparison.fidelity.loss_class} claim"
            raise IncompleteError(f"{run_dir}: {claim}: {comparison.fidelity.broken}")


def _file_name(run_id: str) -> str:
    """A run's id with nothing in it that a path could misread."""
    safe = "".join(character if character.isalnum() or character in "-_.+" else "_" for character in run_id)
    return safe.lstrip(".") or "run"
