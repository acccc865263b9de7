"""A request as the bytes of a chat completion, ready before any clock starts.

Servers agree on the core and differ at the edges. What they differ in is an *extra*: it is asked for until the
server refuses it by name, then left out from there on, and the run says so.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from argus_eval.core.request import Request
from argus_eval.core.sample import EncodedImage

__all__ = ["Extra", "Purpose", "data_url", "refused_extras", "request_body"]


class Extra(StrEnum):
    """A field that not every server takes; the value is its name in the body, or its last part."""

    USAGE = "stream_options"
    RUNNING_USAGE = "continuous_usage_stats"
    TOKEN_IDS = "return_token_ids"
    KEEP_SPECIAL_TOKENS = "skip_special_tokens"
    IGNORE_END = "ignore_eos"
    LEAST_TOKENS = "min_tokens"
    GENERATION = "generation_config"
    LOGPROBS = "logprobs"
    CONTINUE_ANSWER = "continue_final_message"
    OLD_LIMIT = "max_tokens"
    GREEDY = "temperature"

    @property
    def without(self) -> str:
        """What it means that a server does not take it."""
        return _WITHOUT[self]


_WITHOUT = {
    Extra.USAGE: "tokens are counted by chunks, and time per token is not given",
    Extra.RUNNING_USAGE: "the first chunk is taken to carry one token",
    Extra.TOKEN_IDS: "answers are compared by text, not by token ids",
    Extra.KEEP_SPECIAL_TOKENS: "special tokens of a box dialect may be missing from answers",
    Extra.IGNORE_END: "answers of fixed length are asked for with min_tokens",
    Extra.LEAST_TOKENS: "answers of fixed length are asked for with generation_config",
    Extra.GENERATION: "answers of fixed length cannot be had",
    Extra.LOGPROBS: "no log probabilities",
    Extra.CONTINUE_ANSWER: "prompts that begin the answer cannot be put",
    Extra.OLD_LIMIT: "max_completion_tokens is used instead",
    Extra.GREEDY: "ANSWERS ARE NOT GREEDY: the server fixes the temperature",
}


class Purpose(StrEnum):
    """What a request is for; a timed one asks for nothing that costs the server time before the first token."""

    ANSWER = "answer"
    TIME = "time"
    LOAD = "load"  #: one of many at a time: nothing that is not needed to count its tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyOptions:
    """What shapes a body besides the request.

    Attributes:
        model: the name the server knows.
        without: extras the server refused.
        keep_special_tokens: the dialect's tokens are special in some tokenizers and must stay in the text.
        image_names: a name for each image in place of its content hash, for servers whose caches go by it.
    """

    model: str
    without: frozenset[Extra] = frozenset()
    keep_special_tokens: bool = False
    image_names: tuple[str, ...] = ()


def request_body(request: Request, options: BodyOptions, purpose: Purpose) -> bytes:
    """UTF-8 JSON of one streamed chat completion: images first, as they came, then the text."""
    body: dict[str, Any] = {
        "model": options.model,
        "messages": _messages(request, options),
        "stream": True,
    }
    for extra, fields in _extras(request, options, purpose).items():
        if extra not in options.without:
            body.update(fields)
    if Extra.OLD_LIMIT in options.without:
        body["max_completion_tokens"] = request.decoding.max_new_tokens
    if Extra.RUNNING_USAGE in options.without or purpose is not Purpose.TIME:
        body.get("stream_options", {}).pop("continuous_usage_stats", None)
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _extras(request: Request, options: BodyOptions, purpose: Purpose) -> dict[Extra, Mapping[str, Any]]:
    decoding = request.decoding
    wanted: dict[Extra, Mapping[str, Any]] = {
        Extra.OLD_LIMIT: {"max_tokens": decoding.max_new_tokens},
        Extra.GREEDY: {"temperature": 0},
        Extra.USAGE: {"stream_options": {"include_usage": True, "continuous_usage_stats": True}},
    }
    if purpose is Purpose.ANSWER:
        wanted[Extra.TOKEN_IDS] = {"return_token_ids": True}
    if options.keep_special_tokens:
        wanted[Extra.KEEP_SPECIAL_TOKENS] = {"skip_special_tokens": False}
    if decoding.fixed_length:
        wanted[Extra.IGNORE_END] = {"ignore_eos": True}
        if Extra.IGNORE_END in options.without:
            wanted[Extra.LEAST_TOKENS] = {"min_tokens": decoding.max_new_tokens}
        if {Extra.IGNORE_END, Extra.LEAST_TOKENS} <= options.without:
            wanted[Extra.GENERATION] = {"generation_config": _fixed_generation(decoding.max_new_tokens)}
    if decoding.token_logprobs:
        wanted[Extra.LOGPROBS] = {"logprobs": True}
    if request.prefix:
        wanted[Extra.CONTINUE_ANSWER] = {"continue_final_message": True, "add_generation_prompt": False}
    return wanted


def _fixed_generation(tokens: int) -> str:
    """What transformers' own server takes in place of all its settings, as text."""
    return json.dumps({"max_new_tokens": tokens, "min_new_tokens": tokens, "do_sample": False})


def _messages(request: Request, options: BodyOptions) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    if request.system is not None:
        messages.append({"role": "system", "content": request.system})
    parts = [_image_part(image) for image in request.images]
    for part, name in zip(parts, options.image_names, strict=False):
        part["uuid"] = name
    messages.append({"role": "user", "content": [*parts, {"type": "text", "text": request.prompt}]})
    if request.prefix:
        messages.append({"role": "assistant", "content": request.prefix})
    return messages


def _image_part(image: EncodedImage) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": data_url(image)}}


def data_url(image: EncodedImage) -> str:
    """The compressed bytes exactly as they are; never decoded, never encoded again."""
    kind = f"image/{image.format.lower()}" if image.format else "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(image.data).decode('ascii')}"


def refused_extras(status: int | None, said: str, sent: bytes) -> frozenset[Extra]:
    """Extras of a refused body that the server's complaint names.

    >>> sorted(refused_extras(400, "Unrecognized request argument: return_token_ids", b'"return_token_ids":true'))
    [<Extra.TOKEN_IDS: 'return_token_ids'>]
    """
    if status not in (400, 422):
        return frozenset()
    named = {extra for extra in Extra if extra.value in said and f'"{extra.value}"'.encode() in sent}
    # "stream_options.continuous_usage_stats" names the inner field, and the outer one only as its place.
    if Extra.RUNNING_USAGE in named:
        named.discard(Extra.USAGE)
    return frozenset(named)
