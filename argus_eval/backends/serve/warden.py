"""Runs a command and ends it, with everything it started, when the process that asked for it is gone.

    python warden.py COMMAND…

Started with a pipe as standard input. The command is ended when the pipe closes, which the kernel does for a
parent that crashes or is killed, or when this process gets SIGTERM. It adopts orphaned grandchildren, so a process
that left its group or session is found as well. Uses nothing outside the standard library and imports nothing of
this package: it is run as a file.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pathlib
import select
import signal
import sys
import time
from collections.abc import Iterator

_SET_PARENT_DEATH_SIGNAL, _SET_CHILD_SUBREAPER = 1, 36
_GRACE_S = 10.0
_LOOK_S = 1.0


def main(command: list[str]) -> int:
    """Run ``command``; its exit status, or 128 + signal."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    waking, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    _prctl(_SET_CHILD_SUBREAPER, 1)
    parent = os.getppid()
    child = _spawn(command)
    status = None
    while status is None and not asked and os.getppid() == parent:
        ready, _, _ = select.select([0, waking], [], [], _LOOK_S)
        if waking in ready:
            os.read(waking, 4096)
        if 0 in ready and not os.read(0, 1):
            break
        status = _reap(child)
    last = _end_all(child)
    found = status if status is not None else last
    return 0 if found is None else os.waitstatus_to_exitcode(found) % 256


def _spawn(command: list[str]) -> int:
    """Start ``command`` in a session of its own; it dies with us even if we are killed outright."""
    me = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        _prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() != me:
            os._exit(1)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.execvp(command[0], command)  # noqa: S606 - the command is our caller's
    except OSError as problem:
        os.write(2, f"{command[0]}: {problem}\n".encode())
    os._exit(127)


def _prctl(option: int, value: int) -> None:
    """Linux only; elsewhere the pipe alone has to do."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def _reap(child: int) -> int | None:
    """Collect everything that has ended; the status of ``child`` if it is among it."""
    status = None
    while True:
        try:
            pid, found = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return status
        if pid == 0:
            return status
        if pid == child:
            status = found


def _end_all(child: int) -> int | None:
    """Ask politely, wait, then kill until nothing is left; the status of ``child`` if it ended now."""
    status = None
    for number, patience_s in ((signal.SIGTERM, _GRACE_S), (signal.SIGKILL, _GRACE_S)):
        deadline = time.monotonic() + patience_s
        for pid in list(_descendants()) or [child]:
            _send(pid, number)
        while time.monotonic() < deadline:
            found = _reap(child)
            status = found if found is not None else status
            left = list(_descendants())
            if not left:
                return status
            if number == signal.SIGKILL:
                for pid in left:
                    _send(pid, number)
            time.sleep(0.05)
    return status


def _send(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _descendants() -> Iterator[int]:
    """Every process below this one, by parent, whatever its group or session."""
    parents = dict(_parents())
    me = os.getpid()
    for pid in parents:
        above = parents.get(pid)
        while above is not None and above != me and above > 1:
            above = parents.get(above)
        if above == me and pid != me:
            yield pid


def _parents() -> Iterator[tuple[int, int]]:
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text()
        except OSError:
            continue
        # The name in parentheses may hold spaces and parentheses of its own.
        yield int(path.parent.name), int(text.rpartition(")")[2].split()[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
