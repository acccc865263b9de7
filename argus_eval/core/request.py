"""What is asked of a backend: encoded images, text, and how long the answer may be."""

from __future__ import annotations

from dataclasses import dataclass

from argus_eval.core.sample import EncodedImage

__all__ = ["Decoding", "Request"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoding:
    """Limits of a greedy answer.

    With ``fixed_length`` exactly ``max_new_tokens`` tokens are made and end-of-sequence is ignored: the latency
    passes use it so that a recipe cannot gain by answering shorter. ``token_logprobs`` asks for the log
    probability of each generated token.
    """

    max_new_tokens: int
    fixed_length: bool = False
    token_logprobs: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question to a model.

    Attributes:
        key: the sample's key.
        images: shown before the text, in order.
        prompt: the user turn, without any family's image placeholder or chat template.
        decoding: limits.
        system: system turn, for families whose official prompt has one.
        prefix: forced beginning of the answer (Qwen-VL grounding ends its prompt with ``<box>``).
    """

    key: str
    images: tuple[EncodedImage, ...]
    prompt: str
    decoding: Decoding
    system: str | None = None
    prefix: str = ""
