"""What a command names: a run, or a stored baseline."""

from __future__ import annotations

import pathlib

from argus_eval.errors import UsageError
from argus_eval.gate.pairing import Pair, pairs_across, pairs_within
from argus_eval.gate.read_run import GateRun, read_run
from argus_eval.gate.stored import StoredBaseline, find_baseline, read_baseline
from argus_eval.store import RunDirectory

__all__ = ["DEFAULT_FOLDER", "open_source", "pairs_of"]

#: Where baselines are kept unless a folder is named.
DEFAULT_FOLDER = pathlib.Path("baselines")


def open_source(
    text: str, runs_dir: pathlib.Path, folder: pathlib.Path = DEFAULT_FOLDER
) -> GateRun | StoredBaseline:
    """A run by path or id, or a stored baseline by path or name.

    Raises:
        UsageError: it is neither.
    """
    path = find_baseline(text, folder)
    if path is not None:
        return read_baseline(path)
    try:
        run = RunDirectory.find(text, runs_dir)
    except UsageError as problem:
        raise UsageError(f"{problem}; nor is there a stored baseline {text!r} in {folder}") from None
    return read_run(run)


def pairs_of(
    run: GateRun, reference: GateRun | StoredBaseline | None, baseline: str | None = None, arm: str | None = None
) -> tuple[Pair, ...]:
    """The arms of ``run`` against those of ``reference``; against the run's own baseline where it is ``None``.

    Args:
        run: whose arms are judged.
        reference: what with.
        baseline: which arm of the reference.
        arm: which arm of the run.
    """
    if reference is None:
        return pairs_within(run, baseline, arm)
    arms = reference.arms if isinstance(reference, GateRun) else (reference.answers(),)
    return pairs_across(arms, run, baseline, arm)
