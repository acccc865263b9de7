from __future__ import annotations

import importlib.util
import pathlib

import numpy as np
import pytest
import torch
from PIL import Image

from argus_eval.errors import EnvironmentError_, UsageError
from argus_eval.models import initialization
from argus_eval.models.blueprints import fastvlm
from argus_eval.models.blueprints.blueprint import Blueprint
from argus_eval.models.cards import ModelCard
from argus_eval.models.catalog import CARDS, model_card
from argus_eval.models.load import card_for, load_model
from argus_eval.models.random_weights import Built, blueprint_of, build_random

OTHERS = [card for card in CARDS if card.family != "argus"]
WITHOUT_CHAT = {"florence-2": "<CAPTION>", "paligemma2-3b": "<image>detect cat"}


def picture(width: int = 150, height: int = 96) -> Image.Image:
    rng = np.random.default_rng(0)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


def need_timm(card: ModelCard) -> None:
    if card.family == "fastvlm" and importlib.util.find_spec("timm") is None:
        pytest.skip("timm is not installed")


def prompt(card: ModelCard, built: Built) -> str:
    if card.name in WITHOUT_CHAT:
        return WITHOUT_CHAT[card.name]
    content = [{"type": "image"}, {"type": "text", "text": "What is it?"}]
    text: str = built.processor.apply_chat_template(
        [{"role": "user", "content": content}], add_generation_prompt=True
    )
    return text


def inputs_of(card: ModelCard, built: Built) -> dict[str, torch.Tensor]:
    inputs = dict(built.processor(text=prompt(card, built), images=[picture()], return_tensors="pt"))
    inputs.pop("labels", None)
    return inputs


@pytest.mark.parametrize("card", OTHERS, ids=lambda card: card.name)
def test_true_blueprints_have_the_size_on_the_card(card: ModelCard) -> None:
    need_timm(card)
    plan: Blueprint = blueprint_of(card)
    with torch.device("meta"):
        model = plan.model_class(plan.config)
    assert sum(parameter.numel() for parameter in model.parameters()) == card.parameters
    assert model.get_input_embeddings().weight.shape == (
        card.architecture.vocabulary,
        card.architecture.text_hidden,
    )
    assert len(plan.processor.tokenizer) <= card.architecture.vocabulary


@pytest.mark.parametrize("card", OTHERS, ids=lambda card: card.name)
def test_tiny_models_answer_and_come_back_from_disk(card: ModelCard, tmp_path: pathlib.Path) -> None:
    need_timm(card)
    built = build_random(card, scale="tiny", seed=5)
    inputs = inputs_of(card, built)
    answer = built.model.generate(**inputs, max_new_tokens=3, do_sample=False)
    assert answer.shape[0] == 1

    built.model.save_pretrained(tmp_path)
    built.processor.save_pretrained(tmp_path)
    loaded = load_model(card, str(tmp_path))
    again = inputs_of(card, Built(loaded.model, loaded.processor))
    assert again.keys() == inputs.keys()
    assert all(torch.equal(again[name], inputs[name]) for name in inputs)
    assert loaded.model.generate(**again, max_new_tokens=3, do_sample=False).tolist() == answer.tolist()
    assert type(loaded.processor) is type(built.processor)
    assert loaded.weights == "trained"

    own = card_for(f"hf:{tmp_path}")
    assert (own.family, own.dialect, own.capabilities) == (card.family, card.dialect, card.capabilities)


def test_every_checkpoint_token_has_its_row() -> None:
    for card in OTHERS:
        need_timm(card)
        plan = blueprint_of(card)
        image = plan.config.image_token_id
        assert image < card.architecture.vocabulary
        assert image == plan.processor.image_token_id


# Visual tokens of real image sizes with the published settings, worked out from the families' own rules:
# SmolVLM long edge 2048 in tiles of 512 + 1, InternVL3 closest grid of at most 12 tiles of 448 + 1,
# Qwen2.5-VL multiples of 28, Qwen3-VL multiples of 32 with at least 65,536 pixels.
@pytest.mark.parametrize(
    ("name", "size", "tokens"),
    [
        ("smolvlm-256m", (640, 480), 13 * 64),
        ("smolvlm-256m", (224, 224), 17 * 64),
        ("smolvlm-2.2b", (640, 480), 13 * 81),
        ("internvl3-1b", (640, 480), 13 * 256),
        ("internvl3-1b", (1280, 720), 9 * 256),
        ("qwen2.5-vl-3b", (640, 480), (644 // 28) * (476 // 28)),
        ("qwen3-vl-2b", (640, 480), (640 // 32) * (480 // 32)),
        ("qwen3-vl-2b", (64, 64), (256 // 32) * (256 // 32)),
    ],
)
def test_stock_processors_have_their_published_settings(name: str, size: tuple[int, int], tokens: int) -> None:
    plan = blueprint_of(model_card(name))
    built = Built(None, plan.processor)
    inputs = plan.processor(text=prompt(model_card(name), built), images=[picture(*size)], return_tensors="pt")
    assert inputs["input_ids"][0].tolist().count(plan.config.image_token_id) == tokens


def _fill_with_nothing(layer: torch.nn.Module) -> None:
    for parameter in layer.parameters(recurse=False):
        torch.nn.init.constant_(parameter, torch.nan)


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_no_weight_is_left_uninitialised(card: ModelCard, monkeypatch: pytest.MonkeyPatch) -> None:
    need_timm(card)
    monkeypatch.setattr(initialization, "_leave_empty", _fill_with_nothing)
    built = build_random(card, scale="tiny")
    assert [name for name, p in built.model.named_parameters() if not torch.isfinite(p).all()] == []


def test_seeds() -> None:
    card = model_card("internvl3-1b")
    one, same, other = (build_random(card, scale="tiny", seed=seed).model for seed in (1, 1, 2))
    parameters = list(zip(one.parameters(), same.parameters(), other.parameters(), strict=True))
    assert all(torch.equal(a, b) for a, b, _ in parameters)
    assert any(not torch.equal(a, c) for a, _, c in parameters)


def test_tiny_argus_is_nano_and_half_precision_is_possible() -> None:
    built = build_random(model_card("argus-2b"), scale="tiny", dtype=torch.bfloat16)
    assert sum(parameter.numel() for parameter in built.model.parameters()) == model_card("argus-nano").parameters
    assert built.model.dtype == torch.bfloat16


def test_a_checkpoint_has_no_architecture_to_build(tmp_path: pathlib.Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "internvl"}', encoding="utf-8")
    with pytest.raises(UsageError, match="registered model"):
        build_random(card_for(f"hf:{tmp_path}"))


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fastvlm.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EnvironmentError_, match="pip install timm"):
        build_random(model_card("fastvlm"), scale="tiny")
