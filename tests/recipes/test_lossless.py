"""token-splice and fused-tiles: what they claim, on awkward images, and that they leave no trace."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from argus_eval.core.results import LossClass
from argus_eval.measure.stages import StageRecorder
from argus_eval.recipes.catalog import RECIPES
from argus_eval.recipes.compose import apply_recipes, loss_class
from argus_eval.recipes.protocol import Target
from tests.pipeline.images import AWKWARD, encoded, picture, request
from tests.recipes.traces import fingerprint, outputs

SIZES = [(640, 480), (480, 640), (513, 511), (1000, 300), (255, 257), (64, 64), (1600, 1200), (2, 900)]


TARGET = Target(model="argus-nano", family="argus", staged=True, backend="transformers", device="cpu")
#: Recipes of a pipeline; settings of servers have no module of their own.
LOCAL = [name for name in RECIPES if RECIPES.get(name).INFO.parts != {"server"}]
#: Those that work here without a compiler and on one pipeline; the others have tests of their own.
QUICK = [
    name
    for name in LOCAL
    if (info := RECIPES.get(name).INFO).obstacle(TARGET) is None
    and info.condition is None
    and info.scope == "pipeline"
]


def tensors(pipeline: Any, asked: Any) -> Any:
    return pipeline.prepare(asked, StageRecorder()).tensors


@pytest.mark.parametrize("kind", AWKWARD)
@pytest.mark.parametrize("recipes", [("token-splice",), ("fused-tiles",), ("fused-tiles", "token-splice")])
def test_inputs_are_those_of_the_baseline(pipeline: Any, kind: str, recipes: tuple[str, ...]) -> None:
    asked = request(AWKWARD[kind])
    stock, ours = tensors(pipeline, asked), tensors(apply_recipes(pipeline, recipes), asked)
    assert torch.equal(stock["input_ids"], ours["input_ids"])
    assert torch.equal(stock["attention_mask"], ours["attention_mask"])
    assert stock["pixel_values"].shape == ours["pixel_values"].shape
    if loss_class(recipes) is LossClass.L0:
        assert torch.equal(stock["pixel_values"], ours["pixel_values"])
    # One step of uint8 is 1/127.5 after normalising; the same mathematics must stay below half of it.
    assert (stock["pixel_values"] - ours["pixel_values"]).abs().max() < 0.5 / 127.5


@pytest.mark.parametrize("size", SIZES)
def test_tiles_are_cut_like_stock_at_any_size(pipeline: Any, size: tuple[int, int]) -> None:
    asked = request(encoded(picture(*size, seed=size[0])))
    stock, ours = tensors(pipeline, asked), tensors(apply_recipes(pipeline, ["fused-tiles"]), asked)
    assert stock["pixel_values"].shape == ours["pixel_values"].shape
    assert (stock["pixel_values"] - ours["pixel_values"]).abs().max() < 0.5 / 127.5


@pytest.mark.parametrize("prompt", ["", "a\n", "  é日本 ", "<loc_1><box>", "x" * 3000, "\u202e right to left"])
def test_spliced_ids_are_the_tokenizer_s(pipeline: Any, prompt: str) -> None:
    asked = request(AWKWARD["landscape"], prompt=prompt)
    stock, ours = tensors(pipeline, asked), tensors(apply_recipes(pipeline, ["token-splice"]), asked)
    assert torch.equal(stock["input_ids"], ours["input_ids"])


def test_two_images_are_spliced_in_order(pipeline: Any) -> None:
    import dataclasses

    asked = dataclasses.replace(request(AWKWARD["landscape"]), images=(AWKWARD["landscape"], AWKWARD["one pixel"]))
    fast = apply_recipes(pipeline, ["fused-tiles", "token-splice"])
    assert torch.equal(tensors(pipeline, asked)["input_ids"], tensors(fast, asked)["input_ids"])
    assert torch.equal(tensors(pipeline, asked)["pixel_values"], tensors(fast, asked)["pixel_values"])


def test_a_request_without_an_image_passes(pipeline: Any) -> None:
    import dataclasses

    asked = dataclasses.replace(request(AWKWARD["landscape"]), images=())
    fast = apply_recipes(pipeline, ["token-splice"])
    assert torch.equal(tensors(pipeline, asked)["input_ids"], tensors(fast, asked)["input_ids"])


# stock-path is transformers' own way to open a file.
@pytest.mark.filterwarnings(
    "ignore:The image decoding and encoding capabilities of TorchVision:DeprecationWarning"
)
@pytest.mark.parametrize("name", QUICK)
def test_a_recipe_leaves_the_pipeline_it_was_given_as_it_was(pipeline: Any, argus: Any, name: str) -> None:
    weights = {key: value.clone() for key, value in argus.model.state_dict().items()}
    before, asked = pipeline.run(request(AWKWARD["grey"]), StageRecorder()), request(AWKWARD["grey"])
    fast = apply_recipes(pipeline, [name])
    assert fast is not pipeline
    assert fast.recipes == (name,)
    fast.run(asked, StageRecorder())
    assert pipeline.recipes == ()
    assert pipeline.run(asked, StageRecorder()).token_ids == before.token_ids
    assert all(torch.equal(weights[key], value) for key, value in argus.model.state_dict().items())


@pytest.mark.parametrize("name", QUICK)
def test_arms_take_turns_without_noticing_each_other(pipeline: Any, argus: Any, name: str) -> None:
    asked = [request(AWKWARD[kind], prompt=kind, tokens=3, fixed=True) for kind in ("palette", "one pixel")]
    arms = (pipeline, apply_recipes(pipeline, [name]))
    alone = [[outputs(arm, one) for one in asked] for arm in arms]
    before = fingerprint(argus.model, argus.processor)
    turns = [[outputs(arm, one) for arm in arms] for one in asked]
    assert turns == [list(pair) for pair in zip(*alone, strict=True)]
    assert fingerprint(argus.model, argus.processor) == before


@pytest.mark.parametrize("name", LOCAL)
def test_a_recipe_says_what_it_is(name: str) -> None:
    module = RECIPES.get(name)
    assert module.INFO.name == name
    assert module.INFO.parts
    documentation = (module.__doc__ or "").lower()
    assert "bottleneck:" in documentation
    assert "expected effect:" in documentation
