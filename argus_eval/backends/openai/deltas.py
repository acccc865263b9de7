"""What one event of a chat stream says: text, tokens, end, usage, or a complaint."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from argus_eval.backends.openai.server_times import reported_stages

__all__ = ["Complaint", "Delta", "Usage", "read_delta", "said_by_server"]

_MOST_WORDS = 400
_LEAST_LOGPROB = -1e6


class Complaint(ValueError):  # noqa: N818 - what the server raised, not we
    """The server reported an error inside a stream that had begun well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens as the server counts them; ``None`` where it does not tell."""

    prompt_tokens: int | None
    completion_tokens: int | None
    cached_tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """One event of a stream.

    Attributes:
        text: piece of the answer.
        carries_token: at least one generated token came with it, visible or not.
        token_ids: ids, where the server gives them.
        prompt_token_ids: ids of the whole prompt, where the server gives them; with one event of a stream.
        logprobs: natural-log probability of each token of the piece, where asked for.
        token_texts: each of these tokens' own text.
        stages_ns: what the server says it spent on the request: "queue", "prefill", "decode".
        finish: why the answer ended; ``None`` before its end.
        usage: running or final counts.
    """

    text: str = ""
    carries_token: bool = False
    token_ids: tuple[int, ...] = ()
    prompt_token_ids: tuple[int, ...] = ()
    logprobs: tuple[float, ...] = ()
    token_texts: tuple[str, ...] = ()
    finish: str | None = None
    usage: Usage | None = None
    stages_ns: Mapping[str, int] = field(default_factory=dict)


def read_delta(data: bytes) -> Delta:
    """Read the data of one event.

    A chunk that only names the role, or has an empty text and nothing else, carries no token. Text that is
    thought, refused or meant for a tool is generated all the same.

    Raises:
        Complaint: the server reports an error.
        ValueError: not a chunk of a chat stream.
    """
    try:
        chunk = json.loads(data)
    except (ValueError, RecursionError) as problem:
        raise ValueError(f"not JSON: {data[:80]!r}") from problem
    if not isinstance(chunk, dict):
        raise ValueError(f"not an object: {data[:80]!r}")
    if chunk.get("error"):
        raise Complaint(said_by_server(chunk))
    choices = chunk.get("choices")
    if choices is None and "usage" not in chunk:
        raise ValueError(f"neither choices nor usage: {data[:80]!r}")
    usage, stages = _usage(chunk.get("usage")), reported_stages(chunk)
    if not choices:
        return Delta(usage=usage, stages_ns=stages)
    choice = choices[0] if isinstance(choices, list) else None
    if not isinstance(choice, dict):
        raise ValueError(f"choices is no list of objects: {data[:80]!r}")
    prompt = _whole_numbers(chunk.get("prompt_token_ids"))
    return replace(_read_choice(choice), usage=usage, stages_ns=stages, prompt_token_ids=prompt)


def _read_choice(choice: Mapping[str, Any]) -> Delta:
    message = choice.get("delta")
    message = message if isinstance(message, dict) else {}
    content = message.get("content")
    text = content if isinstance(content, str) else ""
    hidden = any(message.get(name) for name in ("reasoning_content", "reasoning", "refusal", "tool_calls"))
    ids = _whole_numbers(choice.get("token_ids"))
    logprobs, written = _logprobs(choice.get("logprobs"))
    finish = choice.get("finish_reason")
    return Delta(
        text=text,
        carries_token=bool(text or hidden or ids or written),
        token_ids=ids,
        logprobs=logprobs,
        token_texts=written,
        finish=finish if isinstance(finish, str) else None,
    )


def _usage(found: object) -> Usage | None:
    if not isinstance(found, dict):
        return None
    details = found.get("prompt_tokens_details")
    return Usage(
        prompt_tokens=_count(found.get("prompt_tokens")),
        completion_tokens=_count(found.get("completion_tokens")),
        cached_tokens=_count(details.get("cached_tokens")) if isinstance(details, dict) else None,
    )


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _whole_numbers(value: object) -> tuple[int, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        return ()
    return tuple(item for item in value if isinstance(item, int))


def _logprobs(value: object) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """Log probabilities and texts of the tokens; one without a probability leaves their counts unequal."""
    content = value.get("content") if isinstance(value, dict) else None
    items = [item for item in content if isinstance(item, dict)] if isinstance(content, list) else []
    told = [item.get("logprob") for item in items]
    # Rounding may leave a hair above certainty; a number too large for a float is none.
    known = [min(0.0, float(p)) for p in told if isinstance(p, int | float) and _LEAST_LOGPROB <= p <= 1e-3]
    return tuple(known), tuple(str(item.get("token", "")) for item in items)


def said_by_server(body: object) -> str:
    """The words of an error body, whichever of the usual shapes it has, cut to a readable length.

    >>> said_by_server({"error": {"message": "no such model", "code": 404}})
    'no such model'
    >>> said_by_server({"detail": [{"loc": ["body", "ignore_eos"], "msg": "Extra inputs are not permitted"}]})
    'body.ignore_eos: Extra inputs are not permitted'
    """
    found = body
    if isinstance(found, dict):
        found = found.get("error") or found.get("detail") or found.get("message") or found
    if isinstance(found, dict):
        found = found.get("message") or found
    if isinstance(found, list):
        found = "; ".join(_located(item) for item in found)
    words = found if isinstance(found, str) else json.dumps(found)
    return " ".join(words.split())[:_MOST_WORDS]


def _located(item: object) -> str:
    if not isinstance(item, dict):
        return str(item)
    place = ".".join(str(part) for part in item.get("loc") or ())
    return f"{place}: {item.get('msg', '')}" if place else str(item.get("msg", item))
