"""Recipes of the host side on SmolVLM and InternVL: what they claim on awkward inputs, and no trace of them."""

from __future__ import annotations

import copy
import dataclasses
import io
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from argus_eval.core.sample import EncodedImage
from argus_eval.errors import IncompatibleError, SampleError
from argus_eval.measure.stages import StageRecorder
from argus_eval.models.catalog import model_card
from argus_eval.models.families import pipeline_for
from argus_eval.models.random_weights import build_random
from argus_eval.pipeline.parts import ModelInputs
from argus_eval.recipes import fused_tiles, sync_free_merge, token_splice
from argus_eval.recipes.compose import apply_recipes, plan_arms
from argus_eval.recipes.draft_decode import DraftDecoder
from argus_eval.recipes.pinned_copies import PinnedTransfer
from argus_eval.recipes.protocol import Target
from argus_eval.recipes.stock_pil import legacy_processor
from tests.models.families.awkward import IMAGES, PROMPTS
from tests.pipeline.images import encoded, picture, request
from tests.recipes.traces import fingerprint

HOST = (
    "fast-decode",
    "uint8-transfer",
    "fused-tiles",
    "token-splice",
    "prompt-memo",
    "sync-free-merge",
    "draft-decode",
    "stock-pil",
    "stock-path",
)
EXACT = frozenset({"token-splice", "prompt-memo", "sync-free-merge"})
HALF_A_STEP = 0.5 / 127.5


@pytest.fixture(scope="module", params=["smolvlm-256m", "internvl3-1b"])
def staged(request: pytest.FixtureRequest) -> Any:
    torch.set_num_threads(1)
    card = model_card(request.param)
    built = build_random(card, scale="tiny", seed=1)
    return pipeline_for(card.family, built.model, built.processor)


def silent() -> StageRecorder:
    return StageRecorder(enabled=False)


def consumed(pipeline: Any, asked: Any) -> Any:
    return pipeline.prepare(asked, silent()).tensors


@pytest.fixture(scope="module")
def lossless(staged: Any) -> Any:
    return apply_recipes(staged, ["fast-decode", "fused-tiles", "token-splice", "prompt-memo"])


@pytest.mark.parametrize("kind", IMAGES)
def test_inputs_are_those_of_the_baseline(staged: Any, lossless: Any, kind: str) -> None:
    stock, ours = consumed(staged, request(IMAGES[kind])), consumed(lossless, request(IMAGES[kind]))
    assert torch.equal(stock["input_ids"], ours["input_ids"])
    assert torch.equal(stock["attention_mask"], ours["attention_mask"])
    assert stock["pixel_values"].shape == ours["pixel_values"].shape
    assert (stock["pixel_values"] - ours["pixel_values"]).abs().max() < HALF_A_STEP


@pytest.mark.parametrize("prompt", PROMPTS)
def test_spliced_ids_are_stock_s_for_any_prompt(staged: Any, lossless: Any, prompt: str) -> None:
    for kind in ("tile", "1:50", "tile"):
        asked = request(IMAGES[kind], prompt=prompt)
        assert torch.equal(consumed(staged, asked)["input_ids"], consumed(lossless, asked)["input_ids"])


def test_a_prompt_that_stock_refuses_is_refused(staged: Any, lossless: Any) -> None:
    asked = request(IMAGES["tile"], prompt=f"{staged.processor.image_token}")
    for pipeline in (staged, lossless):
        with pytest.raises((ValueError, RuntimeError, StopIteration, IndexError)):
            consumed(pipeline, asked)


def test_two_images_keep_their_order(staged: Any, lossless: Any) -> None:
    asked = dataclasses.replace(request(IMAGES["wide"]), images=(IMAGES["wide"], IMAGES["one pixel"]))
    stock, ours = consumed(staged, asked), consumed(lossless, asked)
    assert torch.equal(stock["input_ids"], ours["input_ids"])
    assert torch.equal(stock["pixel_values"], ours["pixel_values"])


def test_a_request_without_an_image_passes(staged: Any, lossless: Any) -> None:
    asked = dataclasses.replace(request(IMAGES["tile"]), images=())
    assert torch.equal(consumed(staged, asked)["input_ids"], consumed(lossless, asked)["input_ids"])


