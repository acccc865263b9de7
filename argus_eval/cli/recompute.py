"""``argus-eval recompute``: every number of a finished run again, from its manifest and records."""

from __future__ import annotations

import argparse

from argus_eval.cli.folders import add_runs_folder
from argus_eval.errors import ExitCode

__all__ = ["add_arguments", "main"]

_SHOWN = 20
_WIDEST = 60


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The run, and where to write the numbers made again."""
    parser.add_argument("run", metavar="RUN", help="path or id of a finished run")
    add_runs_folder(parser)
    parser.add_argument("--json", metavar="PATH|-", help="write the numbers made again there, as results.json is")


def main(arguments: argparse.Namespace) -> int:
    """0 where every number is equal to the one in results.json, 4 where one differs."""
    import sys

    from argus_eval.store import RunDirectory

    # A wrong name is told before anything large is loaded.
    run = RunDirectory.find(arguments.run, arguments.runs_dir)

    from argus_eval.cli.output import write_json
    from argus_eval.core.codec import to_json
    from argus_eval.engine.recompute import recompute

    found = recompute(run)
    if arguments.json is not None:
        write_json(to_json(found.results), arguments.json)
    for path, (stored, again) in list(found.differences.items())[:_SHOWN]:
        print(f"{path}: {_short(stored)} in results.json, {_short(again)} made again", file=sys.stderr)  # noqa: T201
    if found.differences:
        print(f"{run.run_id}: {len(found.differences)} values differ", file=sys.stderr)  # noqa: T201
        return ExitCode.INCOMPLETE
    print(f"{run.run_id}: every value of results.json made again from records.jsonl and manifest.json, all equal")  # noqa: T201
    return ExitCode.DONE


def _short(value: object) -> str:
    """One value on part of a line; a long one by its two ends."""
    text = repr(value)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST // 2]} … {text[-_WIDEST // 2 :]}"
