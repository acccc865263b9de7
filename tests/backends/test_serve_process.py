"""No server is left running, however we end."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator

import psutil
import pytest

from argus_eval.backends.serve.process import ServerProcess
from argus_eval.backends.serve.readiness import wait_until_ready
from argus_eval.errors import EnvironmentError_

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="adopting orphans is a Linux facility")

# It and its helper ignore every signal that can be ignored, and the helper has left the session.
DEFIANT = textwrap.dedent(
    """
    import os, pathlib, signal, sys, time
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    folder = pathlib.Path(sys.argv[1])
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            (folder / "orphan").write_text(str(os.getpid()))
            time.sleep(120)
        os._exit(0)
    (folder / "server").write_text(str(os.getpid()))
    time.sleep(120)
    """
)
OBEDIENT = DEFIANT.replace("signal.SIG_IGN", "signal.SIG_DFL")


def wait_for(*files: pathlib.Path) -> list[int]:
    deadline = time.monotonic() + 10
    while not all(file.exists() and file.read_text() for file in files):
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.02)
    return [int(file.read_text()) for file in files]


def gone(pids: list[int], within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" for pid in pids):
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def started(tmp_path: pathlib.Path) -> Iterator[tuple[ServerProcess, list[int]]]:
    command = [sys.executable, "-c", OBEDIENT, str(tmp_path)]
    process = ServerProcess(command, dict(os.environ), tmp_path / "log")
    yield process, wait_for(tmp_path / "server", tmp_path / "orphan")
    process.close()


def test_closing_ends_everything(started: tuple[ServerProcess, list[int]]) -> None:
    process, pids = started
    process.close()
    assert gone([*pids, process.pid], 1)


def test_the_end_of_the_server_ends_its_helpers(started: tuple[ServerProcess, list[int]]) -> None:
    process, (server, orphan) = started
    os.kill(server, signal.SIGKILL)
    assert gone([server, orphan, process.pid], 5)
    assert process.exit_code() == 256 - 9


def test_killing_the_warden_itself_ends_the_server(started: tuple[ServerProcess, list[int]]) -> None:
    process, (server, orphan) = started
    os.kill(process.pid, signal.SIGKILL)
    assert gone([server], 5)
    os.kill(orphan, signal.SIGKILL)  # only the warden could have found it


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_whatever_ends_us_ends_the_server(tmp_path: pathlib.Path, number: signal.Signals) -> None:
    """The process that started the server is ended; nobody closes anything."""
    code = textwrap.dedent(
        f"""
        import os, pathlib, signal, sys, time
        from argus_eval.backends.serve.process import ServerProcess
        # A shell starts background jobs with SIGINT ignored, and children inherit that.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        folder = pathlib.Path(sys.argv[1])
        command = [sys.executable, "-c", {OBEDIENT!r}, str(folder)]
        process = ServerProcess(command, dict(os.environ), folder / "log")
        (folder / "warden").write_text(str(process.pid))
        time.sleep(120)
        """
    )
    ours = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stderr=subprocess.DEVNULL)
    pids = wait_for(*(tmp_path / name for name in ("server", "orphan", "warden")))
    ours.send_signal(number)
    ours.wait(5)
    assert gone(pids, 5)


def test_a_server_that_ignores_requests_to_end_is_killed(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = pathlib.Path(__file__).parents[2] / "argus_eval/backends/serve/warden.py"
    impatient = tmp_path / "warden.py"
    impatient.write_text(source.read_text().replace("_GRACE_S = 10.0", "_GRACE_S = 0.5"))
    monkeypatch.setattr("argus_eval.backends.serve.warden.__file__", str(impatient))
    process = ServerProcess([sys.executable, "-c", DEFIANT, str(tmp_path)], dict(os.environ), tmp_path / "log")
    pids = wait_for(tmp_path / "server", tmp_path / "orphan")
    process.close()
    assert gone([*pids, process.pid], 1)


def test_a_server_that_ends_before_it_is_ready_says_why(tmp_path: pathlib.Path) -> None:
    code = "import sys; print('loading'); sys.exit('ValueError: no such checkpoint')"
    process = ServerProcess([sys.executable, "-c", code], dict(os.environ), tmp_path / "log")
    with pytest.raises(EnvironmentError_, match=r"vLLM x: ended with code 1 .*no such checkpoint \(log: "):
        wait_until_ready(process, "http://127.0.0.1:9/health", limit_s=20, what="vLLM x", tell=lambda _: None)
    process.close()


def test_a_program_that_does_not_exist_says_so(tmp_path: pathlib.Path) -> None:
    process = ServerProcess(["/nowhere/python"], dict(os.environ), tmp_path / "log")
    with pytest.raises(EnvironmentError_, match="No such file"):
        wait_until_ready(process, "http://127.0.0.1:9/health", limit_s=20, what="vLLM x", tell=lambda _: None)
    process.close()


def test_a_server_that_never_gets_ready_is_given_up(tmp_path: pathlib.Path) -> None:
    told: list[str] = []
    command = ["/bin/sh", "-c", "echo 'INFO 11-22 22:01:44 [loader.py:1] reading'; sleep 60"]
    process = ServerProcess(command, dict(os.environ), tmp_path / "log")
    while not process.last_words():  # its limit is not for the time that a busy machine takes to start it
        time.sleep(0.05)
    with pytest.raises(EnvironmentError_, match=r"not ready after 1 s; reading"):
        wait_until_ready(process, "http://127.0.0.1:9/health", limit_s=1, what="vLLM x", tell=told.append)
    process.close()


def test_progress_is_what_the_server_says_on_purpose(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("argus_eval.backends.serve.readiness._TELL_S", 0.0)
    monkeypatch.setattr("argus_eval.backends.serve.readiness._LOOK_S", 0.01)
    told: list[str] = []
    lines = (
        "(EngineCore pid=7) INFO 11-22 22:01:44 [loader.py:1] Loading weights",
        "W1128 07:58:50.927000 24058 torch/utils/cpp_extension.py:178] No CUDA runtime is found",
        "  wrapper = lookup(vars(value).get(kernel))",
    )
    words = "; ".join(f"echo '{line}'" for line in lines)
    process = ServerProcess(["/bin/sh", "-c", f"sleep 0.3; {words}; sleep 60"], dict(os.environ), tmp_path / "log")
    with pytest.raises(EnvironmentError_, match="not ready after 3 s"):
        wait_until_ready(process, "http://127.0.0.1:9/health", limit_s=3, what="vLLM x", tell=told.append)
    process.close()
    assert f"no output yet (log: {tmp_path / 'log'})" in told[0]
    assert told[-1].endswith(": Loading weights")
