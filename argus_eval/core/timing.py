"""Times of one request, in integer nanoseconds of a monotonic clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["STAGES", "Timing", "stage_order"]

#: Stage slugs in pipeline order; sub-stages are written ``parent.child`` and are part of their parent.
STAGES = (
    "read",
    "image_decode",
    "image_process",
    "image_process.resize_tile",
    "image_process.normalize",
    "template",
    "tokenize",
    "transfer",
    "vision",
    "merge",
    "prefill",
    "first_token",
    "decode",
    "detokenize",
    # servers, and what they tell of themselves
    "connect",
    "send",
    "wait",
    "stream",
    "stream.queue",
    "stream.prefill",
    "decode.engine",
)


def stage_order(slug: str) -> tuple[int, str]:
    """Sorts stages as a request goes through them, sub-stages behind their own; unknown ones come last, by name.

    >>> sorted(["transfer", "image_process.normalize", "image_decode", "image_process"], key=stage_order)
    ['image_decode', 'image_process', 'image_process.normalize', 'transfer']
    """
    return (STAGES.index(slug) if slug in STAGES else len(STAGES), slug)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When things happened in one request.

    Attributes:
        ttft_ns: from the hand-over of compressed bytes and text to the first generated id on the host.
        e2e_ns: to the last token.
        first_token_count: tokens that the first chunk carried; 1 locally.
        stages_ns: duration of each stage slug that was seen.
        to_uint8_tiles_ns: compressed bytes → uint8 tiles, host work; ``None`` where the pipeline cannot see it.
        to_model_ready_ns: bytes + text → what the vision tower's first layer and the embedding consume,
            on the device, in its dtype, wherever it was computed.
        timers_ns: what timing the stages cost; ``None`` where they were not timed.
    """

    ttft_ns: int | None
    e2e_ns: int | None
    first_token_count: int = 1
    stages_ns: Mapping[str, int] = field(default_factory=dict)
    to_uint8_tiles_ns: int | None = None
    to_model_ready_ns: int | None = None
    timers_ns: int | None = None

    def tpot_ns(self, output_tokens: int) -> float | None:
        """Time per output token after the first chunk; only for at least 16 tokens (MEASUREMENT §1)."""
        if self.ttft_ns is None or self.e2e_ns is None or output_tokens < 16:
            return None
        rest = output_tokens - self.first_token_count
        return (self.e2e_ns - self.ttft_ns) / rest if rest > 0 else None

    def residual(self) -> float | None:
        """Share of TTFT that no top-level stage before the first token accounts for."""
        if not self.ttft_ns or not self.stages_ns:
            return None
        seen = sum(
            ns for slug, ns in self.stages_ns.items() if "." not in slug and slug not in ("decode", "detokenize")
        )
        return (self.ttft_ns - seen) / self.ttft_ns
