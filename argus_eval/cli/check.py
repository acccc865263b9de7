"""``argus-eval check``: a run under a policy; the exit code is the gate."""

from __future__ import annotations

import argparse
import pathlib
import sys
from typing import TYPE_CHECKING

from argus_eval.cli.folders import add_baselines_folder, add_runs_folder

if TYPE_CHECKING:
    from argus_eval.gate.outcome import CheckOutcome
    from argus_eval.gate.policy import Policy
    from argus_eval.gate.read_run import GateRun

__all__ = ["add_arguments", "main"]

SCHEMA = "argus-eval/check/1"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The run, what it is compared with, the policy, and where the outcome is written."""
    parser.epilog = "exit codes: 0 passed, 1 failed, 2 wrong command or policy, 3 inconclusive, 4 invalid"
    parser.add_argument("run", metavar="RUN", help="path or id of a run")
    parser.add_argument("--policy", type=pathlib.Path, metavar="FILE", help="YAML (default: docs/ci.md says it)")
    parser.add_argument(
        "--baseline",
        metavar="RUN|FILE|NAME",
        help="another run or a stored baseline (default: the run's own baseline)",
    )
    parser.add_argument("--arm", help="judge this arm only (default: every one)")
    parser.add_argument("--baseline-arm", metavar="ARM", help="compare with this arm (default: the baseline)")
    parser.add_argument("--inconclusive", choices=("fail", "warn"), help="default: as the policy says, else fail")
    parser.add_argument("--extend", action="store_true", help="allow the second look that the policy declares")
    parser.add_argument("--junit", metavar="FILE", type=pathlib.Path, help="write JUnit XML")
    parser.add_argument("--markdown", metavar="FILE", type=pathlib.Path, help="write Markdown tables")
    parser.add_argument("--json", metavar="PATH|-", help="write everything as JSON; - is standard output")
    add_baselines_folder(parser)
    add_runs_folder(parser)


def main(arguments: argparse.Namespace) -> int:
    """Judge, print, write; the exit code says what was decided."""
    import os

    from argus_eval.store import RunDirectory

    # A wrong name is told before anything large is loaded.
    directory = RunDirectory.find(arguments.run, arguments.runs_dir)

    from argus_eval.gate import github
    from argus_eval.gate.check import check_pairs
    from argus_eval.gate.read_run import read_run
    from argus_eval.gate.sources import open_source, pairs_of

    policy = _policy(arguments)
    run = read_run(directory)
    _check_names(policy, run)
    reference = open_source(arguments.baseline, arguments.runs_dir, arguments.dir) if arguments.baseline else None
    pairs = pairs_of(run, reference, arguments.baseline_arm, arguments.arm)
    outcome = check_pairs(pairs, policy, extend=arguments.extend)
    _write(arguments, outcome)
    if github.runs_there(os.environ):
        for line in github.annotation_lines(outcome):
            print(line, file=sys.stderr)  # noqa: T201 - the runner reads both streams
        github.append_summary(outcome, os.environ)
    return outcome.exit_code


def _policy(arguments: argparse.Namespace) -> Policy:
    from dataclasses import replace

    from argus_eval.gate.policy import DEFAULT_POLICY

    policy = DEFAULT_POLICY
    if arguments.policy is not None:
        from argus_eval.gate.policy_file import read_policy

        policy = read_policy(arguments.policy)
    return policy if arguments.inconclusive is None else replace(policy, inconclusive=arguments.inconclusive)


def _check_names(policy: Policy, run: GateRun) -> None:
    from argus_eval.gate.answers import without_mark
    from argus_eval.gate.policy import EVERYTHING

    named = any(
        tasks != EVERYTHING for tasks in (*(r.tasks for r in policy.accuracy), *(r.tasks for r in policy.flips))
    )
    if named or policy.validity.fingerprints:
        from argus_eval.gate.policy_file import check_task_names

        check_task_names(policy, [without_mark(task) for arm in run.arms for task in arm.tasks])


def _write(arguments: argparse.Namespace, outcome: CheckOutcome) -> None:
    import datetime

    from argus_eval.cli.output import write_json
    from argus_eval.core.codec import to_json
    from argus_eval.gate.junit import junit_xml
    from argus_eval.gate.markdown import check_markdown
    from argus_eval.gate.wording import headline
    from argus_eval.report.check_terminal import print_check

    if arguments.junit is not None:
        _write_text(arguments.junit, junit_xml(outcome, datetime.datetime.now(datetime.UTC)))
    if arguments.markdown is not None:
        _write_text(arguments.markdown, check_markdown(outcome))
    if arguments.json is not None:
        data = {
            "schema": SCHEMA,
            "verdict": outcome.verdict.published,
            "exit_code": int(outcome.exit_code),
            "summary": headline(outcome),
            **to_json(outcome),
        }
        for found, arm in zip(data["arms"], outcome.arms, strict=True):
            found["verdict"] = arm.verdict.published
        write_json(data, arguments.json)
    print_check(outcome, to_stderr=arguments.json == "-")


def _write_text(path: pathlib.Path, text: str) -> None:
    from argus_eval.errors import EnvironmentError_

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise EnvironmentError_(f"{path}: cannot be written: {problem.strerror or problem}") from problem
