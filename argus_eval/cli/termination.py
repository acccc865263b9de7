"""SIGTERM, which schedulers, service managers and ``timeout`` send: the command unwinds as it does for Ctrl-C.

Python's own answer is to be gone at once, with servers left to those who watch over them and nothing said.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Terminated", "unwinding"]


class Terminated(KeyboardInterrupt):
    """SIGTERM came. Whoever lets Ctrl-C through lets it through."""


@contextmanager
def unwinding() -> Iterator[None]:
    """A block in which the first SIGTERM raises :class:`Terminated` and later ones disturb nobody.

    Where the signal is ignored, or handled by a program that we are part of, that stays as it is; so it does
    outside the main thread, where Python sets no handlers.
    """
    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _unwind_process(os.getpid()))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _unwind_process(owner: int) -> signal._HANDLER:
    def unwind(number: int, _: object) -> None:
        if os.getpid() != owner:
            # A forked helper: what would be unwound is its parent's.
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        # `timeout` sends it to us and then to our group; stopping servers must not be interrupted half way.
        signal.signal(number, signal.SIG_IGN)
        raise Terminated

    return unwind
