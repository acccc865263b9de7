"""Every number of a finished run again, from its manifest and its records alone.

What is measured of a run but is no request (facts of the loaded model, fidelity, fingerprints, what was left out)
is written into the manifest before the numbers are made, so that nothing in results.json has another source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from argus_eval.config import config_from_manifest
from argus_eval.core.codec import from_json, to_json
from argus_eval.core.results import Results
from argus_eval.engine.plan import RunPlan, make_plan
from argus_eval.engine.summarize import MeasuredFacts, summarize
from argus_eval.errors import IncompleteError, UsageError
from argus_eval.store import RunDirectory

__all__ = ["Recomputed", "recompute", "what_was_measured"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomputed:
    """The numbers made again, and where they differ from results.json: path in it → (stored, made again)."""

    results: Results
    differences: Mapping[str, tuple[object, object]]


def what_was_measured(facts: MeasuredFacts, command: str, environment: Mapping[str, object]) -> dict[str, object]:
    """What a manifest keeps beside the plan so that records and manifest are enough."""
    return {"measured": {"facts": to_json(facts), "command": command, "environment": to_json(environment)}}


def recompute(run: RunDirectory, plan: RunPlan | None = None) -> Recomputed:
    """Make the results of a finished run again and compare them with those stored.

    Args:
        run: a finished run.
        plan: its plan, where there is one already; otherwise it is made again from the manifest, which needs the
            data the run was made on.

    Raises:
        IncompleteError: the run is not finished.
        UsageError: it was made by a version that did not keep everything, or its files are damaged.
    """
    manifest = run.manifest()
    stored = to_json(run.results())
    kept = manifest.get("measured")
    if not run.is_complete() or not isinstance(kept, dict):
        if not run.is_complete():
            raise IncompleteError(f"{run.path}: not finished; the command that began this run finishes it")
        raise UsageError(f"{run.path}: made by a version that kept no measured facts; run it again with --fresh")
    try:
        facts = from_json(MeasuredFacts, kept["facts"], "manifest.measured.facts")
    except (KeyError, ValueError) as problem:
        raise UsageError(f"{run.path}: manifest: {problem}") from problem
    results = summarize(
        plan or make_plan(config_from_manifest(manifest)),
        run.records(),
        facts,
        run_id=run.run_id,
        command=str(kept["command"]),
        environment=kept["environment"],
        complete=True,
    )
    return Recomputed(results=results, differences=_differences(stored, to_json(results)))


def _differences(stored: Any, again: Any, path: str = "") -> dict[str, tuple[object, object]]:
    """Every place in which two JSON values differ."""
    if isinstance(stored, dict) and isinstance(again, dict):
        found: dict[str, tuple[object, object]] = {}
        for key in {**stored, **again}:
            found |= _differences(stored.get(key), again.get(key), f"{path}.{key}" if path else key)
        return found
    if isinstance(stored, list) and isinstance(again, list) and len(stored) == len(again):
        found = {}
        for index, (left, right) in enumerate(zip(stored, again, strict=True)):
            found |= _differences(left, right, f"{path}[{index}]")
        return found
    return {} if stored == again else {path: (stored, again)}
