"""A server process: started, looked after, and gone when it is no longer needed."""

from __future__ import annotations

import os
import pathlib
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence

from argus_eval.backends.serve import warden
from argus_eval.errors import EnvironmentError_

__all__ = ["ServerProcess", "free_port"]

_ENDING_S = 30.0


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens on."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class ServerProcess:
    """A command under a warden, which ends it if this process ends in any way.

    Args:
        command: what to run.
        environment: its whole environment.
        log: file that its output is added to.

    Raises:
        EnvironmentError_: it cannot be started.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: pathlib.Path) -> None:
        self.command, self.log = tuple(command), log
        try:
            with log.open("ab") as output:
                self._log_start = output.tell()
                self._warden = subprocess.Popen(  # noqa: S603 - the command is built from checked parts
                    [sys.executable, "-I", "-S", warden.__file__, *command],
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=dict(environment),
                    start_new_session=True,
                )
        except OSError as problem:
            raise EnvironmentError_(f"{command[0]}: cannot be started: {problem.strerror or problem}") from problem

    @property
    def pid(self) -> int:
        """Of the warden; everything else is below it."""
        return self._warden.pid

    def exit_code(self) -> int | None:
        """How it ended; ``None`` while it runs."""
        return self._warden.poll()

    def ended(self, within_s: float) -> bool:
        """Whether it has ended, or does within a moment: a connection breaks before the process is gone."""
        try:
            self._warden.wait(within_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def last_words(self, lines: int = 12) -> list[str]:
        """The end of its output since it was started."""
        with self.log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(self._log_start, file.tell() - 64 * 1024))
            text = file.read().decode("utf-8", "replace")
        return [line.rstrip() for line in text.splitlines() if line.strip()][-lines:]

    def close(self) -> None:
        """End it and wait until it has ended."""
        if self._warden.stdin is not None and not self._warden.stdin.closed:
            self._warden.stdin.close()
        try:
            self._warden.wait(_ENDING_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._warden.pid, signal.SIGKILL)
            self._warden.wait()
