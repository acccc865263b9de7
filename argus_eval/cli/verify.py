"""``argus-eval verify``: published scores against ours, per task."""

from __future__ import annotations

import argparse
import pathlib
import sys
from typing import TYPE_CHECKING

from argus_eval.cli.folders import add_runs_folder
from argus_eval.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from argus_eval.config import RunConfig
    from argus_eval.core.published import PublishedScore
    from argus_eval.engine.verify_cells import Cell

__all__ = ["add_arguments", "main"]

SCHEMA = "argus-eval/verify/1"
_LEDGER = pathlib.Path("leaderboards/verified.jsonl")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which model, on what, and where the outcome goes."""
    parser.add_argument(
        "model", nargs="?", help="registry name; with --as also hf:ID_OR_PATH, replay:RUN or an endpoint"
    )
    parser.add_argument("--list", action="store_true", help="run nothing: show what is published and verified")
    parser.add_argument("--tasks", metavar="T[,T…]", help="only these (default: all with a published score)")
    parser.add_argument("--as", dest="published_as", metavar="NAME", help="the model whose scores are meant")
    parser.add_argument("--weights", metavar="PATH|HUB_ID", help="checkpoint (default: the published one)")
    parser.add_argument(
        "--data", action="append", default=[], metavar="[TASK=]PATH|hub", help="the benchmarks; repeatable"
    )
    parser.add_argument(
        "--limit", type=int, metavar="N", help="samples a task; a part can contradict a score, never verify it"
    )
    parser.add_argument("--published", type=pathlib.Path, metavar="FILE", help="another list of published scores")
    parser.add_argument(
        "--record", type=pathlib.Path, default=_LEDGER, metavar="FILE", help=f"outcomes are kept here ({_LEDGER})"
    )
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--dtype", choices=("float32", "bfloat16", "float16"), help="default: the checkpoint's")
    parser.add_argument("--batch-size", type=int, default=8, metavar="N")
    add_runs_folder(parser)
    parser.add_argument("--json", metavar="PATH|-", help="write the outcome as JSON")
    parser.epilog = (
        "exit codes: 0 every score verified, 1 one deviates, 3 one undecided, 2 what was asked for can verify "
        "nothing, 4 no weights, 5 data or checkpoint not there"
    )


def main(arguments: argparse.Namespace) -> int:
    """Run and judge, or list."""
    from argus_eval.errors import UsageError

    if arguments.limit is not None and arguments.limit < 1:
        raise UsageError(f"--limit {arguments.limit}: expected a positive number")
    if arguments.batch_size < 1:
        raise UsageError(f"--batch-size {arguments.batch_size}: expected a positive number")
    scores = _scores(arguments.published)
    if arguments.list:
        return _list(arguments, scores)
    if arguments.model is None:
        raise UsageError("verify: which model? or --list")
    return _verify(arguments, scores)


def _scores(path: pathlib.Path | None) -> Sequence[PublishedScore]:
    from argus_eval.errors import UsageError
    from argus_eval.report.published import read_published, shipped_scores

    if path is None:
        return shipped_scores()
    if not path.is_file():
        raise UsageError(f"--published {path}: no such file")
    return read_published(path)


def _verify(arguments: argparse.Namespace, scores: Sequence[PublishedScore]) -> int:
    from argus_eval.cli.narrate import StderrNarrator
    from argus_eval.cli.output import write_json
    from argus_eval.config import split_names
    from argus_eval.core.codec import to_json
    from argus_eval.engine.verify import exit_code, subject_of, verify
    from argus_eval.engine.verify_ledger import read_ledger, record
    from argus_eval.tasks.catalog import expand

    tasks = expand(split_names(arguments.tasks, "--tasks")) if arguments.tasks is not None else None
    subject = subject_of(arguments.model, arguments.published_as, arguments.runs_dir)
    read_ledger(arguments.record)  # a file that is no ledger is found out before hours of work
    narrator = StderrNarrator()
    outcome = verify(subject, scores, tasks, _config(arguments, scores), narrator)
    if outcome.entries:
        record(arguments.record, outcome.entries)
    without = [task for task in tasks or () if task not in {cell.task for cell in outcome.cells}]
    text = verdicts(outcome.cells)
    if without:
        text += f"no published score of {subject.model} on file, so unverified: {', '.join(without)}\n"
    print(text, end="", file=sys.stderr if arguments.json == "-" else sys.stdout)
    if outcome.entries:
        narrator.say(f"recorded: {arguments.record}")
    if arguments.json is not None:
        document = {
            "schema": SCHEMA,
            "model": subject.model,
            "runs_as": subject.runs_as,
            "run": str(outcome.run),
            "cells": to_json(outcome.cells),
            "without_published_score": without,
        }
        write_json(document, arguments.json)
    return exit_code(outcome.cells)


def _config(arguments: argparse.Namespace, scores: Sequence[PublishedScore]) -> RunConfig:
    from argus_eval.config import RunConfig, parse_assignments

    known = tuple(dict.fromkeys(score.task for score in scores if score.task is not None))
    return RunConfig(
        models=(arguments.model,),
        tasks=known,
        weights={"": arguments.weights} if arguments.weights is not None else {},
        data=parse_assignments(arguments.data, "--data", known),
        limit=arguments.limit,
        device=arguments.device,
        dtype=arguments.dtype,
        batch_size=arguments.batch_size,
        runs_dir=arguments.runs_dir,
    )


def verdicts(cells: Sequence[Cell]) -> str:
    """A table of measured cells, then what a reader must know of each."""
    from argus_eval.engine.verify_cells import cell_words, signed_points

    rows = [("task", "metric", "published", "ours", "95 % interval", "Δ", "tolerance", "status")]
    notes = []
    for cell in cells:
        score = cell.published
        assert score is not None
        rows.append(
            (
                cell.task,
                cell.metric,
                _hundredths(score.value),
                _hundredths(cell.value),
                f"[{_hundredths(cell.ci[0])}, {_hundredths(cell.ci[1])}]" if cell.ci else "",
                signed_points(cell.difference) if cell.difference is not None else "",
                f"±{_hundredths(score.tolerance)}" if score.tolerance is not None else "none",
                cell_words(cell),
            )
        )
        notes += _notes(cell, score)
    return "\n".join([*_aligned(rows), "", *notes]) + "\n"


def _notes(cell: Cell, score: PublishedScore) -> list[str]:
    from argus_eval.report.text import printable

    read = "" if score.read == "source" else f", read in {score.read}"
    lines = [f"{cell.task}: {score.benchmark}, {score.source} ({score.dated or 'undated'}{read})"]
    if score.split:
        lines.append(f"  split: {score.split}" + (f", {score.n:,} samples" if score.n else ""))
    lines.append(f"  prompt: {score.prompt_difference or 'difference not on file'}")
    if score.note:
        lines.append(f"  note: {score.note}")
    if cell.reason:
        lines.append(f"  {cell.status.value}: {cell.reason}")
    return [printable(line) for line in lines]


def _list(arguments: argparse.Namespace, scores: Sequence[PublishedScore]) -> int:
    from argus_eval.cli.output import write_json
    from argus_eval.config import split_names
    from argus_eval.core.codec import to_json
    from argus_eval.engine.verify_ledger import read_ledger, shipped_verifications
    from argus_eval.engine.verify_matrix import matrix
    from argus_eval.models.catalog import model_card, model_names
    from argus_eval.tasks.catalog import expand

    models = (model_card(arguments.model, "verify").name,) if arguments.model else model_names()
    tasks = expand(split_names(arguments.tasks or "all", "--tasks"))
    known = shipped_verifications() | read_ledger(arguments.record)
    cells = matrix(models, tasks, scores, known)
    if arguments.json != "-":
        print(_matrix_text(cells, one_model=arguments.model is not None), end="")  # noqa: T201
    if arguments.json is not None:
        write_json({"schema": SCHEMA, "cells": to_json(cells)}, arguments.json)
    return ExitCode.DONE


def _matrix_text(cells: Sequence[Cell], *, one_model: bool) -> str:
    from argus_eval.engine.verify_cells import cell_words

    shown = [cell for cell in cells if one_model or cell.published is not None]
    rows = [("model", "task", "metric", "published", "tolerance", "status")]
    for cell in shown:
        score = cell.published
        tolerance = score.tolerance if score is not None else None
        rows.append(
            (
                cell.model,
                cell.task,
                cell.metric,
                _hundredths(score.value) if score is not None else "none on file",
                f"±{_hundredths(tolerance)}" if tolerance is not None else "",
                cell_words(cell),
            )
        )
    lines = _aligned(rows)
    if hidden := len(cells) - len(shown):
        lines.append(f"and {hidden} cells without a published score on file: unverified")
    return "\n".join(lines) + "\n"


def _hundredths(value: float | None) -> str:
    return "not measured" if value is None else f"{100 * value:.2f}"


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
