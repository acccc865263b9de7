"""One server: its connections, what it refuses, and how it is asked."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from argus_eval.backends.openai.address import Address, Secret
from argus_eval.backends.openai.exchange import Exchange, Patience, exchange
from argus_eval.backends.openai.failures import Failure, RequestFailed, ServerGone
from argus_eval.backends.openai.loop import LoopThread
from argus_eval.backends.openai.payload import BodyOptions, Extra, Purpose, refused_extras, request_body
from argus_eval.backends.openai.retrying import Sleep, with_retries
from argus_eval.core.request import Request
from argus_eval.errors import SampleError, UsageError

__all__ = ["Answered", "ServerClient", "patience_from_environment"]

#: Streams at a time; beyond it the client itself would be what is measured.
MOST_STREAMS = 64
_CUT_OFF = (Failure.UNREACHABLE, Failure.DISCONNECTED, Failure.TRUNCATED)
_PATIENCE_VARIABLE = "ARGUS_EVAL_SERVER_TIMEOUT_S"


def patience_from_environment() -> Patience:
    """The default patience, or what ``ARGUS_EVAL_SERVER_TIMEOUT_S`` says about silence; three times that in all.

    Raises:
        UsageError: it is no positive number.
    """
    text = os.environ.get(_PATIENCE_VARIABLE)
    if not text:
        return Patience()
    try:
        silence_s = float(text)
    except ValueError:
        silence_s = 0.0
    if not 0 < silence_s < float("inf"):
        raise UsageError(f"{_PATIENCE_VARIABLE}={text!r}: expected seconds, such as 120")
    return Patience(connect_s=min(10.0, silence_s), silence_s=silence_s, whole_s=3 * silence_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A finished exchange and how many tries it took; only a first try may count as a time."""

    exchange: Exchange
    tries: int


class ServerClient:
    """Asks one server; every method may be called from any thread but not from two at once.

    Args:
        address: model and place.
        secret: the key.
        keep_special_tokens: ask for the tokens a box dialect is written in.
        patience: time limits.
        sleep: how retries wait.
        ended: whether the server is known to have ended; ``None`` where nobody can tell.
    """

    def __init__(
        self,
        address: Address,
        secret: Secret,
        *,
        keep_special_tokens: bool = False,
        patience: Patience | None = None,
        sleep: Sleep = asyncio.sleep,
        ended: Callable[[], bool] | None = None,
    ) -> None:
        self.address, self._secret, self._sleep, self._ended = address, secret, sleep, ended
        self._keep_special_tokens = keep_special_tokens
        self._patience = patience or Patience()
        self._refused: set[Extra] = set()
        self.loop = LoopThread()
        self._http = httpx.AsyncClient(
            headers=secret.header(),
            follow_redirects=False,
            limits=httpx.Limits(max_connections=MOST_STREAMS, max_keepalive_connections=MOST_STREAMS),
            trust_env=not address.on_this_machine,
        )

    @property
    def refused(self) -> frozenset[Extra]:
        """Extras that this server has refused so far."""
        return frozenset(self._refused)

    def answer(self, requests: Sequence[Request], *, streams: int) -> list[Answered | SampleError]:
        """Ask all of ``requests``, ``streams`` at a time, each as often as its failures deserve.

        Raises:
            ServerGone: no connection can be opened any more.
        """
        return self.loop.run(self._answer_all(requests, streams))

    async def _answer_all(self, requests: Sequence[Request], streams: int) -> list[Answered | SampleError]:
        gate = asyncio.Semaphore(min(streams, MOST_STREAMS))

        async def one(request: Request) -> Answered | SampleError:
            async with gate:
                try:
                    found, tries = await with_retries(
                        lambda: self.once(request, Purpose.ANSWER, adapt=True),
                        key=request.key,
                        where=self.address.root,
                        sleep=self._sleep,
                    )
                except RequestFailed as problem:
                    return problem
                return Answered(exchange=found, tries=tries)

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(request)) for request in requests]
        except ExceptionGroup as problems:
            raise problems.exceptions[0] from None
        return [task.result() for task in tasks]

    def time(self, request: Request, image_names: tuple[str, ...] = ()) -> Exchange:
        """Ask once, for the clock.

        Raises:
            RequestFailed: it failed; it is not tried again.
        """
        return self.loop.run(self.once(request, Purpose.TIME, image_names))

    async def once(
        self, request: Request, purpose: Purpose, image_names: tuple[str, ...] = (), *, adapt: bool = False
    ) -> Exchange:
        """One exchange. With ``adapt``, a refused extra is left out and the request put again at once.

        Raises:
            RequestFailed: it failed. An extra it was refused for is left out from the next request on.
            ServerGone: the server has ended; asking again is no use.
        """
        while True:
            options = BodyOptions(
                model=self.address.model,
                without=self.refused,
                keep_special_tokens=self._keep_special_tokens,
                image_names=image_names,
            )
            body = request_body(request, options, purpose)
            try:
                return await exchange(
                    self._http, f"{self.address.base}/chat/completions", body, patience=self._patience
                )
            except RequestFailed as problem:
                named = refused_extras(problem.status, problem.said, body) - self._refused
                self._refused |= named
                if problem.kind in _CUT_OFF and self._ended is not None and self._ended():
                    raise ServerGone(f"{self.address.root}: {problem}") from problem
                if not (adapt and named):
                    raise self._without_key(problem) from None

    def _without_key(self, problem: RequestFailed) -> RequestFailed:
        hidden = self._secret.hide_in(str(problem))
        return RequestFailed(
            problem.kind,
            hidden,
            status=problem.status,
            retry_after_s=problem.retry_after_s,
            said=self._secret.hide_in(problem.said),
        )

    def get(self, path: str) -> Any:
        """JSON at ``path`` under the root, or ``None`` where there is none."""
        return self.loop.run(self.fetch("GET", path))[1]

    def post(self, path: str) -> int | None:
        """The status of an empty POST to ``path`` under the root; ``None`` where the server cannot be reached."""
        return self.loop.run(self.fetch("POST", path))[0]

    def text(self, path: str) -> str | None:
        """Text at ``path`` under the root, or ``None`` where there is none."""

        async def read() -> str | None:
            try:
                response = await self._http.get(self.address.root + path, timeout=30.0)
            except httpx.TransportError:
                return None
            return response.text if response.status_code == 200 else None

        return self.loop.run(read())

    async def fetch(self, method: str, path: str) -> tuple[int | None, Any]:
        """Status and JSON of a side request, which is never timed."""
        try:
            response = await self._http.request(method, self.address.root + path, timeout=30.0)
            return response.status_code, response.json() if response.content else None
        except httpx.TransportError:
            return None, None
        except ValueError:
            return response.status_code, None

    def close(self) -> None:
        """Close every connection."""
        self.loop.run(self._http.aclose())
        self.loop.close()
