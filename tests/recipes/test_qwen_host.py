"""Qwen-VL's patches in one pass and its ids without spelling: what stock feeds its model, on any picture."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch

from argus_eval.measure.stages import StageRecorder
from argus_eval.models.catalog import model_card
from argus_eval.models.families import pipeline_for
from argus_eval.models.random_weights import build_random
from argus_eval.recipes.qwen_patches import fuse_patches
from argus_eval.recipes.qwen_prompt import SplicedQwenPrompt
from tests.pipeline.images import AWKWARD, encoded, picture, request

KINDS = [kind for kind in AWKWARD if kind != "a line"]
SIZES = [(28, 28), (29, 57), (500, 31), (257, 255), (64, 900), (1, 150), (641, 479)]


@pytest.fixture(scope="module", params=["qwen2.5-vl-3b", "qwen3-vl-2b"])
def pipeline(request: pytest.FixtureRequest) -> Any:
    card = model_card(request.param)
    made = build_random(card, scale="tiny", seed=4)
    made.processor.image_processor.size["longest_edge"] = 400_000
    return pipeline_for(card.family, made.model, made.processor)


@pytest.fixture
def fast(pipeline: Any) -> Any:
    return fuse_patches(pipeline).with_prompt_encoder(SplicedQwenPrompt(pipeline.processor))


def assert_fed_the_same(stock: Any, ours: Any) -> None:
    assert stock.keys() == ours.keys()
    for name, tensor in stock.items():
        assert ours[name].dtype == tensor.dtype, name
        assert ours[name].shape == tensor.shape, name
        if name != "pixel_values":
            assert torch.equal(ours[name], tensor), name
    # One step of uint8 is at least 1/70 after normalising; the same mathematics must stay far below it.
    if "pixel_values" in stock:
        assert (ours["pixel_values"] - stock["pixel_values"]).abs().max() < 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_inputs_are_those_of_stock(pipeline: Any, fast: Any, kind: str) -> None:
    asked = request(AWKWARD[kind])
    stock, ours = pipeline.prepare(asked, StageRecorder()), fast.prepare(asked, StageRecorder())
    assert_fed_the_same(stock.tensors, ours.tensors)
    assert (ours.tiles, ours.resized_size) == (stock.tiles, stock.resized_size)


@pytest.mark.parametrize("size", SIZES)
def test_any_size_is_cut_like_stock(pipeline: Any, fast: Any, size: tuple[int, int]) -> None:
    asked = request(encoded(picture(*size, seed=size[1]), "PNG"))
    assert_fed_the_same(
        pipeline.prepare(asked, StageRecorder()).tensors, fast.prepare(asked, StageRecorder()).tensors
    )


@pytest.mark.parametrize("prompt", ["", "a\n", "  é日本 ", "<|im_end|><box>", "x" * 3000, "\u202e right to left"])
@pytest.mark.parametrize("count", [0, 1, 2])
def test_ids_are_the_tokenizer_s(pipeline: Any, fast: Any, prompt: str, count: int) -> None:
    images = (AWKWARD["grey"], AWKWARD["palette"])[:count]
    asked = dataclasses.replace(request(AWKWARD["grey"], prompt=prompt), images=images)
    assert_fed_the_same(
        pipeline.prepare(asked, StageRecorder()).tensors, fast.prepare(asked, StageRecorder()).tensors
    )


@pytest.mark.parametrize("prompt", ["what is <|image_pad|>?", "a <|video_pad|>"])
@pytest.mark.parametrize("count", [0, 1])
def test_stray_placeholders_are_refused_like_stock(pipeline: Any, fast: Any, prompt: str, count: int) -> None:
    asked = dataclasses.replace(request(AWKWARD["grey"], prompt=prompt), images=(AWKWARD["grey"],) * count)
    with pytest.raises(ValueError, match="tokens in the") as expected:
        pipeline.prepare(asked, StageRecorder())
    with pytest.raises(ValueError, match="tokens in the") as found:
        fast.prepare(asked, StageRecorder())
    assert str(found.value) == str(expected.value)


def test_a_strip_too_long_is_refused_like_stock(pipeline: Any, fast: Any) -> None:
    for one in (pipeline, fast):
        with pytest.raises(ValueError, match="aspect ratio"):
            one.prepare(request(AWKWARD["a line"]), StageRecorder())


def test_an_eighth_of_the_bytes_leaves_the_host(pipeline: Any, fast: Any) -> None:
    asked, silent = request(AWKWARD["landscape"]), StageRecorder(enabled=False)
    stock = pipeline.host_inputs(asked, silent).tensors["pixel_values"]
    ours = fast.host_inputs(asked, silent).tensors["pixel_values"]
    assert ours.dtype is torch.uint8
    assert ours.nbytes * 8 == stock.nbytes


def test_tokens_are_those_of_the_baseline_alone_and_in_a_batch(pipeline: Any, fast: Any) -> None:
    asked = [request(AWKWARD[kind], tokens=4) for kind in ("exif", "one pixel")]
    silent = StageRecorder(enabled=False)
    expected = [pipeline.run(item, silent).token_ids for item in asked]
    assert [fast.run(item, silent).token_ids for item in asked] == expected
    batch = fast.run_prepared([fast.host_inputs(item, silent) for item in asked], asked[0].decoding)
    assert [item.token_ids for item in batch] == expected
