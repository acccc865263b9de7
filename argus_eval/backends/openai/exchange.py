"""One streamed request, from the first byte written to the last byte read, with a stamp for each.

Chunks are stamped when they arrive, before anything looks into them.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from argus_eval.backends.openai.deltas import Complaint, Delta, Usage, read_delta, said_by_server
from argus_eval.backends.openai.events import EventParser
from argus_eval.backends.openai.failures import Failure, RequestFailed
from argus_eval.measure.clock import Clock, monotonic_clock

__all__ = ["Exchange", "Patience", "exchange"]

#: A complaint longer than this is cut; an endless one is not read.
_MOST_COMPLAINT_BYTES = 64 * 1024
_MOST_STREAM_BYTES = 64 * 2**20
_LONGEST_RETRY_AFTER_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait, in seconds: for a connection, between two chunks, and for everything."""

    connect_s: float = 10.0
    silence_s: float = 300.0
    whole_s: float = 900.0


@dataclass(slots=True, kw_only=True)
class Exchange:
    """A finished exchange. Stamps are nanoseconds of one clock; ``None`` for what did not happen.

    Attributes:
        connecting, connected: around opening a connection, where one had to be opened.
        begun: just before the first byte of the request was written.
        sent: its last byte was written.
        answered: the first byte of the response's head was read.
        first_chunk: the first event of the stream, token or not.
        first_token, last_token: chunks that carried the first and the last generated token.
        first_tokens: tokens in the first of them, as far as known.
        prompt_token_ids: of the whole prompt, where the server gives them.
        stages_ns: what the server says it spent on the request.
    """

    begun: int
    sent: int | None = None
    connecting: int | None = None
    connected: int | None = None
    answered: int | None = None
    first_chunk: int | None = None
    first_token: int | None = None
    last_token: int | None = None
    first_tokens: int = 1
    finish: str | None = None
    usage: Usage | None = None
    texts: list[str] = field(default_factory=list)
    token_ids: list[int] = field(default_factory=list)
    prompt_token_ids: tuple[int, ...] = ()
    logprobs: list[float] = field(default_factory=list)
    token_texts: list[str] = field(default_factory=list)
    stages_ns: dict[str, int] = field(default_factory=dict)
    token_chunks: int = 0
    running: int | None = None
    done: bool = False

    def take(self, delta: Delta, arrived: int) -> None:
        """Add what one event said, which arrived at ``arrived``."""
        if self.first_chunk is None:
            self.first_chunk = arrived
        counted = self._count(delta)
        if delta.carries_token or counted:
            if self.first_token is None:
                self.first_token = arrived
                self.first_tokens = counted or len(delta.token_ids) or len(delta.logprobs) or 1
            self.last_token = arrived
            self.token_chunks += 1
        if delta.text:
            self.texts.append(delta.text)
        self.token_ids.extend(delta.token_ids)
        self.logprobs.extend(delta.logprobs)
        self.token_texts.extend(delta.token_texts)
        self.prompt_token_ids = delta.prompt_token_ids or self.prompt_token_ids
        self.stages_ns.update(delta.stages_ns)
        self.usage = delta.usage or self.usage
        if delta.finish is not None:
            self.finish = delta.finish
            # The end of an answer whose tokens have no visible text is the first sign of them.
            if self.first_token is None and delta.finish == "length":
                self.first_token = self.last_token = arrived

    def _count(self, delta: Delta) -> int:
        """Tokens that a running count says came with this event; 0 where the server keeps none.

        The closing count, which comes without an earlier one, tells nothing about its own event.
        """
        if delta.usage is None or delta.usage.completion_tokens is None:
            return 0
        before, self.running = self.running, delta.usage.completion_tokens
        return max(0, self.running - before) if before is not None else 0

    @property
    def output_tokens(self) -> int | None:
        """Generated tokens: the server's count, else the ids; ``None`` where there are neither."""
        if self.usage is not None and self.usage.completion_tokens is not None:
            return self.usage.completion_tokens
        return len(self.token_ids) or None