# stock-path is transformers' own way to open a file.
@pytest.mark.filterwarnings(
    "ignore:The image decoding and encoding capabilities of TorchVision:DeprecationWarning"
)
@pytest.mark.parametrize("name", HOST)
def test_a_recipe_toggles_and_leaves_no_trace(staged: Any, name: str) -> None:
    asked = request(IMAGES["photograph"], tokens=3, fixed=True)
    # transformers hangs hooks of its own on a model when it first runs: look after that.
    found = staged.run(asked, silent(), hashes=True)
    before = fingerprint(staged.model, staged.processor)
    changed = apply_recipes(staged, [name])
    assert changed.recipes == (name,)
    assert changed.notes == ()
    ours = changed.run(asked, silent(), hashes=True)
    again = staged.run(asked, silent(), hashes=True)
    assert fingerprint(staged.model, staged.processor) == before
    assert (again.hashes, again.token_ids) == (found.hashes, found.token_ids)
    if name in EXACT:
        assert (ours.hashes, ours.token_ids) == (found.hashes, found.token_ids)


def test_merging_answers_the_same_in_a_batch(staged: Any) -> None:
    fast = apply_recipes(staged, ["fused-tiles", "token-splice", "sync-free-merge"])
    asked = [request(IMAGES[kind], prompt="x " * count, tokens=4) for count, kind in enumerate(("tile", "wide"))]
    answers = [
        [
            item.token_ids
            for item in arm.run_prepared([arm.host_inputs(one, silent()) for one in asked], asked[0].decoding)
        ]
        for arm in (staged, fast)
    ]
    assert answers[0] == answers[1]


def test_first_logits_are_bit_equal_after_merging(staged: Any) -> None:
    asked = dataclasses.replace(
        request(IMAGES["tile"]),
        decoding=dataclasses.replace(request(IMAGES["tile"]).decoding, token_logprobs=True),
    )
    found = [
        arm.run(asked, silent()).token_logprobs for arm in (staged, apply_recipes(staged, ["sync-free-merge"]))
    ]
    assert found[0] == found[1]


def test_a_mean_on_a_step_of_uint8_keeps_stock_s_search_for_padding() -> None:
    built = build_random(model_card("smolvlm-256m"), scale="tiny", seed=1)
    built.processor.image_processor.image_mean = [0.0, 0.0, 0.0]
    pipeline = pipeline_for("smolvlm", built.model, built.processor)
    with pytest.raises(IncompatibleError, match="padding"):
        sync_free_merge.apply(pipeline)


def test_a_special_token_that_eats_spaces_is_not_spliced(staged: Any) -> None:
    from transformers import AddedToken

    processor = copy.copy(staged.processor)
    processor.tokenizer = copy.deepcopy(processor.tokenizer)
    token = processor.image_token
    processor.tokenizer.add_tokens(
        [AddedToken(token, rstrip=True, special=True, normalized=False)], special_tokens=True
    )
    changed = pipeline_for(staged.family, staged.model, processor)
    with pytest.raises(IncompatibleError, match="take part of the text"):
        token_splice.apply(changed)


