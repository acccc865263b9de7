"""``argus-eval import``: other tools' logs as runs that compare, check and report accept."""

from __future__ import annotations

import argparse
import pathlib
import shlex
import sys

from argus_eval.cli.folders import add_runs_folder

__all__ = ["add_arguments", "main"]

TOOLS = ("lmms-eval", "vlmevalkit", "vllm-bench")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    parser.add_argument("tool", metavar="TOOL", help=f"whose log: {', '.join(TOOLS)}")
    parser.add_argument("path", type=pathlib.Path, metavar="PATH", help="its results file, or the folder it wrote")
    parser.add_argument("--name", help="the model, where the log does not say or says it badly")
    add_runs_folder(parser)


def main(arguments: argparse.Namespace) -> int:
    """Writes the run and prints its path."""
    import dataclasses

    from argus_eval.errors import UnknownNameError, UsageError
    from argus_eval.importers.imported import Imported
    from argus_eval.importers.writing import write_run

    if arguments.tool not in TOOLS:
        raise UnknownNameError("tool", arguments.tool, TOOLS, where="import")
    if not arguments.path.exists():
        raise UsageError(f"import {arguments.tool}: {arguments.path} does not exist")
    imported: Imported
    if arguments.tool == "lmms-eval":
        from argus_eval.importers.lmms_eval import read_lmms_eval

        imported = read_lmms_eval(arguments.path)
    elif arguments.tool == "vlmevalkit":
        from argus_eval.importers.vlmevalkit import read_vlmevalkit

        imported = read_vlmevalkit(arguments.path, arguments.name)
    else:
        from argus_eval.importers.vllm_bench import read_vllm_bench

        imported = read_vllm_bench(arguments.path)
    if arguments.name:
        imported = dataclasses.replace(imported, model=arguments.name)
    run = write_run(imported, arguments.runs_dir, shlex.join(["argus-eval", *sys.argv[1:]]))
    for task in imported.tasks:
        print(f"{task.name}: {len(task.samples):,} samples, {task.primary}", file=sys.stderr)  # noqa: T201
    for note in imported.notes:
        print(f"! {note}", file=sys.stderr)  # noqa: T201
    print(run.path)  # noqa: T201 - this is the command line
    return 0
