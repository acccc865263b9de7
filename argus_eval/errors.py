"""Every error this package raises on purpose.

    ArgusEvalError                       base; carries the exit code of the command line
    ├── UsageError            exit 2     the command, the configuration or a task file is wrong
    │   ├── UnknownNameError             a name is not registered; carries the nearest ones
    │   └── IncompatibleError            a set of recipes, a model and a task that cannot go together
    ├── InconclusiveError     exit 3     the data do not decide the question that was asked
    ├── IncompleteError       exit 4     a run is unfinished or its claims are broken
    ├── EnvironmentError_     exit 5     disk, permission, download
    └── SampleError                      one sample failed; the executor records it and goes on

A message says what happened, where, and what to do, in one line.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from enum import IntEnum

__all__ = [
    "ExitCode",
    "ArgusEvalError",
    "UsageError",
    "UnknownNameError",
    "IncompatibleError",
    "InconclusiveError",
    "IncompleteError",
    "EnvironmentError_",
    "SampleError",
    "nearest",
]


#: What `argus-eval list` shows; names of any other kind are given in the message itself.
_LISTED = frozenset({"model", "task", "recipe", "metric", "dialect"})
_MOST_NAMED = 12


class ExitCode(IntEnum):
    """What the process returns; CONTRACTS: these numbers are read by other people's scripts."""

    DONE = 0  #: finished, or the gate passed
    GATE_FAILED = 1
    USAGE = 2  #: wrong flag, name, file or configuration
    INCONCLUSIVE = 3
    INCOMPLETE = 4  #: run unfinished or invalid: a broken L0 claim, a gate on accuracy not measured
    ENVIRONMENT = 5  #: disk, permission, download
    INTERNAL = 70  #: a bug in argus-eval; one line and the path of a log
    INTERRUPTED = 130  #: Ctrl-C; the run can be resumed
    TERMINATED = 143  #: SIGTERM, as a shell reports it; the run can be resumed


class ArgusEvalError(Exception):
    """Base of every error raised on purpose."""

    exit_code: ExitCode = ExitCode.INTERNAL


class UsageError(ArgusEvalError):
    """The command line, a configuration or a file the user wrote is wrong."""

    exit_code = ExitCode.USAGE


class UnknownNameError(UsageError):
    """A name that is not registered.

    Args:
        kind: what the name should have been, in the singular ("task", "model").
        name: what was given.
        known: every valid name.
        where: file and path in it, or the flag; empty when obvious.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], where: str = "") -> None:
        names = list(known)
        close = nearest(name, names)
        if close:
            hint = f"; did you mean {' or '.join(map(repr, close))}?"
        elif kind in _LISTED:
            hint = f"; see `argus-eval list {kind}s`"
        else:
            more = ", …" if len(names) > _MOST_NAMED else ""
            hint = f"; there is {', '.join(names[:_MOST_NAMED])}{more}"
        prefix = f"{where}: " if where else ""
        super().__init__(f"{prefix}{kind} {name!r} is unknown{hint}")
        self.kind, self.name, self.close = kind, name, close


class IncompatibleError(UsageError):
    """Parts that exist but cannot go together."""


class InconclusiveError(ArgusEvalError):
    """The data do not decide the question."""

    exit_code = ExitCode.INCONCLUSIVE


class IncompleteError(ArgusEvalError):
    """A run is unfinished, or what it claims does not hold."""

    exit_code = ExitCode.INCOMPLETE


class EnvironmentError_(ArgusEvalError):  # noqa: N801, N818 - the builtin EnvironmentError has the plain name
    """Disk, permission or download."""

    exit_code = ExitCode.ENVIRONMENT


class SampleError(ArgusEvalError):
    """One sample could not be processed; recorded with the sample, never fatal to a run."""


def nearest(name: str, known: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """Up to ``most`` known names that look like ``name``, best first.

    >>> nearest("refcco", ["refcoco", "textvqa"])
    ('refcoco',)
    """
    by_lower = {candidate.lower(): candidate for candidate in known}
    close = difflib.get_close_matches(name.lower(), by_lower, n=most, cutoff=0.6)
    return tuple(by_lower[candidate] for candidate in close)