def test_a_recipe_that_no_longer_agrees_is_left_out_and_says_so(
    staged: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = fused_tiles.FusedTiles.__call__

    def darker(self: Any, images: Any, recorder: Any) -> Any:
        found = call(self, images, recorder)
        return dataclasses.replace(found, tensors={"pixel_values": found.tensors["pixel_values"] // 2})

    monkeypatch.setattr(fused_tiles.FusedTiles, "__call__", darker)
    with pytest.warns(RuntimeWarning, match="fused-tiles"):
        pipeline = apply_recipes(staged, ["fused-tiles", "token-splice"])
    assert pipeline.recipes == ("token-splice",)
    assert "other pixels" in pipeline.notes[0]


def test_a_generic_pipeline_leaves_parts_out(staged: Any) -> None:
    generic = pipeline_for("another family", staged.model, staged.processor)
    with pytest.warns(RuntimeWarning, match="no parts"):
        pipeline = apply_recipes(generic, ["token-splice"])
    assert pipeline.recipes == ()


def test_pinned_copies_move_what_stock_moves(staged: Any) -> None:
    inputs = staged.host_inputs(request(IMAGES["tile"]), silent())
    moved = PinnedTransfer(torch.device("cpu"), torch.bfloat16, pin=False)(inputs).tensors
    assert moved["pixel_values"].dtype == torch.bfloat16
    assert torch.equal(moved["pixel_values"], inputs.tensors["pixel_values"].to(torch.bfloat16))
    assert moved["input_ids"].dtype == torch.int64


def test_the_stock_half_takes_a_device(staged: Any) -> None:
    half = staged.image_half.with_arguments({"device": "cpu"})
    images = [picture(90, 70)]
    expected = staged.image_half(images, silent()).tensors["pixel_values"]
    assert torch.equal(half(images, silent()).tensors["pixel_values"], expected)


def test_the_legacy_arm_uses_the_pillow_processor(staged: Any) -> None:
    legacy = legacy_processor(staged.processor)
    assert legacy.image_processor.backend == "pil"
    assert staged.processor.image_processor.backend == "torchvision"
    picked = picture(300, 200)
    text = f"{staged.processor.image_token} x"
    expected = legacy(text=text, images=[picked], return_tensors="pt")["pixel_values"]
    arm = apply_recipes(staged, ["stock-pil"])
    found = arm.preprocess(text, [picked], silent())
    assert isinstance(found, ModelInputs)
    assert torch.equal(found.tensors["pixel_values"], expected)


@pytest.mark.parametrize("kind", IMAGES)
def test_decoded_pixels_are_pillow_s(staged: Any, kind: str) -> None:
    expected = np.asarray(staged.decoder(IMAGES[kind].data), dtype=np.int16)
    found = np.asarray(apply_recipes(staged, ["fast-decode"]).decoder(IMAGES[kind].data), dtype=np.int16)
    assert expected.shape == found.shape
    assert np.abs(expected - found).max() <= 1


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xd8\xff\xd9", IMAGES["photograph"].data[:900]],
)
def test_a_broken_file_fails_as_in_the_baseline(staged: Any, data: bytes) -> None:
    broken = request(EncodedImage(data=data, sha256="x", size=None, format=None))
    for pipeline in (staged, apply_recipes(staged, ["fast-decode"]), apply_recipes(staged, ["draft-decode"])):
        with pytest.raises(SampleError, match="cannot be decoded"):
            consumed(pipeline, broken)


@pytest.mark.parametrize("recipe", [None, "stock-path", "fast-decode", "draft-decode", "lossless"])
def test_a_header_that_announces_gigabytes_is_refused_before_they_are_taken(
    staged: Any, lossless: Any, recipe: str | None
) -> None:
    data = IMAGES["photograph"].data
    place = data.index(b"\xff\xc0") + 5
    bomb = EncodedImage(
        data=data[:place] + b"\xfd\xe8\xfd\xe8" + data[place + 4 :], sha256="x", size=None, format=None
    )
    pipeline = lossless if recipe == "lossless" else apply_recipes(staged, [recipe] if recipe else [])
    # 65,000 × 65,000 pixels are twelve gigabytes.
    with pytest.raises(SampleError, match=r"cannot be decoded: .*exceeds limit"):
        consumed(pipeline, request(bomb))


def test_draft_keeps_the_canvas() -> None:
    data = encoded(picture(1000, 400)).data
    whole = Image.open(io.BytesIO(data))
    assert DraftDecoder(lambda data: "inner", 500)(data).size == (500, 200)
    assert DraftDecoder(lambda data: "inner", 501)(data) == "inner"
    assert DraftDecoder(lambda data: "inner", 10)(encoded(picture(50, 40), "PNG").data) == "inner"
    assert whole.size == (1000, 400)


def test_named_arms_are_arms_of_their_own() -> None:
    target = Target(model="m", family="generic", staged=False, backend="transformers", device="cpu")
    arms = plan_arms("baseline,baseline@pil,baseline@path", target)[0]
    assert [arm.name for arm in arms] == ["baseline", "baseline@pil", "baseline@path"]
    with pytest.raises(IncompatibleError, match="cannot be combined"):
        plan_arms("stock-pil+stock-path", target)
