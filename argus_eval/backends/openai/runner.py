"""One arm on one server: asked, timed, and kept from remembering what it is timed on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from argus_eval.backends.openai.answers import fixed_length, loaded_response, response_of, timing_of
from argus_eval.backends.openai.cache_audit import CacheAudit, Probe, audit, counted_hits, made_up_request
from argus_eval.backends.openai.caches import Forgetting, ServerMemory
from argus_eval.backends.openai.client import Answered, ServerClient
from argus_eval.backends.openai.failures import Failure, RequestFailed
from argus_eval.backends.openai.server_times import PageReader, ended_between, with_server_stages
from argus_eval.backends.protocol import Load, Question
from argus_eval.core.request import Request
from argus_eval.core.response import Response
from argus_eval.core.timing import Timing
from argus_eval.errors import SampleError

__all__ = ["Caches", "ServerRunner"]

_NO_HOST_WORK = "a server's host work cannot be seen from outside"


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
        self._pages = PageReader(lambda: client.text("/metrics"))
        self._last: tuple[str, ...] = ()
        self._names: tuple[str, ...] = ()

    def inspect(self) -> None:
        """Find out what the server remembers of images, before a timed request has to wait for that.

        Raises:
            ServerGone: the server has ended.
        """
        self._caches.inspect(self._client, self._memory, made_up_request())

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
        before = self._pages.read() if stages else None
        try:
            seen = self._client.time(request, self._names)
        except RequestFailed as problem:
            self._last = ()
            # A request that was refused as it stands was not looked into.
            if problem.status not in (400, 422):
                self._memory.note(request)
            if problem.kind is Failure.UNREACHABLE:
                self._wait_for_server(request)
            raise
        self._memory.note(request)
        if request.decoding.fixed_length:
            fixed_length(seen, request.decoding.max_new_tokens)
        response = response_of(seen, timed=True, stages=stages)
        after = self._pages.read() if before is not None else None
        told = seen.stages_ns or (ended_between(before, after) if before and after else {})
        if response.timing is None or not stages or not told:
            return response
        return dataclasses.replace(response, timing=with_server_stages(response.timing, told))

    def tokens(self, request: Request, *, cold: bool) -> Response:
        """See :class:`~argus_eval.backends.protocol.ShowsTokens`."""
        names = self._memory.forget(request) if cold and self._memory.knows(request) else ()
        (found,) = self._client.answer([request], streams=1, image_names=[names])
        self._memory.note(request)
        self._last = ()
        if isinstance(found, SampleError):
            raise found
        return response_of(found.exchange, timed=False)

    def load(self, requests: Sequence[Request], *, streams: int) -> Load:
        """See :class:`~argus_eval.backends.protocol.TakesLoad`; counts only answers of the length asked for.

        Raises:
            ServerGone: the server has ended.
        """
        self._last = ()
        try:
            names = self._make_all_cold(requests)
        except SampleError as problem:
            return Load(answers=(problem,) * len(requests), seconds=0.0)
        found, seconds = self._client.load(requests, names, streams=streams)
        for request in requests:
            self._memory.note(request)
        answers = [loaded_response(request, seen) for request, seen in zip(requests, found, strict=True)]
        return Load(answers=tuple(answers), seconds=seconds)

    def _make_cold(self, request: Request) -> tuple[str, ...]:
        """Names for the images, or none; afterwards the server does not know them, or they are refused."""
        memory = self._memory
        if not memory.knows(request) or not self._can_forget(request):
            return ()
        return memory.forget(request)

    def _make_all_cold(self, requests: Sequence[Request]) -> list[tuple[str, ...]]:
        """The same for requests that are asked together: none of them may know an image of another."""
        memory = self._memory
        images = [image.sha256 for request in requests for image in request.images]
        known = any(memory.knows(request) for request in requests) or len(set(images)) < len(images)
        if not known or not self._can_forget(next(request for request in requests if request.images)):
            return [()] * len(requests)
        return memory.forget_all(requests)

    def _can_forget(self, request: Request) -> bool:
        """Whether the server's caches can be emptied of images; no need to where it has none.

        Raises:
            SampleError: it remembers them and cannot be made to forget.
        """
        memory = self._memory
        self._caches.inspect(self._client, memory, request)
        found = self._caches.audit
        if memory.forgetting is not Forgetting.NOTHING and (found is None or found.forgets):
            return True
        if found is None or found.remembers:
            raise SampleError("the server has seen this image, remembers it and cannot be made to forget it")
        return False

    def _wait_for_server(self, request: Request) -> None:
        """A refused connection may be a hiccup: ask without a clock until it answers or is clearly gone."""
        self._client.answer([request], streams=1)

    def host(self, request: Request) -> Timing:
        """Not there.

        Raises:
            SampleError: always.
        """
        raise SampleError(_NO_HOST_WORK)