async def exchange(
    client: httpx.AsyncClient, url: str, body: bytes, *, patience: Patience, clock: Clock = monotonic_clock
) -> Exchange:
    """Send ``body`` once and read its stream to the end.

    Raises:
        RequestFailed: anything went wrong; nothing is tried again here.
    """
    seen = Exchange(begun=clock())

    async def trace(name: str, info: Mapping[str, Any]) -> None:
        now = clock()
        match name:
            case "connection.connect_tcp.started":
                seen.connecting = now
            case "connection.connect_tcp.complete" | "connection.start_tls.complete":
                seen.connected = now
            case "http11.send_request_headers.started":
                seen.begun = now
            case "http11.send_request_body.complete":
                seen.sent = now
            case "http11.receive_response_headers.complete":
                seen.answered = now

    request = client.build_request(
        "POST",
        url,
        content=body,
        headers={"Content-Type": "application/json", "Accept": "text/event-stream", "Accept-Encoding": "identity"},
        timeout=httpx.Timeout(patience.silence_s, connect=patience.connect_s, pool=None),
        extensions={"trace": trace},
    )
    try:
        async with asyncio.timeout(patience.whole_s):
            await _send(client, request, seen, clock)
    except TimeoutError as problem:
        raise RequestFailed(Failure.TIMEOUT, f"no end after {patience.whole_s:g} s") from problem
    except httpx.TimeoutException as problem:
        raise _too_slow(problem, patience) from problem
    except (httpx.ConnectError, httpx.UnsupportedProtocol) as problem:
        raise RequestFailed(Failure.UNREACHABLE, f"no connection: {problem}") from problem
    except httpx.TransportError as problem:
        what = f"the connection broke off: {problem or type(problem).__name__}"
        raise RequestFailed(Failure.DISCONNECTED, what) from problem
    return seen


def _too_slow(problem: httpx.TimeoutException, patience: Patience) -> RequestFailed:
    if isinstance(problem, httpx.ConnectTimeout):
        return RequestFailed(Failure.UNREACHABLE, f"no connection within {patience.connect_s:g} s")
    return RequestFailed(Failure.TIMEOUT, f"nothing came for {patience.silence_s:g} s")


async def _send(client: httpx.AsyncClient, request: httpx.Request, seen: Exchange, clock: Clock) -> None:
    response = await client.send(request, stream=True)
    try:
        await _check_head(response)
        await _read_stream(response, seen, clock)
    finally:
        await response.aclose()


async def _check_head(response: httpx.Response) -> None:
    """Refuse everything but a stream of events."""
    status = response.status_code
    if response.is_redirect:
        where = response.headers.get("location", "elsewhere")
        raise RequestFailed(
            Failure.REDIRECT, f"HTTP {status}: redirected to {where}; give that address instead", status=status
        )
    if status != 200:
        said = await _complaint(response)
        raise RequestFailed(
            Failure.STATUS,
            f"HTTP {status}: {said}",
            status=status,
            retry_after_s=_retry_after_s(response.headers),
            said=said,
        )
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "text/event-stream":
        raise RequestFailed(Failure.NOT_A_STREAM, f"expected text/event-stream, got {kind or 'no content type'}")


async def _read_stream(response: httpx.Response, seen: Exchange, clock: Clock) -> None:
    parser = EventParser()
    total = 0
    async for chunk in response.aiter_raw():
        arrived = clock()
        total += len(chunk)
        if total > _MOST_STREAM_BYTES:
            raise RequestFailed(Failure.MALFORMED, f"a stream of more than {_MOST_STREAM_BYTES:,} bytes")
        try:
            for event in parser.feed(chunk):
                if event.data.strip() == b"[DONE]":
                    seen.done = True
                elif event.data and not seen.done:
                    seen.take(read_delta(event.data), arrived)
        except Complaint as problem:
            raise RequestFailed(Failure.REPORTED, f"the server reports: {problem}", said=str(problem)) from problem
        except ValueError as problem:
            raise RequestFailed(Failure.MALFORMED, f"malformed stream: {problem}") from problem
    _check_end(seen)


def _check_end(seen: Exchange) -> None:
    """Some servers leave ``[DONE]`` out and some the reason; a stream with neither was cut off."""
    if not seen.done and seen.finish is None:
        raise RequestFailed(
            Failure.TRUNCATED, f"the stream broke off after {seen.token_chunks} chunks with tokens"
        )
    if seen.finish in ("abort", "error", "engine_error"):
        raise RequestFailed(Failure.REPORTED, f"the server ended the answer with {seen.finish!r}")


async def _complaint(response: httpx.Response) -> str:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > _MOST_COMPLAINT_BYTES:
            break
    try:
        return said_by_server(json.loads(body[:_MOST_COMPLAINT_BYTES]))
    except ValueError:
        return " ".join(body[:400].decode("utf-8", "replace").split()) or "no words"


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    """``Retry-After`` as seconds; an HTTP date counts from the response's own date."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = _until(text, headers.get("date", ""))
    return min(max(0.0, seconds), _LONGEST_RETRY_AFTER_S) if seconds == seconds else None


def _until(then: str, now: str) -> float:
    from email.utils import parsedate_to_datetime

    try:
        return (parsedate_to_datetime(then) - parsedate_to_datetime(now)).total_seconds()
    except (TypeError, ValueError):
        return float("nan")
