"""The baseline is stock: tensors and tokens are those of the commands on a model card."""

from __future__ import annotations

import io
from typing import Any

import pytest
import torch
from PIL import Image

from argus_eval.core.request import Request
from argus_eval.core.sample import EncodedImage
from argus_eval.errors import SampleError
from argus_eval.measure.stages import StageRecorder
from argus_eval.pipeline.stock import cut_after_end
from tests.pipeline.images import AWKWARD, request

QUESTIONS = [
    "What is it?",
    "Où est le chat ? 日本語",
    "Line one\nline two\n\n",
    "  spaces  ",
    "<loc_5> & <b>x</b>",
    "",
]


def stock_inputs(processor: Any, asked: Request) -> Any:
    """What a model card tells people to do before generate."""
    image = Image.open(io.BytesIO(asked.images[0].data)).convert("RGB")
    content = [{"type": "image"}, {"type": "text", "text": asked.prompt}]
    text = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    return processor(text=text, images=[image], return_tensors="pt")


def silent() -> StageRecorder:
    return StageRecorder(enabled=False)


@pytest.mark.parametrize("kind", AWKWARD)
def test_tensors_are_bit_equal_to_stock(pipeline: Any, argus: Any, kind: str) -> None:
    asked = request(AWKWARD[kind])
    ours, stock = pipeline.prepare(asked, StageRecorder()).tensors, stock_inputs(argus.processor, asked)
    assert ours.keys() == stock.keys()
    for name, tensor in stock.items():
        assert torch.equal(ours[name], tensor), name


@pytest.mark.parametrize("question", QUESTIONS)
def test_ids_are_stock_for_any_text(pipeline: Any, argus: Any, question: str) -> None:
    asked = request(AWKWARD["palette"], prompt=question)
    assert torch.equal(
        pipeline.prepare(asked, silent()).tensors["input_ids"], stock_inputs(argus.processor, asked)["input_ids"]
    )


@pytest.mark.parametrize("kind", ["landscape", "one pixel"])
def test_tokens_are_those_of_generate(pipeline: Any, argus: Any, kind: str) -> None:
    asked = request(AWKWARD[kind], tokens=8)
    inputs = stock_inputs(argus.processor, asked)
    with torch.inference_mode():
        stock = argus.model.generate(**inputs, do_sample=False, max_new_tokens=8)
    expected = cut_after_end(
        stock[0, inputs["input_ids"].shape[1] :].tolist(), frozenset({argus.processor.tokenizer.eos_token_id})
    )
    assert pipeline.run(asked, StageRecorder()).token_ids == expected


def test_requests_prepared_together_get_the_tensors_of_their_own_calls(pipeline: Any) -> None:
    asked = [request(image, prompt="x " * index) for index, image in enumerate(AWKWARD.values())]
    alone = [pipeline.host_inputs(one, silent()) for one in asked]
    together = pipeline.host_inputs_together(asked)
    assert len(alone) == len(together) > 5
    for one, other in zip(alone, together, strict=True):
        assert one.tiles == other.tiles
        assert one.tensors.keys() == other.tensors.keys()
        for name, tensor in one.tensors.items():
            assert torch.equal(tensor, other.tensors[name]), name


def test_a_batch_is_one_call_of_the_stock_processor(pipeline: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(pipeline), "host_inputs", None)
    assert len(pipeline.host_inputs_together([request(AWKWARD["grey"]), request(AWKWARD["palette"])])) == 2


def test_fixed_length_makes_exactly_that_many_tokens(pipeline: Any) -> None:
    response = pipeline.run(request(AWKWARD["grey"], tokens=17, fixed=True), StageRecorder())
    assert response.lengths.output_tokens == 17
    assert response.timing is not None
    assert response.timing.tpot_ns(17) is not None


def test_a_batch_answers_like_single_requests(pipeline: Any) -> None:
    asked = [
        request(AWKWARD[kind], prompt="x" * index) for index, kind in enumerate(("landscape", "grey", "portrait"))
    ]
    single = [pipeline.run(item, StageRecorder()) for item in asked]
    prepared = [pipeline.host_inputs(item, silent()) for item in asked]
    batch = pipeline.run_prepared(prepared, asked[0].decoding)
    assert [item.token_ids for item in batch] == [item.token_ids for item in single]
    assert [item.lengths for item in batch] == [item.lengths for item in single]


def test_stages_add_up_to_the_time_to_first_token(pipeline: Any) -> None:
    pipeline.run(request(AWKWARD["landscape"]), StageRecorder())
    timing = pipeline.run(request(AWKWARD["landscape"]), StageRecorder()).timing
    assert timing is not None
    expected = {
        "image_decode",
        "image_process",
        "template",
        "tokenize",
        "transfer",
        "vision",
        "merge",
        "prefill",
        "first_token",
    }
    assert expected <= timing.stages_ns.keys()
    assert timing.timers_ns is not None
    assert 0 < timing.timers_ns < timing.e2e_ns
    residual = timing.residual()
    assert residual is not None
    assert 0 <= residual < 0.05
    assert 0 < timing.to_uint8_tiles_ns < timing.to_model_ready_ns < timing.ttft_ns < timing.e2e_ns


def test_without_stage_timers_the_ends_are_still_stamped(pipeline: Any) -> None:
    timing = pipeline.run(request(AWKWARD["grey"]), silent()).timing
    assert timing is not None
    assert timing.stages_ns == {}
    assert timing.timers_ns is None
    assert timing.ttft_ns is not None
    assert timing.e2e_ns is not None


def test_hooks_leave_no_trace(pipeline: Any, argus: Any) -> None:
    before = dict(argus.processor.image_processor.__dict__)
    pipeline.run(request(AWKWARD["grey"]), StageRecorder())
    assert argus.processor.image_processor.__dict__ == before
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in argus.model.modules())


def test_visual_tokens_are_counted(pipeline: Any) -> None:
    lengths = pipeline.run(request(AWKWARD["landscape"]), StageRecorder()).lengths
    assert lengths.tiles is not None
    assert lengths.visual_tokens == lengths.tiles * 64


@pytest.mark.parametrize("data", [b"", b"not an image", AWKWARD["landscape"].data[:3000]])
def test_an_image_that_cannot_be_decoded_is_a_sample_error(pipeline: Any, data: bytes) -> None:
    broken = EncodedImage(data=data, sha256="x", size=None, format=None)
    with pytest.raises(SampleError, match="cannot be decoded"):
        pipeline.run(request(broken), StageRecorder())


def test_cut_after_end() -> None:
    assert cut_after_end([5, 2, 7, 2], frozenset({2})) == (5, 2)
    assert cut_after_end([5, 7], frozenset({2})) == (5, 7)
    assert cut_after_end([], frozenset({2})) == ()
