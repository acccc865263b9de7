"""``argus-eval baseline``: keep an arm's scores in a small file that is committed."""

from __future__ import annotations

import argparse
import pathlib
import sys

from argus_eval.cli.folders import add_baselines_folder, add_runs_folder

__all__ = ["add_arguments", "main"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do with which baseline."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    save = actions.add_parser("save", help="write an arm's scores to FOLDER/NAME.baseline.json")
    save.add_argument("name", metavar="NAME")
    save.add_argument("run", metavar="RUN", help="path or id of a run")
    save.add_argument("--arm", help="which arm (default: the baseline)")
    add_runs_folder(save)
    listing = actions.add_parser("list", help="the stored baselines of a folder")
    show = actions.add_parser("show", help="what a stored baseline holds")
    show.add_argument("name", metavar="NAME|FILE")
    for action in (save, listing, show):
        add_baselines_folder(action)


def main(arguments: argparse.Namespace) -> int:
    """Save, list or show."""
    match arguments.action:
        case "save":
            return _save(arguments)
        case "list":
            return _list(arguments.dir)
        case _:
            return _show(arguments.name, arguments.dir)


def _save(arguments: argparse.Namespace) -> int:
    from argus_eval.errors import UsageError
    from argus_eval.gate.read_run import find_arm, read_run
    from argus_eval.gate.stored import save_baseline
    from argus_eval.store import RunDirectory

    run = read_run(RunDirectory.find(arguments.run, arguments.runs_dir))
    if not run.results.complete:
        raise UsageError(f"{run.run_id}: the run is not finished; the command that began it finishes it")
    candidates = [arm for arm in run.arms if arm.role == "baseline"]
    if arguments.arm is None and len(candidates) != 1:
        raise UsageError(f"{run.run_id}: {len(candidates)} baseline arms; choose one with --arm")
    arm = find_arm(run.arms, arguments.arm, "--arm") if arguments.arm else candidates[0]
    path, stored = save_baseline(arguments.name, arm, arguments.dir)
    for task, reason in stored.left_out.items():
        print(f"argus-eval: {task} is not stored: {reason}", file=sys.stderr)  # noqa: T201
    print(path)  # noqa: T201 - this is the command line
    return 0


def _list(folder: pathlib.Path) -> int:
    from argus_eval.gate.stored import SUFFIX, read_baseline

    paths = sorted(folder.glob(f"*{SUFFIX}"))
    if not paths:
        there = f"no *{SUFFIX} in it" if folder.is_dir() else "no such folder"
        print(f"{folder}: {there}; `argus-eval baseline save NAME RUN` writes one", file=sys.stderr)  # noqa: T201
    for path in paths:
        stored = read_baseline(path)
        tasks = ", ".join(f"{task.task} ({task.n})" for task in stored.tasks)
        print(f"{stored.name}  {stored.arm}  {tasks}")  # noqa: T201
    return 0


def _show(name: str, folder: pathlib.Path) -> int:
    from argus_eval.errors import UsageError
    from argus_eval.gate.stored import find_baseline, read_baseline

    path = find_baseline(name, folder)
    if path is None:
        raise UsageError(f"stored baseline {name!r} not found: no such file, and none of that name in {folder}")
    stored = read_baseline(path)
    print(f"{stored.name}: {stored.arm}, weights {stored.weights}, from run {stored.run_id}")  # noqa: T201
    for task in stored.tasks:
        value = "–" if task.value is None else f"{task.value:.4f}"
        print(f"  {task.task} {task.metric} {value}, n = {task.n}, data {task.fingerprint[:19]}")  # noqa: T201
    for display, reason in stored.left_out.items():
        print(f"  {display} is not stored: {reason}")  # noqa: T201
    return 0
