"""Work of the stages against operations counted while a real model runs; ceilings against arithmetic."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from argus_eval.measure.roofline import (
    Ceilings,
    StageWork,
    attained,
    decode_step_work,
    lower_bound_s,
    measure_ceilings,
    prefill_work,
    vision_work,
    visual_tokens,
)
from argus_eval.models.argus.build import build_argus
from argus_eval.models.catalog import model_card
from argus_eval.pipeline.cache_argument import cache_argument

TILES, PROMPT = 2, 300


@pytest.fixture(scope="module")
def nano() -> torch.nn.Module:
    return build_argus("nano").model


def counted(work: object) -> int:
    counter = FlopCounterMode(display=False)
    with counter, torch.inference_mode():
        work()  # type: ignore[operator]
    return counter.get_total_flops()


def test_vision_operations_are_those_of_the_tower(nano: torch.nn.Module) -> None:
    shapes = model_card("argus-nano").architecture
    assert shapes is not None
    side = shapes.tile_px
    pixels = torch.zeros(TILES, 3, side, side)
    seen = counted(lambda: nano.base_model.get_image_features(pixel_values=pixels, return_dict=True))
    assert vision_work(shapes, TILES, 4).flops == pytest.approx(seen, rel=0.1)


def test_prefill_and_step_operations_are_those_of_the_decoder(nano: torch.nn.Module) -> None:
    shapes = model_card("argus-nano").architecture
    assert shapes is not None
    ids = torch.full((1, PROMPT), 5)
    seen = counted(lambda: nano(input_ids=ids, attention_mask=torch.ones_like(ids), logits_to_keep=1))
    # The counter counts attention in full; only half of it is needed under a causal mask.
    masked = shapes.text_layers * 2 * PROMPT**2 * shapes.text_hidden
    assert prefill_work(shapes, PROMPT, 4).flops + masked == pytest.approx(seen, rel=0.05)
    with torch.inference_mode():
        cache = nano(input_ids=ids, attention_mask=torch.ones_like(ids), use_cache=True)[cache_argument()]
    one = torch.full((1, 1), 5)
    step = counted(lambda: nano(input_ids=one, use_cache=True, **{cache_argument(): cache}))
    assert decode_step_work(shapes, PROMPT + 1, 4).flops == pytest.approx(step, rel=0.05)


def test_bytes_are_at_least_the_weights(nano: torch.nn.Module) -> None:
    shapes = model_card("argus-nano").architecture
    assert shapes is not None
    weights = sum(p.numel() for p in nano.base_model.language_model.parameters()) * 4
    work = decode_step_work(shapes, 1, 4)
    assert weights * 0.95 < work.bytes < weights * 1.1
    assert decode_step_work(shapes, 1, 4, batch=8).bytes < work.bytes * 1.1


def test_the_bound_is_the_dearer_of_the_two() -> None:
    ceilings = Ceilings(device="cpu", dtype="float32", flops_per_s=100.0, bytes_per_s=10.0)
    assert lower_bound_s(StageWork(flops=200, bytes=1), ceilings) == 2.0
    assert lower_bound_s(StageWork(flops=1, bytes=50), ceilings) == 5.0
    assert attained(StageWork(flops=200, bytes=1), ceilings, 4.0) == 0.5
    assert StageWork(flops=1, bytes=2) + StageWork(flops=3, bytes=4) == StageWork(flops=4, bytes=6)


def test_ceilings_are_operations_and_bytes_over_time() -> None:
    clock = iter(range(0, 10**12, 10**9))
    found = measure_ceilings(clock_ns=lambda: next(clock))
    assert found.flops_per_s == 2 * 1024**3
    assert found.bytes_per_s == 2 * 2**27


def test_visual_tokens_follow_the_tiles() -> None:
    shapes = model_card("argus-nano").architecture
    assert shapes is not None
    assert visual_tokens(shapes, 3) == 3 * (shapes.tokens_per_tile or 0)
