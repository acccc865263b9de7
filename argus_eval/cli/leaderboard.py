"""``argus-eval leaderboard``: static pages over many runs."""

from __future__ import annotations

import argparse
import pathlib

from argus_eval.cli.folders import add_runs_folder

__all__ = ["add_arguments", "main"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do with which runs."""
    parser.add_argument("action", choices=("add", "build"), help="add runs to the board, or write its page")
    parser.add_argument("runs", nargs="*", metavar="RUN", help="path or id of a run, for add")
    parser.add_argument(
        "--leaderboard-dir",
        type=pathlib.Path,
        default=pathlib.Path("leaderboards"),
        metavar="FOLDER",
        help="the board (default: leaderboards)",
    )
    add_runs_folder(parser)


def main(arguments: argparse.Namespace) -> int:
    """Add runs, or build the page; prints what was written."""
    from argus_eval.errors import UsageError
    from argus_eval.leaderboard.build import add, build
    from argus_eval.store import RunDirectory

    if arguments.action == "build":
        if arguments.runs:
            raise UsageError("leaderboard build: takes no runs; add them first")
        print(build(arguments.leaderboard_dir))  # noqa: T201 - this is the command line
        return 0
    if not arguments.runs:
        raise UsageError("leaderboard add: which run? give its path or id")
    for text in arguments.runs:
        run = RunDirectory.find(text, arguments.runs_dir)
        print(add(run.path, arguments.leaderboard_dir))  # noqa: T201
    return 0
