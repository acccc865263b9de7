"""The parser of flags: what is wrong in one line, with the nearest flag, instead of a page of usage."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from argus_eval.errors import ExitCode, nearest

__all__ = ["FlagParser"]


class FlagParser(argparse.ArgumentParser):
    """Complains as every other error does: what happened, where, what to do; exit 2.

    A flag that does not exist is named before one that is missing, because it is usually the same one misspelt.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"allow_abbrev": False, **options})
        self._given: tuple[str, ...] = ()

    def parse_known_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """As in argparse; remembers the words for :meth:`error`."""
        self._given = tuple(sys.argv[1:] if args is None else args)
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """One line on standard error, then exit 2."""
        what = message.removeprefix("argument ")
        if message.startswith(("the following arguments are required", "unrecognized arguments")):
            what = self._misspelt() or message
        self.exit(ExitCode.USAGE, f"{self.prog}: {what}; see `{self.prog} --help`\n")

    def _misspelt(self) -> str:
        known = set(self._flags())
        for word in self._given:
            flag = word.partition("=")[0]
            if flag == "--":
                return ""
            if flag.startswith("--") and flag not in known:
                close = nearest(flag[2:], sorted(name[2:] for name in known if name.startswith("--")), most=1)
                return f"flag {flag!r} is unknown" + "".join(f"; did you mean --{name}?" for name in close)
        return ""

    def _flags(self) -> Iterator[str]:
        for action in self._actions:
            yield from action.option_strings
            if isinstance(action, argparse._SubParsersAction):
                for parser in action.choices.values():
                    yield from parser._flags()
