"""Qwen-VL in stages: the baseline is stock, its two halves are stock, positions are those of ``generate``."""

from __future__ import annotations

import dataclasses
import io
from typing import Any

import pytest
import torch
from PIL import Image

from argus_eval.core.request import Request
from argus_eval.errors import SampleError
from argus_eval.measure.stages import StageRecorder
from argus_eval.models.catalog import model_card
from argus_eval.models.families import pipeline_for
from argus_eval.models.random_weights import build_random
from argus_eval.pipeline.split import SplitPreprocessor
from argus_eval.pipeline.stock import cut_after_end, end_token_ids
from tests.pipeline.images import AWKWARD, encoded, picture, request

MODELS = ["qwen2-vl-2b", "qwen2.5-vl-3b", "qwen3-vl-2b"]
SIZES = [(28, 28), (29, 57), (500, 31), (257, 255), (64, 1000), (1, 150)]
QUESTIONS = ["", "Où est le chat ? 日本語\n\n", "<box> & <|im_end|>", " x " * 400]


@pytest.fixture(scope="module", params=MODELS)
def built(request: pytest.FixtureRequest) -> Any:
    card = model_card(request.param)
    made = build_random(card, scale="tiny", seed=4)
    # The published upper limit makes a 2,400 px picture 4,800 tokens; the rule is the same with a smaller one.
    made.processor.image_processor.size["longest_edge"] = 400_000
    return card.family, made.model, made.processor


@pytest.fixture
def pipeline(built: Any) -> Any:
    return pipeline_for(*built)


def stock(processor: Any, asked: Request) -> Any:
    """What a model card tells people to do before generate."""
    images = [Image.open(io.BytesIO(image.data)).convert("RGB") for image in asked.images]
    content = [{"type": "image"} for _ in images] + [{"type": "text", "text": asked.prompt}]
    text = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    return processor(text=text, images=images or None, return_tensors="pt")


def assert_same(ours: Any, expected: Any) -> None:
    assert ours.keys() == expected.keys()
    for name, tensor in expected.items():
        assert ours[name].dtype == tensor.dtype, name
        assert torch.equal(ours[name], tensor), name


def halves(pipeline: Any) -> Any:
    """The pipeline as recipes see it: the preprocessor in two halves."""
    split = SplitPreprocessor(pipeline.split.image_processor, pipeline.split.prompt_encoder)
    return dataclasses.replace(pipeline, preprocess=split)


def test_it_is_staged(pipeline: Any, built: Any) -> None:
    assert pipeline.staged
    assert pipeline.family == built[0]
    assert pipeline.notes == ()


@pytest.mark.parametrize("kind", AWKWARD)
def test_tensors_are_bit_equal_to_stock(pipeline: Any, built: Any, kind: str) -> None:
    asked = request(AWKWARD[kind])
    if kind == "a line":  # 700 × 3: stock refuses an aspect ratio above 200
        with pytest.raises(ValueError, match="aspect ratio") as expected:
            stock(built[2], asked)
        for one in (pipeline, halves(pipeline)):
            with pytest.raises(ValueError, match="aspect ratio") as found:
                one.prepare(asked, StageRecorder())
            assert str(found.value) == str(expected.value)
        return
    expected_tensors = dict(stock(built[2], asked))
    for one in (pipeline, halves(pipeline)):
        inputs = one.prepare(asked, StageRecorder())
        assert_same(inputs.tensors, expected_tensors)
        _, rows, columns = expected_tensors["image_grid_thw"][0].tolist()
        patch = built[2].image_processor.patch_size
        assert inputs.resized_size == (columns * patch, rows * patch)
        assert inputs.tiles is None


@pytest.mark.parametrize("size", SIZES)
def test_any_size_is_stock(pipeline: Any, built: Any, size: tuple[int, int]) -> None:
    asked = request(encoded(picture(*size, seed=size[0]), "PNG"))
    assert_same(halves(pipeline).prepare(asked, StageRecorder()).tensors, dict(stock(built[2], asked)))


@pytest.mark.parametrize("question", QUESTIONS)
def test_any_text_is_stock(pipeline: Any, built: Any, question: str) -> None:
    asked = request(AWKWARD["palette"], prompt=question)
    for one in (pipeline, halves(pipeline)):
        assert_same(one.prepare(asked, StageRecorder()).tensors, dict(stock(built[2], asked)))


@pytest.mark.parametrize("count", [0, 2])
def test_no_image_and_two_images_are_stock(pipeline: Any, built: Any, count: int) -> None:
    images = (AWKWARD["portrait"], AWKWARD["grey"])[:count]
    asked = dataclasses.replace(request(AWKWARD["grey"]), images=images)
    for one in (pipeline, halves(pipeline)):
        inputs = one.prepare(asked, StageRecorder())
        assert_same(inputs.tensors, dict(stock(built[2], asked)))
        assert inputs.resized_size is None


def test_a_placeholder_in_the_question_is_refused_like_stock(pipeline: Any, built: Any) -> None:
    asked = request(AWKWARD["grey"], prompt="what is <|image_pad|>?")
    with pytest.raises(ValueError, match="number of") as expected:
        stock(built[2], asked)
    for one in (pipeline, halves(pipeline)):
        with pytest.raises(ValueError, match="number of") as found:
            one.prepare(asked, StageRecorder())
        assert str(found.value) == str(expected.value)


