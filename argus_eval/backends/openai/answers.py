"""An exchange as what the engine reads: text, tokens, lengths and times."""

from __future__ import annotations

import dataclasses

from argus_eval.backends.openai.exchange import Exchange
from argus_eval.backends.openai.failures import RequestFailed
from argus_eval.core.fingerprint import fingerprint
from argus_eval.core.request import Request
from argus_eval.core.response import Lengths, Response
from argus_eval.core.timing import Timing
from argus_eval.errors import SampleError

__all__ = ["fixed_length", "loaded_response", "response_of", "timing_of"]


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
        token_texts=tuple(seen.token_texts),
        lengths=Lengths(
            output_tokens=seen.output_tokens,
            prompt_tokens=seen.usage.prompt_tokens if seen.usage is not None else None,
        ),
        hashes={"ids": fingerprint(list(seen.prompt_token_ids))} if seen.prompt_token_ids else {},
        timing=timing,
        hit_limit=seen.finish == "length",
    )


def fixed_length(seen: Exchange, wanted: int) -> Exchange:
    """``seen``, whose answer has the length that was asked for, as far as the server counts.

    Raises:
        SampleError: it has another.
    """
    if seen.output_tokens not in (None, wanted):
        raise SampleError(
            f"the server does not fix the length: asked for {wanted} tokens, got {seen.output_tokens}"
        )
    return seen


def loaded_response(request: Request, seen: Exchange | RequestFailed) -> Response | SampleError:
    """One answer among many at a time: a success only with its whole length, which a limit that was hit proves."""
    if isinstance(seen, RequestFailed):
        return seen
    if request.decoding.fixed_length:
        try:
            fixed_length(seen, request.decoding.max_new_tokens)
        except SampleError as problem:
            return problem
        if seen.output_tokens is None and seen.finish != "length":
            return SampleError("the server does not tell how many tokens it made")
    return response_of(seen, timed=False)
