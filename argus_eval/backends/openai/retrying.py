"""Trying again, outside of measurement only: a retried request is never a latency sample."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from argus_eval.backends.openai.failures import Failure, RequestFailed, ServerGone

__all__ = ["Sleep", "with_retries"]

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]

_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 30.0


async def with_retries(
    attempt: Callable[[], Awaitable[T]], *, key: str, where: str, sleep: Sleep = asyncio.sleep
) -> tuple[T, int]:
    """Run ``attempt`` until it succeeds or has failed as often as its failure deserves.

    Waits double from half a second, shortened at random by up to a half; a server's own ``Retry-After`` is obeyed.

    Args:
        attempt: one try.
        key: seeds the randomness, so that a run repeats itself.
        where: the server, for the message.
        sleep: how to wait.

    Returns:
        What the last try gave, and how many tries there were.

    Raises:
        RequestFailed: the last failure.
        ServerGone: no connection could be opened, again and again.
    """
    rng = random.Random(key)  # noqa: S311 - spreads retries, guards nothing
    tries = 0
    while True:
        tries += 1
        try:
            return await attempt(), tries
        except RequestFailed as problem:
            if tries >= problem.most_attempts:
                if problem.kind is Failure.UNREACHABLE:
                    raise ServerGone(
                        f"{where}: {problem}; start the server again, and the same command goes on from here"
                    ) from problem
                raise
            wait_s = min(_FIRST_WAIT_S * 2 ** (tries - 1), _LONGEST_WAIT_S) * rng.uniform(0.5, 1.0)
            await sleep(wait_s if problem.retry_after_s is None else problem.retry_after_s)
