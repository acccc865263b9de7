"""Recipes on the model's side: what they claim, what they need, and that they leave no trace."""

from __future__ import annotations

import dataclasses
import gc
import importlib.util
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from argus_eval.errors import IncompatibleError
from argus_eval.measure.stages import StageRecorder
from argus_eval.models.catalog import model_card
from argus_eval.models.families import pipeline_for
from argus_eval.models.random_weights import build_random
from argus_eval.recipes import (
    attention_eager,
    attention_flash,
    attention_sdpa,
    bf16,
    compiled_vision,
    int4_weights,
    int8_weights,
    overlap,
    prefix_cache,
    static_decode,
    tile_cap,
    vision_cache,
    visual_pool,
    w8a8,
)
from argus_eval.recipes.compose import apply_recipes
from argus_eval.recipes.model_copy import shared_copy
from argus_eval.recipes.protocol import Target
from argus_eval.recipes.visual_pool import pool_tokens
from tests.pipeline.images import AWKWARD, request
from tests.recipes.traces import fingerprint, outputs

MODELS = {
    "argus": "argus-nano",
    "smolvlm": "smolvlm-256m",
    "internvl": "internvl3-1b",
    "qwen2.5-vl": "qwen2.5-vl-3b",
    "qwen3-vl": "qwen3-vl-2b",
}
TRACED = (compiled_vision, static_decode)
SAME_ANSWERS = (
    attention_eager,
    attention_sdpa,
    overlap,
    prefix_cache,
    vision_cache,
    compiled_vision,
    static_decode,
)
CHANGES = (bf16, tile_cap, visual_pool, int8_weights, int4_weights, w8a8)
needs_torchao = pytest.mark.skipif(
    importlib.util.find_spec("torchao") is None, reason="torchao is not installed (extra quant)"
)


def target(family: str = "argus", device: str = "cpu", regime: str = "cold-image") -> Target:
    return Target(model=family, family=family, staged=True, backend="transformers", device=device, regime=regime)


def fits(module: Any, family: str) -> bool:
    return not module.INFO.families or family in module.INFO.families


#: Where a recipe is tried in the quick run; tracing or running every model takes minutes.
QUICK = {"compiled-vision": {"internvl"}, "static-decode": {"qwen3-vl"}, "visual-pool": {"internvl", "smolvlm"}}


def marks(family: str, module: Any) -> list[Any]:
    found = [needs_torchao] if "torchao" in module.INFO.libraries else []
    quick = family in QUICK.get(module.INFO.name, {"internvl", "qwen2.5-vl"})
    return found if quick else [*found, pytest.mark.slow]


def cases(*modules: Any, slow: tuple[Any, ...] = ()) -> list[Any]:
    return [
        pytest.param(
            family,
            module,
            id=f"{family}-{module.INFO.name}",
            marks=[pytest.mark.slow] if module in slow else marks(family, module),
        )
        for family in MODELS
        for module in modules
        if fits(module, family)
    ]


@pytest.fixture(scope="module")
def built() -> Callable[[str], Any]:
    made: dict[str, Any] = {}

    def get(family: str) -> Any:
        if family not in made:
            model, processor = build_random(model_card(MODELS[family]), scale="tiny", seed=2)
            # Decoders of the families keep one matrix at 64 columns; that is a multiple of a quantisation group.
            made[family] = pipeline_for(family, model, processor)
        return made[family]

    return get


