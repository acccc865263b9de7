"""SIGTERM unwinds a command as Ctrl-C does, once, and only where nobody else has a say in it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from argus_eval.cli import main
from argus_eval.cli.termination import Terminated, unwinding

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGTERM there is no signal")


def send_to_myself() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def test_the_first_one_unwinds_and_what_follows_lets_it_be() -> None:
    with unwinding():
        with pytest.raises(Terminated):
            send_to_myself()
        # `timeout` and service managers send it to the process and then to its group.
        send_to_myself()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_the_command_ends_like_one_that_the_signal_ended(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def terminated(_: object) -> int:
        send_to_myself()
        raise AssertionError("the signal was not obeyed")

    monkeypatch.setattr("argus_eval.cli.app.run_command", terminated)
    assert main(["list"]) == 128 + signal.SIGTERM
    assert capsys.readouterr().err == "argus-eval: terminated; the same command goes on where it stopped\n"


def test_other_peoples_handlers_stay() -> None:
    seen: list[int] = []

    def handler(number: int, _: object) -> None:
        seen.append(number)

    before = signal.signal(signal.SIGTERM, handler)
    try:
        with unwinding():
            send_to_myself()
        assert seen == [signal.SIGTERM]
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        with unwinding():
            send_to_myself()
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_thread_has_no_handlers_to_set() -> None:
    ended: list[bool] = []

    def block() -> None:
        with unwinding():
            ended.append(True)

    thread = threading.Thread(target=block)
    thread.start()
    thread.join(5)
    assert ended == [True]


def test_a_forked_helper_is_ended_outright() -> None:
    """It would otherwise unwind, and stop servers that are not its own."""
    code = """
import os, signal
from argus_eval.cli.termination import unwinding
with unwinding():
    helper = os.fork()
    if helper == 0:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            os._exit(7)
    _, status = os.waitpid(helper, 0)
print(os.waitstatus_to_exitcode(status))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == str(-signal.SIGTERM), done.stderr
