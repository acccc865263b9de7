"""``argus-eval score``: predictions in a file against annotations in a file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from argus_eval.errors import ExitCode

__all__ = ["add_arguments", "main", "score_command"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of CONTRACTS.md."""
    parser.add_argument("--task", required=True, help="name of a task (argus-eval list tasks)")
    parser.add_argument("--annotations", required=True, type=Path, help="JSON Lines or the task's native format")
    parser.add_argument("--predictions", required=True, type=Path, help="JSON Lines or the native results format")
    parser.add_argument("--dialect", help="how boxes are written in text (argus-eval list dialects)")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="ci=off, extra=ignore, tokenizer=none, categories=FILE, scores=constant, compat=NAME",
    )
    parser.add_argument("--json", metavar="PATH|-", help="write the report as JSON; - is standard output")


def main(arguments: argparse.Namespace) -> int:
    """Score, and print or write."""
    return score_command(
        task=arguments.task,
        annotations=arguments.annotations,
        predictions=arguments.predictions,
        dialect=arguments.dialect,
        set=arguments.set,
        json=arguments.json,
    )


def score_command(
    task: str,
    annotations: Path,
    predictions: Path,
    dialect: str | None = None,
    set: Sequence[str] = (),  # noqa: A002 - named after the flag
    json: str | None = None,
) -> int:
    """Score a file; the table goes to standard output unless JSON does.

    Raises:
        UsageError: a file or a flag is wrong.
        EnvironmentError_: a file cannot be read or written.
    """
    from argus_eval.cli.output import write_json
    from argus_eval.core.codec import to_json
    from argus_eval.engine.score_files import score_files
    from argus_eval.engine.score_settings import parse_settings
    from argus_eval.engine.score_table import score_table

    report = score_files(task, annotations, predictions, dialect, parse_settings(set), _say)
    if json != "-":
        print(score_table(report))  # noqa: T201 - this is the command line
    if json is not None:
        write_json(to_json(report), json)
    return ExitCode.DONE


def _say(message: str) -> None:
    print(message, file=sys.stderr)  # noqa: T201 - this is the command line
