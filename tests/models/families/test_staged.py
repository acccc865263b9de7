"""SmolVLM and InternVL in stages are stock: tensors bit-equal, tokens equal, same errors, on awkward inputs."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import pytest
import torch

from argus_eval.measure.stages import StageRecorder
from argus_eval.models.families import internvl, pipeline_for, smolvlm
from argus_eval.pipeline.split import SplitPreprocessor
from tests.models.families.awkward import IMAGES, PROMPTS, stock_inputs
from tests.pipeline.images import request


def silent() -> StageRecorder:
    return StageRecorder(enabled=False)


def in_halves(pipeline: Any) -> Any:
    return dataclasses.replace(
        pipeline,
        preprocess=SplitPreprocessor(pipeline.split.image_processor, pipeline.split.prompt_encoder),
    )


def assert_same(ours: Any, stock: Any) -> None:
    assert ours.keys() == stock.keys()
    for name, tensor in stock.items():
        assert ours[name].dtype == tensor.dtype, name
        assert torch.equal(ours[name], tensor), name


@pytest.mark.parametrize("kind", IMAGES)
def test_tensors_are_stock_for_any_image(staged: Any, kind: str) -> None:
    asked = request(IMAGES[kind])
    stock = stock_inputs(staged.processor, IMAGES[kind], asked.prompt)
    whole, halves = staged.prepare(asked, silent()), in_halves(staged).prepare(asked, silent())
    assert_same(whole.tensors, stock)
    assert_same(halves.tensors, stock)
    assert whole.tiles == halves.tiles


@pytest.mark.parametrize("prompt", PROMPTS)
def test_ids_are_stock_for_any_prompt(staged: Any, prompt: str) -> None:
    asked = request(IMAGES["tile"], prompt=prompt)
    stock = stock_inputs(staged.processor, IMAGES["tile"], prompt)
    assert_same(staged.prepare(asked, silent()).tensors, stock)
    assert_same(in_halves(staged).prepare(asked, silent()).tensors, stock)


def test_a_placeholder_in_the_question_fails_as_in_stock(staged: Any) -> None:
    prompt = f"what is {staged.processor.image_token}?"
    with pytest.raises(Exception) as stock:
        stock_inputs(staged.processor, IMAGES["tile"], prompt)
    for pipeline in (staged, in_halves(staged)):
        with pytest.raises(stock.type):
            pipeline.prepare(request(IMAGES["tile"], prompt=prompt), silent())


def test_tokens_are_those_of_generate(staged: Any) -> None:
    asked = request(IMAGES["photograph"], tokens=6, fixed=True)
    inputs = stock_inputs(staged.processor, IMAGES["photograph"], asked.prompt)
    with torch.inference_mode():
        stock = staged.model.generate(**inputs, do_sample=False, max_new_tokens=6, min_new_tokens=6)
    expected = stock[0, inputs["input_ids"].shape[1] :].tolist()
    assert list(staged.run(asked, StageRecorder()).token_ids) == expected


def test_a_batch_answers_like_single_requests(staged: Any) -> None:
    asked = [request(IMAGES[kind], prompt="x " * count, tokens=4) for count, kind in enumerate(("tile", "wide"))]
    together = staged.run_prepared([staged.host_inputs(item, silent()) for item in asked], asked[0].decoding)
    assert [item.token_ids for item in together] == [staged.run(item, silent()).token_ids for item in asked]


def test_uint8_tiles_are_stamped_before_they_are_normalised(staged: Any) -> None:
    for pipeline in (staged, in_halves(staged)):
        timing = pipeline.run_host(request(IMAGES["photograph"]), StageRecorder())
        normalizing = timing.stages_ns["image_process.normalize"]
        assert 0 < normalizing < timing.stages_ns["image_process"]
        assert timing.to_uint8_tiles_ns <= timing.to_model_ready_ns - normalizing


def assert_falls_back(family: str, model: Any, processor: Any, words: str) -> None:
    with pytest.warns(RuntimeWarning, match=words):
        pipeline = pipeline_for(family, model, processor)
    assert not pipeline.staged
    assert pipeline.family == "generic"
    assert words in pipeline.notes[0]


def test_another_image_processor_falls_back_to_the_generic_pipeline(staged: Any) -> None:
    processor, stock = copy.copy(staged.processor), staged.processor.image_processor
    another = type("AnotherProcessor", (), {"__getattr__": lambda self, name: getattr(stock, name)})
    processor.image_processor = another()
    assert_falls_back(staged.family, staged.model, processor, "image processor is AnotherProcessor")


def test_moved_features_fall_back_to_the_generic_pipeline(staged: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def renamed(self: Any, pictures: Any) -> None: ...

    monkeypatch.setattr(type(staged.model.base_model), "get_image_features", renamed)
    assert_falls_back(staged.family, staged.model, staged.processor, "get_image_features does not take")


def test_a_half_that_disagrees_falls_back(staged: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    module = smolvlm if staged.family == "smolvlm" else internvl
    read = module._read

    def wrong(output: Any) -> Any:
        found = read(output)
        return dataclasses.replace(found, tensors={name: value + 1 for name, value in found.tensors.items()})

    monkeypatch.setattr(module, "_read", wrong)
    with pytest.warns(RuntimeWarning, match="differ in pixel"):
        pipeline = pipeline_for(staged.family, staged.model, staged.processor)
    assert not pipeline.staged
