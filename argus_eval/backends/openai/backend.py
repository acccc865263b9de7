"""A server as the engine sees it: a model that answers, and can be timed from outside."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from argus_eval.backends.openai.address import parse_address, secret_from_environment
from argus_eval.backends.openai.caches import (
    CacheAudit,
    Forgetting,
    Probe,
    ServerMemory,
    audit,
    counted_hits,
    find_forgetting,
)
from argus_eval.backends.openai.client import Answered, ServerClient, patience_from_environment
from argus_eval.backends.openai.exchange import Exchange
from argus_eval.backends.openai.failures import Failure, RequestFailed, ServerGone
from argus_eval.backends.openai.payload import Extra
from argus_eval.backends.protocol import ArmRunner, LoadedFacts, Question, WeightsKind
from argus_eval.core.request import Request
from argus_eval.core.response import Lengths, Response
from argus_eval.core.timing import Timing
from argus_eval.errors import SampleError

__all__ = ["Caches", "OpenAIBackend", "ServerRunner", "response_of", "timing_of"]

_SHARED_TWIN = "the A/A twin asks the same server process over a connection of its own"
_NO_HOST_WORK = "a server's host work cannot be seen from outside"


def timing_of(seen: Exchange) -> Timing:
    """Times of an exchange: t0 is the first byte written, the ends are chunks that carried tokens.

    Stages add up to the time to first token: ``send`` the request's bytes, ``wait`` until the response begins
    (most servers read and process the image in it), ``stream`` until the first token. ``connect`` precedes t0 and
    is there only where a connection had to be opened; ``decode`` is what follows the first token.
    """
    stages: dict[str, int] = {}
    if seen.connecting is not None and seen.connected is not None:
        stages["connect"] = seen.connected - seen.connecting
    if seen.sent is not None and seen.answered is not None:
        stages["send"] = seen.sent - seen.begun
        stages["wait"] = max(0, seen.answered - seen.sent)
        if seen.first_token is not None:
            stages["stream"] = seen.first_token - max(seen.answered, seen.sent)
    if seen.first_token is not None and seen.last_token is not None and seen.last_token > seen.first_token:
        stages["decode"] = seen.last_token - seen.first_token
    return Timing(
        ttft_ns=None if seen.first_token is None else seen.first_token - seen.begun,
        e2e_ns=None if seen.last_token is None else seen.last_token - seen.begun,
        first_token_count=seen.first_tokens,
        stages_ns=stages,
    )


def response_of(seen: Exchange, *, timed: bool, stages: bool = True) -> Response:
    """An exchange as a response."""
    timing = timing_of(seen) if timed else None
    if timing is not None and not stages:
        timing = dataclasses.replace(timing, stages_ns={})
    return Response(
        text="".join(seen.texts),
        token_ids=tuple(seen.token_ids),
        token_logprobs=tuple(seen.logprobs) or None,
        lengths=Lengths(
            output_tokens=seen.output_tokens,
            prompt_tokens=seen.usage.prompt_tokens if seen.usage is not None else None,
        ),
        timing=timing,
        hit_limit=seen.finish == "length",
    )


@dataclass(slots=True)
class Caches:
    """Whether images can be made unknown to one kind of server; found out once, when that is first needed.

    Attributes:
        tell: takes what was found, in one line.
        audit: what was found; ``None`` before, and where it could not be.
        failed: the audit was tried and failed.
    """

    tell: Callable[[str], None]
    audit: CacheAudit | None = None
    failed: bool = False

    def inspect(self, client: ServerClient, memory: ServerMemory, request: Request) -> None:
        """Look for caches unless that was done."""
        if self.audit is not None or self.failed:
            return

        def ask(item: Request, names: tuple[str, ...]) -> float:
            found = timing_of(client.time(item, names)).ttft_ns
            if found is None:
                raise SampleError("the server gave no token")
            return found / 1e9

        try:
            self.audit = audit(Probe(ask=ask, hits=lambda: counted_hits(client)), memory, request)
        except SampleError as problem:
            # The first requests of a session may be refused for an extra; the next one tries again.
            if not (isinstance(problem, RequestFailed) and problem.status in (400, 422)):
                self.failed = True
                self.tell(f"cache audit: not done: {problem}")
        else:
            self.tell(self.audit.sentence)


class ServerRunner:
    """One arm on one server.

    An image that the server has seen is made unknown to it before it is timed again. An image asked about twice in
    a row stays as warm as it is: only audits and the warm regimes do that, and they mean it.

    Args:
        client: the connection.
        caches: what is known of this kind of server's caches.
        memory: which images this server has seen; shared by everybody who asks it.
    """

    def __init__(self, client: ServerClient, caches: Caches, memory: ServerMemory) -> None:
        self._client, self._caches, self._memory = client, caches, memory
        self._last: tuple[str, ...] = ()
        self._names: tuple[str, ...] = ()

    def answer(self, questions: Sequence[Question]) -> list[Response | SampleError]:
        """See :class:`~argus_eval.backends.protocol.ArmRunner`; as many streams as there are questions.

        An answer that came alone and at the first try carries its times.
        """
        requests = [question.request for question in questions]
        found = self._client.answer(requests, streams=len(requests))
        for request in requests:
            self._memory.note(request)
        self._last = ()
        return [self._response(answer, alone=len(requests) == 1) for answer in found]

    def _response(self, answer: Answered | SampleError, *, alone: bool) -> Response | SampleError:
        if isinstance(answer, SampleError):
            return answer
        return response_of(answer.exchange, timed=alone and answer.tries == 1)

    def time(self, request: Request, *, stages: bool = True, hashes: bool = False) -> Response:
        """See :class:`~argus_eval.backends.protocol.ArmRunner`. A server shows no tensors: there are no hashes.

        Raises:
            SampleError: it failed, or the server remembers the image and cannot be made to forget it.
            ServerGone: no connection can be opened any more.
        """
        shown = tuple(image.sha256 for image in request.images)
        if shown != self._last:
            self._last = ()
            self._names, self._last = self._make_cold(request), shown
        try:
            seen = self._client.time(request, self._names)
        except RequestFailed as problem:
            self._last = ()
            if problem.kind is Failure.UNREACHABLE:
                self._wait_for_server(request)
            raise
        finally:
            self._memory.note(request)
        wanted = request.decoding.max_new_tokens
        if request.decoding.fixed_length and seen.output_tokens not in (None, wanted):
            raise SampleError(
                f"the server does not fix the length: asked for {wanted} tokens, got {seen.output_tokens}"
            )
        return response_of(seen, timed=True, stages=stages)

    def _make_cold(self, request: Request) -> tuple[str, ...]:
        """Names for the images, or none; afterwards the server does not know them, or they are refused."""
        memory = self._memory
        if not memory.knows(request):
            return ()
        self._caches.inspect(self._client, memory, request)
        found = self._caches.audit
        if memory.forgetting is not Forgetting.NOTHING and (found is None or found.forgets):
            return memory.forget(request)
        if found is None or found.remembers:
            raise SampleError("the server has seen this image, remembers it and cannot be made to forget it")
        return ()

    def _wait_for_server(self, request: Request) -> None:
        """A refused connection may be a hiccup: ask without a clock until it answers or is clearly gone."""
        self._client.answer([request], streams=1)

    def host(self, request: Request) -> Timing:
        """Not there.

        Raises:
            SampleError: always.
        """
        raise SampleError(_NO_HOST_WORK)


class OpenAIBackend:
    """A model on a server that somebody else runs.

    Args:
        text: ``NAME@URL``.
        keep_special_tokens: its box dialect is written in tokens of its own.
        weights: what the user declares about them.

    Raises:
        UsageError: the address is wrong.
        ServerGone: nobody answers there.
    """

    def __init__(self, text: str, *, keep_special_tokens: bool, weights: WeightsKind) -> None:
        self._address = parse_address(text)
        self._keep_special_tokens = keep_special_tokens
        self._weights = weights
        self._said: list[str] = []
        self._caches = Caches(tell=self._said.append)
        self._clients: list[ServerClient] = []
        first = self._connect()
        try:
            self._source = _describe(first)
            self._memory = ServerMemory(first, find_forgetting(first, own=False), own=False)
        except BaseException:
            self.close()
            raise

    def _connect(self) -> ServerClient:
        client = ServerClient(
            self._address,
            secret_from_environment(),
            keep_special_tokens=self._keep_special_tokens,
            patience=patience_from_environment(),
        )
        self._clients.append(client)
        return client

    @property
    def loaded(self) -> LoadedFacts:
        """What is known by now; refused extras and the cache audit come in while the run goes on."""
        refused = sorted(set[Extra]().union(*(client.refused for client in self._clients)))
        return LoadedFacts(
            parameters=None,
            dtype="",
            device="",
            source=self._source,
            image_processor="",
            weights=self._weights,
            notes=(
                _SHARED_TWIN,
                *(f"the server refuses {extra.value}: {extra.without}" for extra in refused),
                *self._said,
            ),
        )

    def runner(self, recipes: tuple[str, ...]) -> ArmRunner:
        """See :class:`~argus_eval.backends.protocol.Backend`."""
        assert not recipes, "recipes for a server that somebody else runs are refused when arms are planned"
        return ServerRunner(self._clients[0], self._caches, self._memory)

    def twin(self) -> ArmRunner:
        """See :class:`~argus_eval.backends.protocol.Backend`."""
        return ServerRunner(self._connect(), self._caches, self._memory)

    def close(self) -> None:
        """See :class:`~argus_eval.backends.protocol.Backend`."""
        while self._clients:
            self._clients.pop().close()


def _describe(client: ServerClient) -> str:
    """Where the model is and what serves it, as far as the server tells.

    Raises:
        ServerGone: nobody answers.
        UsageError: the server is there and has no such model.
    """
    from argus_eval.errors import UnknownNameError

    path = client.address.base.removeprefix(client.address.root) + "/models"
    status, listing = client.loop.run(client.fetch("GET", path))
    if status is None:
        raise ServerGone(f"{client.address.root}: no answer; is the server running?")
    if status in (401, 403):
        raise ServerGone(f"{client.address.root}: HTTP {status}: set ARGUS_EVAL_API_KEY or OPENAI_API_KEY")
    entries = listing.get("data") if isinstance(listing, dict) else None
    names = [str(entry["id"]) for entry in entries or () if isinstance(entry, dict) and "id" in entry]
    if names and client.address.model not in names and len(names) < 100:
        raise UnknownNameError("served model", client.address.model, names, where=client.address.root)
    version = client.get("/version")
    served_by = f", version {version['version']}" if isinstance(version, dict) and "version" in version else ""
    return f"{client.address.model} at {client.address.root}{served_by}"
