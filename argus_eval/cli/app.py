"""The commands, one module each; this module only lists them and parses their flags."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Sequence
from typing import Protocol, cast

import argus_eval
from argus_eval.cli.parser import FlagParser
from argus_eval.errors import ExitCode

__all__ = ["COMMANDS", "Command", "run_command"]

#: Command → (module, one line about it). A module is imported when its command is called.
COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("argus_eval.cli.run", "evaluate models on tasks: accuracy, latency, report"),
    "score": ("argus_eval.cli.score", "score a file of predictions against a file of annotations"),
    "profile": ("argus_eval.cli.profile", "where a model's time goes, stage by stage and arm by arm"),
    "train": ("argus_eval.cli.train", "train an ArgusVLM on synthetic scenes"),
    "compare": ("argus_eval.cli.compare", "two arms or two runs side by side, joined on the sample"),
    "check": ("argus_eval.cli.check", "decide by a policy whether a run may pass: the gate for CI"),
    "baseline": ("argus_eval.cli.baseline", "keep an arm's scores in a small file, to compare later runs with"),
    "report": ("argus_eval.cli.report", "write one HTML report over one or several runs"),
    "noise": ("argus_eval.cli.noise", "how small a difference this machine can show in a given budget"),
    "recompute": ("argus_eval.cli.recompute", "make every number of a finished run again from its records"),
    "leaderboard": ("argus_eval.cli.leaderboard", "static pages over many runs"),
    "verify": ("argus_eval.cli.verify", "hold a model's scores against the published ones"),
    "import": ("argus_eval.cli.importing", "turn another tool's log into a run"),
    "list": ("argus_eval.cli.listing", "list models, tasks, recipes, metrics or dialects"),
    "doctor": ("argus_eval.cli.doctor", "what works on this machine, and why not"),
}


class Command(Protocol):
    """A module with one command."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare its flags."""
        ...

    def main(self, arguments: argparse.Namespace) -> int:
        """Do it; the exit code."""
        ...


def run_command(arguments: Sequence[str]) -> int:
    """Parse and run one command line, the program's name not included.

    Raises:
        SystemExit: help was asked for (0), or the flags are wrong (2).
    """
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_overview(), end="")  # noqa: T201 - this is the command line
        return ExitCode.DONE if arguments else ExitCode.USAGE
    if arguments[0] == "--version":
        print(f"argus-eval {argus_eval.__version__}")  # noqa: T201
        return ExitCode.DONE
    name = arguments[0]
    if name not in COMMANDS:
        from argus_eval.errors import UnknownNameError

        raise UnknownNameError("command", name, COMMANDS)
    address, about = COMMANDS[name]
    command = cast(Command, importlib.import_module(address))
    parser = FlagParser(
        prog=f"argus-eval {name}",
        description=f"{about[0].upper()}{about[1:]}.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_arguments(parser)
    return command.main(parser.parse_args(arguments[1:]))


def _overview() -> str:
    width = max(map(len, COMMANDS))
    lines = "\n".join(f"  {name.ljust(width)}  {about}" for name, (_, about) in COMMANDS.items())
    return f"""usage: argus-eval COMMAND …   or   argus-eval --model M --tasks T …

Accuracy and measured efficiency of compact vision-language models, in one report.

{lines}

  argus-eval --model argus-2b --tasks refcoco,textvqa            is short for argus-eval run …
  argus-eval COMMAND --help                                      the flags of one command

  --version  print the version and leave
"""