@pytest.mark.parametrize("kind", ["landscape", "one pixel", "exif"])
def test_tokens_are_those_of_generate(pipeline: Any, built: Any, kind: str) -> None:
    _, model, processor = built
    asked = request(AWKWARD[kind], tokens=6)
    inputs = stock(processor, asked)
    with torch.inference_mode():
        output = model.generate(**inputs, do_sample=False, max_new_tokens=6)
    expected = cut_after_end(output[0, inputs["input_ids"].shape[1] :].tolist(), end_token_ids(model))
    assert pipeline.run(asked, StageRecorder()).token_ids == expected
    assert halves(pipeline).run(asked, StageRecorder()).token_ids == expected


def positions(model: Any, run: Any) -> list[torch.Tensor]:
    """The position ids of every pass of the decoder while ``run`` happens."""
    seen: list[torch.Tensor] = []

    def note(module: Any, args: Any, kwargs: Any) -> None:
        seen.append(kwargs["position_ids"].clone())

    handle = model.base_model.language_model.register_forward_pre_hook(note, with_kwargs=True)
    try:
        run()
    finally:
        handle.remove()
    return seen


def test_position_ids_are_those_of_generate(pipeline: Any, built: Any) -> None:
    _, model, processor = built
    asked = request(AWKWARD["landscape"], tokens=3, fixed=True)
    inputs = stock(processor, asked)

    def run_stock() -> None:
        with torch.inference_mode():
            model.generate(**inputs, do_sample=False, max_new_tokens=3, min_new_tokens=3)

    expected = positions(model, run_stock)
    found = positions(model, lambda: pipeline.run(asked, StageRecorder()))
    assert len(expected) == len(found) == 3
    assert all(torch.equal(a, b) for a, b in zip(expected, found, strict=True))
    # Rows and columns of the picture differ: the three axes are really there.
    assert not torch.equal(expected[0][-1], expected[0][-2])


def test_a_batch_is_the_stock_batch(pipeline: Any, built: Any) -> None:
    _, _, processor = built
    asked = [
        request(AWKWARD[kind], prompt="x " * index) for index, kind in enumerate(("grey", "palette", "alpha"))
    ]
    silent = StageRecorder(enabled=False)
    joined = pipeline.collate([pipeline.host_inputs(item, silent) for item in asked])
    images = [Image.open(io.BytesIO(item.images[0].data)).convert("RGB") for item in asked]
    texts = [pipeline.template(item) for item in asked]
    expected = processor(text=texts, images=images, return_tensors="pt", padding=True, padding_side="left")
    assert_same(joined.tensors, dict(expected))


def test_a_batch_answers_like_single_requests(pipeline: Any) -> None:
    asked = [request(AWKWARD[kind], prompt="x" * index) for index, kind in enumerate(("palette", "grey"))]
    silent = StageRecorder(enabled=False)
    batch = pipeline.run_prepared([pipeline.host_inputs(item, silent) for item in asked], asked[0].decoding)
    single = [pipeline.run(item, silent) for item in asked]
    assert [item.token_ids for item in batch] == [item.token_ids for item in single]
    assert [item.resized_size for item in batch] == [item.resized_size for item in single]


def test_stages_add_up(pipeline: Any) -> None:
    pipeline.run(request(AWKWARD["landscape"]), StageRecorder())
    timing = pipeline.run(request(AWKWARD["landscape"]), StageRecorder()).timing
    assert {"image_process", "tokenize", "vision", "merge", "prefill", "first_token"} <= timing.stages_ns.keys()
    assert 0 <= timing.residual() < 0.1
    assert 0 < timing.to_uint8_tiles_ns < timing.to_model_ready_ns < timing.ttft_ns


def test_a_broken_image_is_a_sample_error(pipeline: Any) -> None:
    broken = dataclasses.replace(AWKWARD["landscape"], data=AWKWARD["landscape"].data[:2000])
    with pytest.raises(SampleError, match="cannot be decoded"):
        pipeline.run(request(broken), StageRecorder())


def test_internals_that_moved_lead_to_the_generic_pipeline_with_a_note(
    built: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    family, model, processor = built

    monkeypatch.setattr("argus_eval.models.families.qwen_vl.QwenPrompt.__call__", lambda *_: {})
    with pytest.warns(RuntimeWarning, match=r"through the generic pipeline .*input_ids"):
        moved = pipeline_for(family, model, processor)
    assert moved.family == "generic"
    assert not moved.staged
    assert family in moved.notes[0]
    assert "input_ids" in moved.notes[0]
    assert moved.run(request(AWKWARD["palette"]), StageRecorder()).token_ids


def test_another_image_processor_is_seen(built: Any) -> None:
    import copy

    family, model, processor = built
    other = copy.copy(processor)
    other.image_processor = type("Qwen9ImageProcessor", (type(processor.image_processor),), {})()
    with pytest.warns(RuntimeWarning, match="its image processor is Qwen9ImageProcessor"):
        pipeline = pipeline_for(family, model, other)
    assert "Qwen9ImageProcessor" in pipeline.notes[0]
