from __future__ import annotations

import pytest
import torch
from transformers import pipeline

from argus_eval.errors import UnknownNameError
from argus_eval.models import initialization
from argus_eval.models.argus import build_argus
from argus_eval.models.argus.build import BuiltArgus
from argus_eval.models.argus.configuration import preset_config
from argus_eval.models.argus.modeling import ArgusForConditionalGeneration
from argus_eval.models.initialization import quick_initialization

from .conftest import SMALL, picture


@pytest.fixture(scope="module")
def nano() -> BuiltArgus:
    return build_argus("nano", seed=3)


def test_the_same_seed_gives_the_same_weights(nano: BuiltArgus) -> None:
    again, other = build_argus("nano", seed=3).model, build_argus("nano", seed=4).model
    pairs = list(zip(nano.model.parameters(), again.parameters(), other.parameters(), strict=True))
    assert all(torch.equal(a, b) for a, b, _ in pairs)
    assert any(not torch.equal(a, c) for a, _, c in pairs)


def test_the_global_generator_is_left_alone() -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    build_argus("nano", seed=9)
    assert torch.equal(torch.rand(3), expected)


def test_dtype_and_mode(nano: BuiltArgus) -> None:
    assert nano.model.dtype == torch.float32
    assert not nano.model.training
    half = build_argus("nano", dtype=torch.bfloat16).model
    assert {parameter.dtype for parameter in half.parameters()} == {torch.bfloat16}
    assert (
        half.model.language_model.rotary_emb.inv_freq.dtype == torch.float32
    )  # half a table would misplace tokens


def test_the_quick_initialisation_covers_every_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    def fill_with_nothing(layer: torch.nn.Module) -> None:
        for parameter in layer.parameters(recurse=False):
            torch.nn.init.constant_(parameter, torch.nan)

    monkeypatch.setattr(initialization, "_leave_empty", fill_with_nothing)
    with quick_initialization(0):
        model = ArgusForConditionalGeneration._from_config(preset_config(SMALL))
    assert all(torch.isfinite(parameter).all() for parameter in model.parameters())
    table = model.model.language_model.rotary_emb.inv_freq
    assert table[0] == 1
    assert (table.diff() < 0).all()


def test_unknown_presets_name_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="256m"):
        build_argus("256")


def test_it_runs_in_the_transformers_pipeline(nano: BuiltArgus) -> None:
    ask = pipeline("image-text-to-text", model=nano.model, processor=nano.processor)
    content = [{"type": "image", "image": picture(320, 240)}, {"type": "text", "text": "What is it?"}]
    [answer] = ask(text=[{"role": "user", "content": content}], max_new_tokens=8, return_full_text=False)
    text = nano.processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    inputs = nano.processor(text=text, images=[picture(320, 240)], return_tensors="pt")
    produced = nano.model.generate(**inputs, max_new_tokens=8, do_sample=False)[0, inputs["input_ids"].shape[1] :]
    assert len(produced) > 0
    assert answer["generated_text"] == nano.processor.decode(produced, skip_special_tokens=True)