@pytest.fixture(autouse=True)
def traced_only(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """torch.compile traces for real and compiles nothing: kernels take minutes, guards and graphs do not."""
    compile_for_real = torch.compile

    def traced(function: Any, **kwargs: Any) -> Any:
        return compile_for_real(function, backend="eager", dynamic=kwargs.get("dynamic"))

    monkeypatch.setattr(torch, "compile", traced)
    yield
    torch._dynamo.reset()


ASKED = request(AWKWARD["palette"], tokens=4, fixed=True)
OTHER = request(AWKWARD["palette"], prompt="Something else?", tokens=4, fixed=True)


@pytest.mark.parametrize(("family", "module"), cases(*SAME_ANSWERS, *CHANGES))
def test_it_toggles_without_a_trace(built: Any, family: str, module: Any) -> None:
    pipeline = built(family)
    before, found = outputs(pipeline, ASKED), fingerprint(pipeline.model, pipeline.processor)
    parts = {field.name: getattr(pipeline, field.name) for field in dataclasses.fields(pipeline)}
    changed = module.apply(pipeline)
    assert changed is not pipeline
    during = changed.run(ASKED, StageRecorder())
    assert len(during.token_ids) == 4
    assert {field.name: getattr(pipeline, field.name) for field in dataclasses.fields(pipeline)} == parts
    assert outputs(pipeline, ASKED) == before
    again = changed.run(ASKED, StageRecorder())
    assert again.token_ids == during.token_ids
    del changed
    gc.collect()
    assert fingerprint(pipeline.model, pipeline.processor) == found
    assert outputs(pipeline, ASKED) == before


@pytest.mark.parametrize(("family", "module"), cases(*SAME_ANSWERS, slow=TRACED))
def test_the_mathematics_stay_the_same(built: Any, family: str, module: Any) -> None:
    pipeline = built(family)
    changed = module.apply(pipeline)
    for asked in (ASKED, OTHER, ASKED):  # caches answer the last two otherwise than the first
        stock, ours = pipeline.prepare(asked, StageRecorder()), changed.prepare(asked, StageRecorder())
        assert stock.tensors.keys() == ours.tensors.keys()
        assert all(torch.equal(stock.tensors[name], ours.tensors[name]) for name in stock.tensors)
        difference = (pipeline.first_logits(asked) - changed.first_logits(asked)).abs().max()
        assert difference == 0 if module.INFO.loss_class.value == "L0" else difference < 1e-4
        expected, found = pipeline.run(asked, StageRecorder()), changed.run(asked, StageRecorder())
        assert found.token_ids == expected.token_ids
        assert found.resized_size == expected.resized_size


def test_compiled_vision_fills_up_to_a_bucket_and_steps_aside_above_the_largest() -> None:
    seen: list[int] = []

    def tower(pixel_values: Any, mask: Any = None) -> Any:
        seen.append(len(pixel_values))
        return {"last": pixel_values.sum((1, 2)) + mask, "other": torch.ones(2)}

    bucketed = compiled_vision.BucketedTower(tower, cuda_graphs=False)
    for count, wanted in ((1, 1), (2, 3), (3, 3), (4, 5), (13, 13), (14, 17), (18, 18)):
        pixels, mask = torch.rand(count, 3, 4), torch.rand(count)
        found = bucketed(pixels, mask=mask)
        assert seen[-1] == wanted
        assert torch.equal(found["last"], pixels.sum((1, 2)) + mask)
        assert len(found["other"]) == 2


def test_pooling_takes_the_mean_of_neighbours() -> None:
    tokens = torch.arange(16.0).reshape(1, 16, 1)
    rows = [[0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 12, 13], [10, 11, 14, 15]]
    assert pool_tokens(tokens).flatten().tolist() == [sum(block) / 4 for block in rows]


@pytest.mark.parametrize("family", ["argus", "internvl", "smolvlm"])
def test_pooling_leaves_a_quarter_of_the_visual_tokens(built: Any, family: str) -> None:
    pipeline = built(family)
    stock, pooled = (one.run(ASKED, StageRecorder()).lengths for one in (pipeline, visual_pool.apply(pipeline)))
    assert pooled.visual_tokens * 4 == stock.visual_tokens
    assert pooled.tiles == stock.tiles


@pytest.mark.parametrize("family", MODELS)
def test_the_cap_lowers_tiles_or_tokens_of_a_large_picture(built: Any, family: str) -> None:
    large = request(AWKWARD["landscape"], tokens=1)
    pipeline, silent = built(family), StageRecorder(enabled=False)
    token = pipeline.processor.image_token_id
    stock, capped = (
        int((one.host_inputs(large, silent).tensors["input_ids"] == token).sum())
        for one in (pipeline, tile_cap.apply(pipeline))
    )
    assert capped < stock
    if family.startswith("qwen"):
        assert capped <= 256


def test_bf16_keeps_ties_and_position_tables(built: Any) -> None:
    pipeline = built("argus")
    changed = bf16.apply(pipeline)
    assert changed.dtype is torch.bfloat16
    assert {parameter.dtype for parameter in changed.model.parameters()} == {torch.bfloat16}
    assert changed.model.lm_head.weight is changed.model.get_input_embeddings().weight
    tables = {name: buffer.dtype for name, buffer in pipeline.model.named_buffers()}
    assert {name: buffer.dtype for name, buffer in changed.model.named_buffers()} == tables
    assert sum(p.numel() for p in changed.model.parameters()) == sum(
        p.numel() for p in pipeline.model.parameters()
    )
    assert "changes nothing" in bf16.apply(changed).notes[-1]


def test_a_shared_copy_has_modules_of_its_own_and_the_same_memory(built: Any) -> None:
    model = built("qwen3-vl").model
    copy = shared_copy(model)
    assert all(a is not b for a, b in zip(model.modules(), copy.modules(), strict=True))
    assert all(a is b for a, b in zip(model.parameters(), copy.parameters(), strict=True))
    assert copy.config is not model.config


@needs_torchao
@pytest.mark.parametrize("module", [int8_weights, int4_weights, w8a8], ids=lambda module: module.INFO.name)
def test_only_the_decoder_is_quantised(built: Any, module: Any) -> None:
    pipeline = built("internvl")
    model = module.apply(pipeline).model
    linear = [m for m in model.base_model.language_model.modules() if isinstance(m, torch.nn.Linear)]
    assert len(linear) >= 14
    assert "Parameter" not in {type(one.weight).__name__ for one in linear}
    plain = [m.weight for m in model.base_model.vision_tower.modules() if isinstance(m, torch.nn.Linear)]
    assert plain
    assert {type(weight).__name__ for weight in plain} == {"Parameter"}
    assert type(model.lm_head.weight).__name__ == "Parameter"
    first = pipeline.model.base_model.language_model.layers[0].mlp.up_proj.weight
    quantised = model.base_model.language_model.layers[0].mlp.up_proj.weight
    assert type(quantised).__name__ != "Parameter"
    error = (quantised.dequantize() - first).abs().max() / first.abs().max()
    assert 0 < error < (0.2 if module is int4_weights else 0.02)


def test_an_eager_model_is_told_apart_from_a_fused_one(built: Any) -> None:
    pipeline = built("argus")
    assert "changes nothing" in attention_sdpa.apply(pipeline).notes[-1]
    eager = attention_eager.apply(pipeline)
    assert eager.model.config.text_config._attn_implementation == "eager"
    assert pipeline.model.config.text_config._attn_implementation == "sdpa"
    assert "changes nothing" in attention_eager.apply(eager).notes[-1]
    back = attention_sdpa.apply(eager)
    assert torch.equal(back.first_logits(ASKED), pipeline.first_logits(ASKED))


def test_what_is_missing_is_said_before_anything_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "cuda" in attention_flash.INFO.obstacle(target())
    assert "warm-image" in vision_cache.INFO.obstacle(target())
    assert vision_cache.INFO.obstacle(target(regime="warm-image")) is None
    assert "--regime warm-prefix" in prefix_cache.INFO.obstacle(target(regime="cold-process"))
    assert prefix_cache.INFO.obstacle(target(regime="warm-image")) is None
    assert "written for" in compiled_vision.INFO.obstacle(target("qwen3-vl"))
    assert "written for" in visual_pool.INFO.obstacle(target("qwen2.5-vl"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert "torchao" in int8_weights.INFO.obstacle(target())
    assert "triton" in static_decode.INFO.obstacle(target(device="cuda"))
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.delenv("CXX", raising=False)
    assert "C++ compiler" in static_decode.INFO.obstacle(target())


def test_flash_attention_without_its_package_is_refused(built: Any) -> None:
    if importlib.util.find_spec("flash_attn") is not None:
        pytest.skip("the package is installed")
    with pytest.raises(IncompatibleError, match="flash_attention_2 cannot be used here"):
        attention_flash.apply(built("argus"))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("family", [pytest.param("smolvlm", marks=pytest.mark.slow), "internvl"])
def test_what_is_fastest_on_a_gpu_goes_together(built: Any, family: str) -> None:
    pipeline = built(family)
    names = ("compiled-vision", "fused-tiles", "token-splice", "sync-free-merge", "static-decode")
    fast = apply_recipes(pipeline, names)
    assert set(fast.recipes) == set(names), fast.notes
    for asked in (ASKED, OTHER):
        expected = pipeline.run(asked, StageRecorder()).token_ids
        assert fast.run(asked, StageRecorder()).token_ids == expected


@pytest.mark.slow
def test_a_decode_step_compiled_by_the_real_compiler_says_the_same(
    built: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    pipeline = built("qwen3-vl")
    changed = static_decode.apply(pipeline)
    assert changed.run(ASKED, StageRecorder()).token_ids == pipeline.run(ASKED, StageRecorder()).token_ids
