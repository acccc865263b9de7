"""Any other image-text-to-text model runs through the generic pipeline, and answers what stock answers."""

from __future__ import annotations

import io
from typing import Any

import pytest
import torch
from PIL import Image

from argus_eval.measure.stages import StageRecorder
from argus_eval.models.catalog import model_card
from argus_eval.models.families import pipeline_for
from argus_eval.models.random_weights import build_random
from argus_eval.pipeline.stock import cut_after_end, end_token_ids
from tests.pipeline.images import AWKWARD, request

MODELS = ["smolvlm-256m", "internvl3-1b", "qwen2.5-vl-3b", "qwen3-vl-2b", "florence-2", "paligemma2-3b", "lfm2-vl"]


@pytest.fixture(scope="module", params=MODELS)
def tiny(request: pytest.FixtureRequest) -> Any:
    card = model_card(request.param)
    return card, build_random(card, scale="tiny", seed=1)


def stock_ids(processor: Any, model: Any, family: str, asked: Any) -> tuple[int, ...]:
    """What the model card's own lines generate."""
    image = Image.open(io.BytesIO(asked.images[0].data)).convert("RGB")
    if processor.chat_template:
        content = [{"type": "image"}, {"type": "text", "text": asked.prompt}]
        text = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    else:
        text = asked.prompt if family == "florence-2" else processor.image_token + asked.prompt
    inputs = processor(text=text, images=[image], return_tensors="pt")
    with torch.inference_mode():
        output = model.generate(**inputs, do_sample=False, max_new_tokens=asked.decoding.max_new_tokens)
    start = 0 if model.config.is_encoder_decoder else inputs["input_ids"].shape[1]
    return cut_after_end(output[0, start:].tolist(), end_token_ids(model))


def test_tokens_are_stock(tiny: Any) -> None:
    card, built = tiny
    pipeline = pipeline_for(card.family, built.model, built.processor)
    asked = request(AWKWARD["grey"], tokens=5)
    assert pipeline.run(asked, StageRecorder()).token_ids == stock_ids(
        built.processor, built.model, card.family, asked
    )


def test_stages_are_coarse_but_complete(tiny: Any) -> None:
    card, built = tiny
    pipeline = pipeline_for(card.family, built.model, built.processor)
    pipeline.run(request(AWKWARD["grey"]), StageRecorder())
    timing = pipeline.run(request(AWKWARD["grey"], tokens=17, fixed=True), StageRecorder()).timing
    assert timing is not None
    assert {
        "image_decode",
        "image_process",
        "tokenize",
        "transfer",
        "prefill",
        "decode",
    } <= timing.stages_ns.keys()
    assert "vision" not in timing.stages_ns or pipeline.staged
    residual = timing.residual()
    assert residual is not None
    assert abs(residual) < 0.1
    assert timing.to_model_ready_ns is not None


def test_several_requests_answer_like_single_ones(tiny: Any) -> None:
    card, built = tiny
    pipeline = pipeline_for(card.family, built.model, built.processor)
    asked = [request(AWKWARD[kind], tokens=4) for kind in ("grey", "palette")]
    silent = StageRecorder(enabled=False)
    together = pipeline.run_prepared([pipeline.host_inputs(item, silent) for item in asked], asked[0].decoding)
    assert [item.token_ids for item in together] == [pipeline.run(item, silent).token_ids for item in asked]
