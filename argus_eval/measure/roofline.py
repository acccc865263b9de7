"""What a stage must cost at least on this machine: its work from the model's shapes, ceilings measured in place.

A stage that needs F floating-point operations and moves B bytes cannot take less than max(F / f, B / b) seconds
on a machine that multiplies at f and copies at b (Williams, Waterman & Patterson, *Roofline*, 2009). Bytes are the
compulsory ones: every weight once, the key-value cache, what enters and what leaves. The connector between tower
and decoder is left out; it is below a hundredth of either.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import torch

__all__ = [
    "Ceilings",
    "Shapes",
    "StageWork",
    "attained",
    "decode_step_work",
    "lower_bound_s",
    "measure_ceilings",
    "prefill_work",
    "vision_work",
    "visual_tokens",
]

_UNTILED_SIDE_PX, _UNTILED_TOKENS = 448, 256
_PRODUCT_SIDE, _PRODUCT_SIDE_DEVICE = 1024, 8192
_COPY_BYTES, _COPY_BYTES_DEVICE = 1 << 27, 1 << 30
_ROUNDS = 5


class Shapes(Protocol):
    """The numbers that decide what a model costs; the architecture of a model card has them."""

    @property
    def vision_hidden(self) -> int: ...
    @property
    def vision_layers(self) -> int: ...
    @property
    def vision_mlp(self) -> int: ...
    @property
    def patch_px(self) -> int: ...
    @property
    def text_hidden(self) -> int: ...
    @property
    def text_layers(self) -> int: ...
    @property
    def text_heads(self) -> int: ...
    @property
    def text_kv_heads(self) -> int: ...
    @property
    def text_mlp(self) -> int: ...
    @property
    def vocabulary(self) -> int: ...
    @property
    def tile_px(self) -> int | None: ...
    @property
    def tokens_per_tile(self) -> int | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StageWork:
    """What one stage of one request has to do at least."""

    flops: float
    bytes: float

    def __add__(self, other: StageWork) -> StageWork:
        return StageWork(flops=self.flops + other.flops, bytes=self.bytes + other.bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceilings:
    """What the machine reaches: operations a second of a large matrix product, bytes a second of a large copy.

    A copy of n bytes moves 2 n: they are read and written.
    """

    device: str
    dtype: str
    flops_per_s: float
    bytes_per_s: float


def vision_work(shapes: Shapes, tiles: int, bytes_a_weight: int) -> StageWork:
    """The vision tower on ``tiles`` tiles of one image, the thumbnail among them.

    Models without tiles are counted with one square of 448 px.
    """
    side = (shapes.tile_px or _UNTILED_SIDE_PX) // shapes.patch_px
    patches, hidden = side * side, shapes.vision_hidden
    a_layer = 4 * hidden**2 + 2 * hidden * shapes.vision_mlp
    embedding = 3 * shapes.patch_px**2 * hidden
    one_tile = 2.0 * patches * embedding + shapes.vision_layers * (
        2.0 * patches * a_layer + 4.0 * patches**2 * hidden
    )
    weights = shapes.vision_layers * a_layer + embedding
    pixels = tiles * 3 * (shapes.patch_px * side) ** 2
    moved = weights + pixels + tiles * patches * hidden
    return StageWork(flops=tiles * one_tile, bytes=float(moved * bytes_a_weight))


def prefill_work(shapes: Shapes, tokens: int, bytes_a_weight: int) -> StageWork:
    """The decoder's first pass over ``tokens`` prompt tokens (causal attention) and one row of the head."""
    weights, head = _decoder_weights(shapes), shapes.text_hidden * shapes.vocabulary
    attention = shapes.text_layers * 2.0 * tokens**2 * shapes.text_hidden
    cache = tokens * _cache_a_token(shapes)
    moved = weights + head + cache + 2 * tokens * shapes.text_hidden
    return StageWork(flops=2.0 * tokens * weights + attention + 2.0 * head, bytes=float(moved * bytes_a_weight))


def decode_step_work(shapes: Shapes, context: int, bytes_a_weight: int, batch: int = 1) -> StageWork:
    """One step of the decode loop for ``batch`` sequences that have ``context`` tokens in their cache each."""
    weights, head = _decoder_weights(shapes), shapes.text_hidden * shapes.vocabulary
    attention = shapes.text_layers * 4.0 * context * shapes.text_hidden
    moved = weights + head + batch * context * _cache_a_token(shapes)
    return StageWork(flops=batch * (2.0 * (weights + head) + attention), bytes=float(moved * bytes_a_weight))


def visual_tokens(shapes: Shapes, tiles: int) -> int:
    """Prompt tokens that ``tiles`` tiles become; 256 each where images keep their own size."""
    return tiles * (shapes.tokens_per_tile or _UNTILED_TOKENS)


def lower_bound_s(work: StageWork, ceilings: Ceilings) -> float:
    """Seconds below which the machine cannot do this work."""
    return max(work.flops / ceilings.flops_per_s, work.bytes / ceilings.bytes_per_s)


def attained(work: StageWork, ceilings: Ceilings, measured_s: float) -> float:
    """Share of the bound that a measured stage reaches, in (0, 1]; above 1 only by noise in the ceilings."""
    return lower_bound_s(work, ceilings) / measured_s


def measure_ceilings(
    device: str = "cpu", dtype: str = "float32", clock_ns: Callable[[], int] = time.perf_counter_ns
) -> Ceilings:
    """Measure a large matrix product and a large copy here and now; the best of five rounds of each.

    Takes about a second on a CPU core (0.3 GB) and a tenth on a GPU (2 GB).

    Args:
        device: "cpu" or "cuda".
        dtype: of the operands, as torch names it.
        clock_ns: monotonic nanoseconds.
    """
    import torch

    kind: torch.dtype = getattr(torch, dtype)
    on_device = device != "cpu"
    side = _PRODUCT_SIDE_DEVICE if on_device else _PRODUCT_SIDE
    size = _COPY_BYTES_DEVICE if on_device else _COPY_BYTES
    left = torch.ones((side, side), dtype=kind, device=device)
    product = torch.empty_like(left)
    source = torch.zeros(size, dtype=torch.uint8, device=device)
    target = torch.zeros_like(source)
    wait = torch.cuda.synchronize if on_device else _nothing
    multiply_s = _best_s(lambda: torch.mm(left, left, out=product), wait, clock_ns)
    copy_s = _best_s(lambda: target.copy_(source), wait, clock_ns)
    return Ceilings(
        device=device, dtype=dtype, flops_per_s=2.0 * side**3 / multiply_s, bytes_per_s=2.0 * size / copy_s
    )


def _decoder_weights(shapes: Shapes) -> int:
    hidden, shared = shapes.text_hidden, shapes.text_kv_heads / shapes.text_heads
    attention = int((2 + 2 * shared) * hidden**2)
    return shapes.text_layers * (attention + 3 * hidden * shapes.text_mlp)


def _cache_a_token(shapes: Shapes) -> int:
    """Keys and values of one token over all layers, in elements."""
    return 2 * shapes.text_layers * shapes.text_hidden * shapes.text_kv_heads // shapes.text_heads


def _best_s(work: Callable[[], object], wait: Callable[[], None], clock_ns: Callable[[], int]) -> float:
    work()
    wait()
    found = []
    for _ in range(_ROUNDS):
        start = clock_ns()
        work()
        wait()
        found.append(clock_ns() - start)
    return max(min(found), 1) / 1e9


def _nothing() -> None:
    """The host runs in step with itself."""
