"""``argus-eval run``: the main job."""

from __future__ import annotations

import argparse
import os
import pathlib
import shlex
import sys
from typing import TYPE_CHECKING

from argus_eval.cli.folders import add_runs_folder
from argus_eval.config import (
    REGIMES,
    SETTINGS,
    RunConfig,
    parse_assignments,
    parse_budget,
    parse_settings,
    split_names,
)
from argus_eval.errors import ExitCode
from argus_eval.tasks.catalog import expand

if TYPE_CHECKING:
    from argus_eval.engine.run import Finished

__all__ = ["add_arguments", "execute_and_report", "main"]

_QUICK_SAMPLES, _QUICK_BUDGET_S = 8, 20.0
# A log has no width of its own; eighty columns would break every table.
_LOG_COLUMNS = 120
_FEWEST_COLUMNS = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of the main job, as CONTRACTS.md names them."""
    what = parser.add_argument_group("what")
    what.add_argument(
        "--model",
        required=True,
        metavar="M[,M…]",
        help="a registry name, or hf:ID_OR_PATH, openai:NAME@URL, vllm:DIR_OR_ID, lmms:NAME, oracle, replay:RUN",
    )
    what.add_argument(
        "--tasks",
        required=True,
        metavar="T[,T…]",
        help="tasks and groups (argus-eval list tasks), or lmms:NAME for one of lmms-eval's",
    )
    what.add_argument(
        "--recipes",
        metavar="ARM[,ARM…]",
        help="baseline, names joined by +, presets, ladder, ablate (default: baseline,lossless)",
    )
    what.add_argument(
        "--weights",
        action="append",
        default=[],
        metavar="[MODEL=]PATH|HUB_ID|random",
        help="the checkpoint; repeatable (default: the published one)",
    )
    what.add_argument(
        "--data",
        action="append",
        default=[],
        metavar="[TASK=]PATH|hub|bundled|fresh:SEED",
        help="where samples come from; repeatable (default: local cache, hub, then the bundled synthetic sample)",
    )
    what.add_argument("--strict-data", action="store_true", help="never fall back to the bundled synthetic sample")
    what.add_argument("--limit", type=_positive, metavar="N", help="samples a task")
    what.add_argument(
        "--sample",
        action="append",
        default=[],
        metavar="KEY",
        help="only the sample of this key, as records.jsonl names it; repeatable",
    )
    how = parser.add_argument_group("how")
    how.add_argument(
        "--budget", default="10m", metavar="TIME", help="wall time of all efficiency measurement (default: 10m)"
    )
    only = how.add_mutually_exclusive_group()
    only.add_argument("--accuracy-only", action="store_true", help="no efficiency passes")
    only.add_argument("--efficiency-only", action="store_true", help="no accuracy pass")
    how.add_argument(
        "--quick", action="store_true", help="smoke test: 8 samples a task, 20 s of timing, no claims"
    )
    how.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    how.add_argument("--dtype", choices=("float32", "bfloat16", "float16"), help="default: the checkpoint's")
    how.add_argument(
        "--batch-size",
        type=_positive,
        default=8,
        metavar="N",
        help="of the accuracy pass, for all arms (default: 8)",
    )
    how.add_argument(
        "--regime",
        default=REGIMES[0],
        choices=REGIMES,
        help="state of caches when a request is timed (cold-image)",
    )
    how.add_argument("--workload", metavar="DIR", help="images to measure speed on (default: those of the tasks)")
    how.add_argument(
        "--protocol",
        choices=("paper",),
        help="paper: COCO captions one by one at their natural end on servers, as arXiv 2603.16987 measured",
    )
    how.add_argument(
        "--server-python",
        metavar="PATH",
        help="Python that has vLLM, for vllm: models (default: $ARGUS_EVAL_SERVER_PYTHON)",
    )
    how.add_argument("--dialect", help="how the model writes boxes, if not as its card says")
    where = parser.add_argument_group("where")
    add_runs_folder(where)
    where.add_argument("--fresh", action="store_true", help="start another run even if this one exists")
    where.add_argument("--json", metavar="PATH|-", help="write results.json there as well")
    settings = "; ".join(f"{name}: {about}" for name, (_, about) in SETTINGS.items())
    where.add_argument(
        "--set", action="append", default=[], dest="settings", metavar="KEY=VALUE", help=f"repeatable. {settings}"
    )


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a positive whole number, got {text!r}")
    return int(text)


def main(arguments: argparse.Namespace) -> int:
    """Run, print the table, write the report."""
    models = split_names(arguments.model, "--model")
    tasks = expand(split_names(arguments.tasks, "--tasks"))
    _refuse_unknown(models, arguments.runs_dir)
    quick = bool(arguments.quick)
    budget_s = parse_budget(arguments.budget)
    config = RunConfig(
        models=models,
        tasks=tasks,
        recipes=arguments.recipes,
        weights=parse_assignments(arguments.weights, "--weights", models),
        data=parse_assignments(arguments.data, "--data", tasks),
        strict_data=arguments.strict_data,
        samples=tuple(arguments.sample),
        limit=min(arguments.limit or _QUICK_SAMPLES, _QUICK_SAMPLES) if quick else arguments.limit,
        budget_s=min(budget_s, _QUICK_BUDGET_S) if quick else budget_s,
        accuracy=not arguments.efficiency_only,
        efficiency=not arguments.accuracy_only,
        quick=quick,
        device=arguments.device,
        dtype=arguments.dtype,
        batch_size=arguments.batch_size,
        dialect=arguments.dialect,
        runs_dir=arguments.runs_dir,
        fresh=arguments.fresh,
        settings=parse_settings(arguments.settings),
        regime=arguments.regime,
        workload=arguments.workload,
    )
    if arguments.server_python is not None:
        # Where servers run is no part of a run's identity; processes that measure inherit it.
        os.environ["ARGUS_EVAL_SERVER_PYTHON"] = arguments.server_python
    if arguments.protocol == "paper":
        from argus_eval.engine.paper_protocol import paper_config

        config = paper_config(config)
    return execute_and_report(config, arguments.json, paper=arguments.protocol == "paper")


def _refuse_unknown(models: tuple[str, ...], runs_dir: pathlib.Path) -> None:
    """A misspelt name is refused here, before the seconds that torch takes to import."""
    from argus_eval.models.catalog import model_card
    from argus_eval.store import RunDirectory

    for name in models:
        form, colon, rest = name.partition(":")
        if form == "replay" and rest:
            RunDirectory.find(rest, runs_dir)
        elif not colon and form != "oracle":
            model_card(name)


def execute_and_report(config: RunConfig, json: str | None, *, paper: bool = False) -> int:
    """Run, print the table, write the report.

    The exit code says whether every claim of exactness held and every arm answered something of all it was asked.
    """
    from rich.console import Console

    from argus_eval.cli.narrate import StderrNarrator
    from argus_eval.cli.output import write_json
    from argus_eval.cli.unanswered import unanswered
    from argus_eval.core.codec import to_json
    from argus_eval.engine.run import execute
    from argus_eval.report.terminal import print_results

    narrator = StderrNarrator()
    finished = execute(config, narrator, command=shlex.join(["argus-eval", *sys.argv[1:]]))
    page = _write_page(finished)
    # With the numbers on standard output the table goes where the other words go.
    to_stderr = json == "-"
    terminal = (sys.stderr if to_stderr else sys.stdout).isatty()
    console = Console(stderr=to_stderr, width=None if terminal else _LOG_COLUMNS)
    # Wrapped lines are read more easily than columns of two letters.
    console.width = max(console.width, _FEWEST_COLUMNS)
    print_results(finished.results, console)
    if json is not None:
        write_json(to_json(finished.results), json)
    if paper:
        from argus_eval.engine.paper_protocol import paper_lines, write_paper_numbers

        for line in paper_lines(write_paper_numbers(finished.run)):
            narrator.say(line)
    narrator.say(f"results: {finished.run.path / 'results.json'}")
    narrator.say(f"report:  {page}")
    broken = [c for c in finished.results.comparisons if c.fidelity is not None and c.fidelity.broken]
    for comparison in broken:
        assert comparison.fidelity is not None
        narrator.warn(f"{comparison.arm}: broken claim: {comparison.fidelity.broken}")
    silent = unanswered(finished.results)
    for line in silent:
        narrator.warn(line)
    return ExitCode.INCOMPLETE if broken or silent else ExitCode.DONE


def _write_page(finished: Finished) -> pathlib.Path:
    from argus_eval.cli.report import report_input
    from argus_eval.report import write_report

    page = finished.run.report_path
    if not (finished.already and page.exists()):
        write_report(page, [report_input(finished.run, finished.results, finished.plan)])
    return page
