"""One server: its connections, what it refuses, and how it is asked."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import httpx

from argus_eval.backends.openai.address import Address, Secret
from argus_eval.backends.openai.exchange import Exchange, Patience, exchange
from argus_eval.backends.openai.failures import Failure, RequestFailed, ServerGone
from argus_eval.backends.openai.loop import LoopThread
from argus_eval.backends.openai.payload import BodyOptions, Extra, Purpose, refused_extras, request_body
from argus_eval.backends.openai.retrying import Sleep, with_retries
from argus_eval.core.request import Request
from argus_eval.errors import SampleError, UsageError
from argus_eval.measure.clock import monotonic_clock

__all__ = ["Answered", "ServerClient", "patience_from_environment"]

T = TypeVar("T")

#: Streams at a time; beyond it the client itself would be what is measured.
MOST_STREAMS = 64
#: No page that is read beside the answers comes near this.
_MOST_PAGE_BYTES = 8 * 2**20
_SIDE_REQUEST_S = 30.0
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
        ended: whether the server has ended, asked after a connection broke; may wait a while to be sure. ``None``
            where nobody can tell.
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

    def answer(
        self, requests: Sequence[Request], *, streams: int, image_names: Sequence[tuple[str, ...]] = ()
    ) -> list[Answered | SampleError]:
        """Ask all of ``requests``, ``streams`` at a time, each as often as its failures deserve.

        Args:
            requests: what to ask.
            streams: how many at a time.
            image_names: for each request, names of its images in place of content hashes; none where empty.

        Raises:
            ServerGone: no connection can be opened any more.
        """

        async def one(request: Request, names: tuple[str, ...]) -> Answered | SampleError:
            try:
                found, tries = await with_retries(
                    lambda: self.once(request, Purpose.ANSWER, names, adapt=True),
                    key=request.key,
                    where=self.address.root,
                    sleep=self._sleep,
                )
            except RequestFailed as problem:
                return problem
            return Answered(exchange=found, tries=tries)

        names = image_names or [()] * len(requests)
        return self.loop.run(
            _together([partial(one, *pair) for pair in zip(requests, names, strict=True)], streams)
        )

    def load(
        self, requests: Sequence[Request], image_names: Sequence[tuple[str, ...]], *, streams: int
    ) -> tuple[list[Exchange | RequestFailed], float]:
        """Keep ``streams`` requests under way until all have ended, and time the whole; nothing is tried again.

        Bodies are ready before the clock starts.

        Args:
            requests: what to ask.
            image_names: for each request, names of its images in place of content hashes; may be empty.
            streams: how many at a time.

        Returns:
            What came of each, in order, and the seconds from the first to the last.

        Raises:
            ServerGone: the server has ended.
        """

        async def one(body: bytes) -> Exchange | RequestFailed:
            try:
                return await self._put(body)
            except RequestFailed as problem:
                return problem

        bodies = [
            self._body(request, Purpose.LOAD, names) for request, names in zip(requests, image_names, strict=True)
        ]
        start = monotonic_clock()
        found = self.loop.run(_together([partial(one, body) for body in bodies], streams))
        return found, (monotonic_clock() - start) / 1e9

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
            known = self.refused
            try:
                return await self._put(self._body(request, purpose, image_names))
            except RequestFailed:
                if not (adapt and self.refused - known):
                    raise

    def _body(self, request: Request, purpose: Purpose, image_names: tuple[str, ...]) -> bytes:
        options = BodyOptions(
            model=self.address.model,
            without=self.refused,
            keep_special_tokens=self._keep_special_tokens,
            image_names=image_names,
        )
        return request_body(request, options, purpose)

    async def _put(self, body: bytes) -> Exchange:
        """One exchange.

        Raises:
            RequestFailed: it failed; an extra it was refused for is known from now on.
            ServerGone: the server has ended.
        """
        try:
            return await exchange(
                self._http, f"{self.address.base}/chat/completions", body, patience=self._patience
            )
        except RequestFailed as problem:
            self._refused |= refused_extras(problem.status, problem.said, body)
            # Asked in another thread: the answer may take a while, and other streams are under way.
            if problem.kind in _CUT_OFF and self._ended is not None and await asyncio.to_thread(self._ended):
                raise ServerGone(f"{self.address.root}: {problem}") from problem
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
        status, body = self.loop.run(self._page("GET", path))
        return body.decode("utf-8", "replace") if status == 200 else None

    async def fetch(self, method: str, path: str) -> tuple[int | None, Any]:
        """Status and JSON of a side request, which is never timed."""
        status, body = await self._page(method, path)
        try:
            return status, json.loads(body) if body else None
        except (ValueError, RecursionError):
            return status, None

    async def _page(self, method: str, path: str) -> tuple[int | None, bytes]:
        """Status and body of a side request; nothing where there is no answer, or no end to it.

        Some servers close a connection after an error without a word: the next request finds that out and is put
        once more.
        """
        try:
            return await self._page_once(method, path)
        except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
            pass
        except (httpx.TransportError, httpx.DecodingError, TimeoutError):
            return None, b""
        try:
            return await self._page_once(method, path)
        except (httpx.TransportError, httpx.DecodingError, TimeoutError):
            return None, b""

    async def _page_once(self, method: str, path: str) -> tuple[int | None, bytes]:
        body = bytearray()
        async with (
            asyncio.timeout(_SIDE_REQUEST_S),
            self._http.stream(method, self.address.root + path, timeout=_SIDE_REQUEST_S) as response,
        ):
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > _MOST_PAGE_BYTES:
                    return None, b""
            return response.status_code, bytes(body)

    def close(self) -> None:
        """Close every connection."""
        self.loop.run(self._http.aclose())
        self.loop.close()


async def _together(jobs: Sequence[Callable[[], Awaitable[T]]], streams: int) -> list[T]:
    """Results of all jobs in order, ``streams`` of them under way at a time; the first error of any ends all."""
    gate = asyncio.Semaphore(min(streams, MOST_STREAMS))

    async def one(job: Callable[[], Awaitable[T]]) -> T:
        async with gate:
            return await job()

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(job)) for job in jobs]
    except ExceptionGroup as problems:
        raise problems.exceptions[0] from None
    return [task.result() for task in tasks]
