"""Waiting until a server answers, saying what it is at."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import httpx

from argus_eval.backends.serve.process import ServerProcess
from argus_eval.errors import EnvironmentError_

__all__ = ["likely_reason", "wait_until_ready"]

_LOOK_S, _TELL_S = 0.5, 15.0
#: What vLLM, SGLang and most loggers put before the words.
_PREFIX = re.compile(
    r"^(\([^)]*pid=\d+\)\s*)*(\[[^\]]*\]\s*)?((INFO|WARNING|ERROR|DEBUG)[: ]+)?([\d: .-]+)?(\[[^\]]*\])?\s*"
)

_INFORMS = re.compile(r"^(\([^)]*pid=\d+\)\s*)*(\[[^\]]*\]\s*)?INFO\b")


def wait_until_ready(
    process: ServerProcess, health: str, *, limit_s: float, what: str, tell: Callable[[str], None]
) -> float:
    """Wait until ``health`` answers 200.

    Args:
        process: the server.
        health: URL to ask.
        limit_s: how long at most.
        what: the server, for messages.
        tell: takes a line of progress now and then.

    Returns:
        Seconds it took.

    Raises:
        EnvironmentError_: it ended, or did not get ready in time.
    """
    start = told = time.monotonic()
    with httpx.Client(trust_env=False, timeout=5.0) as client:
        while True:
            code = process.exit_code()
            if code is not None:
                raise EnvironmentError_(
                    f"{what}: ended with code {code} before it was ready; {likely_reason(process)}"
                )
            if _answers(client, health):
                return time.monotonic() - start
            now = time.monotonic()
            if now - start > limit_s:
                raise EnvironmentError_(f"{what}: not ready after {limit_s:.0f} s; {likely_reason(process)}")
            if now - told >= _TELL_S:
                told = now
                tell(f"{what}: starting, {now - start:.0f} s: {_at_work(process)}")
            time.sleep(_LOOK_S)


def _answers(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(url).status_code == 200
    except httpx.TransportError:
        return False


def _at_work(process: ServerProcess) -> str:
    """The last line that was written to inform, rather than a warning with its line of source; else the last."""
    lines = process.last_words(40)
    if not lines:
        return f"no output yet (log: {process.log})"
    told = [line for line in lines if _INFORMS.match(line)]
    return _PREFIX.sub("", (told or lines)[-1])[:100]


def likely_reason(process: ServerProcess) -> str:
    """The line that most looks like a reason, and where the rest is."""
    lines = process.last_words(80)
    errors = [line for line in lines if re.search(r"\b\w*(Error|Exception)\b\s*:|^error:|: error:", line)]
    last = _PREFIX.sub("", (errors or lines or ["no output"])[-1])[:300]
    return f"{last} (log: {process.log})"
