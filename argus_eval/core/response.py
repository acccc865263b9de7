"""What a backend answers: text, token ids, lengths, hashes and times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from argus_eval.core.timing import Timing

__all__ = ["Lengths", "Response"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lengths:
    """Covariates of one request; ``None`` where the backend cannot tell."""

    output_tokens: int | None = None
    prompt_tokens: int | None = None  # text and visual tokens together
    visual_tokens: int | None = None
    tiles: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One answer.

    Attributes:
        text: decoded answer with the dialect's own tokens kept, only begin/end/padding stripped.
        token_ids: generated ids; empty where a server does not give them.
        token_logprobs: natural-log probability of each generated token, where asked for and available.
        token_texts: each token's own text, where log probabilities are given and the backend can tell.
        resized_size: (width, height) the image processor really used, which some dialects count in.
        hashes: sha256 of ``ids`` and ``pixels`` as the model consumed them, where fidelity was asked for.
        timing: ``None`` for answers that were not timed.
        hit_limit: the answer was cut at ``max_new_tokens``.
    """

    text: str
    token_ids: tuple[int, ...] = ()
    token_logprobs: tuple[float, ...] | None = None
    token_texts: tuple[str, ...] = ()
    lengths: Lengths = field(default_factory=Lengths)
    resized_size: tuple[int, int] | None = None
    hashes: Mapping[str, str] = field(default_factory=dict)
    timing: Timing | None = None
    hit_limit: bool = False
