"""The command line. Everything heavy is imported by the command that needs it."""

from __future__ import annotations

import sys
import tempfile
import traceback
from collections.abc import Sequence

from argus_eval.errors import ArgusEvalError, ExitCode

__all__ = ["main"]

_TOP_LEVEL_FLAGS = ("--help", "-h", "--version")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is what CONTRACTS.md says."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    # `argus-eval --model M --tasks T` is `argus-eval run --model M --tasks T`.
    if arguments and arguments[0].startswith("-") and arguments[0] not in _TOP_LEVEL_FLAGS:
        arguments.insert(0, "run")
    from argus_eval.cli.termination import unwinding

    with unwinding():
        return _run(arguments)


def _run(arguments: list[str]) -> int:
    from argus_eval.cli.app import run_command
    from argus_eval.cli.stdout import lasting_stdout
    from argus_eval.cli.termination import Terminated

    try:
        with lasting_stdout():
            return int(run_command(arguments))
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else ExitCode.USAGE
    except ArgusEvalError as problem:
        _complain(str(problem))
        return problem.exit_code
    except Terminated:
        _complain("terminated; the same command goes on where it stopped")
        return ExitCode.TERMINATED
    except KeyboardInterrupt:
        _complain("interrupted; the same command goes on where it stopped")
        return ExitCode.INTERRUPTED
    except Exception as problem:  # noqa: BLE001 - the last resort: one line and a log instead of a traceback
        _complain(f"internal error: {type(problem).__name__}: {problem}; details in {_write_log()}")
        return ExitCode.INTERNAL


def _complain(message: str) -> None:
    print(f"argus-eval: {message}", file=sys.stderr)  # noqa: T201 - this is the command line


def _write_log() -> str:
    with tempfile.NamedTemporaryFile(
        "w", prefix="argus-eval-", suffix=".log", delete=False, encoding="utf-8"
    ) as file:
        file.write(f"argus-eval {' '.join(sys.argv[1:])}\n\n{traceback.format_exc()}")
        return file.name


if __name__ == "__main__":
    sys.exit(main())
