"""``argus-eval compare``: two arms of a run, two runs, or a run and a stored baseline, side by side."""

from __future__ import annotations

import argparse
import pathlib
import sys

from argus_eval.cli.folders import add_baselines_folder, add_runs_folder

__all__ = ["add_arguments", "main"]

SCHEMA = "argus-eval/compare/1"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is compared with what, and where it is written."""
    parser.add_argument("first", metavar="A", help="a run; or, where B is given, a run or a stored baseline")
    parser.add_argument("second", metavar="B", nargs="?", help="the run whose arms are compared with A's baseline")
    parser.add_argument("--baseline", metavar="ARM", help="arm of A to compare with (default: its baseline)")
    parser.add_argument("--arm", metavar="ARM", help="arm to compare (default: every other one)")
    parser.add_argument("--json", metavar="PATH|-", help="write everything as JSON; - is standard output")
    parser.add_argument("--html", metavar="PATH", type=pathlib.Path, help="write one HTML page")
    add_baselines_folder(parser)
    add_runs_folder(parser)


def main(arguments: argparse.Namespace) -> int:
    """Compare, print, write."""
    from argus_eval.cli.output import write_json
    from argus_eval.core.codec import to_json
    from argus_eval.errors import UsageError
    from argus_eval.gate.comparison import compare_pair
    from argus_eval.gate.read_run import GateRun
    from argus_eval.gate.sources import open_source, pairs_of
    from argus_eval.report.compare import compare_lines, write_comparison

    first = open_source(arguments.first, arguments.runs_dir, arguments.dir)
    if arguments.second is None:
        run, reference = first, None
    else:
        run, reference = open_source(arguments.second, arguments.runs_dir, arguments.dir), first
    if not isinstance(run, GateRun):
        raise UsageError("a stored baseline stands first: argus-eval compare BASELINE RUN")
    pairs = pairs_of(run, reference, arguments.baseline, arguments.arm)
    source = run if reference is None else reference if isinstance(reference, GateRun) else None
    comparisons = [compare_pair(pair, source) for pair in pairs]
    stream = sys.stderr if arguments.json == "-" else sys.stdout
    stream.write("\n\n".join("\n".join(compare_lines(found)) for found in comparisons) + "\n")
    if arguments.html is not None:
        write_comparison(arguments.html, comparisons)
        print(arguments.html, file=stream)
    if arguments.json is not None:
        write_json({"schema": SCHEMA, "comparisons": to_json(comparisons)}, arguments.json)
    return 0
