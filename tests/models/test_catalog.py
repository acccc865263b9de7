from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from argus_eval.errors import UnknownNameError
from argus_eval.models.argus.configuration import PRESETS, preset_config
from argus_eval.models.argus.modeling import ArgusForConditionalGeneration
from argus_eval.models.catalog import CARDS, model_card, model_names

PROMISED = {
    "argus-nano",
    "argus-256m",
    "argus-500m",
    "argus-2b",
    "smolvlm-256m",
    "smolvlm-500m",
    "smolvlm-2.2b",
    "internvl3-1b",
    "internvl3-2b",
    "qwen2.5-vl-3b",
    "qwen3-vl-2b",
    "florence-2",
    "paligemma2-3b",
    "lfm2-vl",
    "fastvlm",
}


def test_every_promised_model_is_registered() -> None:
    assert set(model_names()) >= PROMISED


def test_names_and_aliases_are_unique() -> None:
    spelled = [name for card in CARDS for name in (card.name, *card.aliases)]
    assert len(spelled) == len(set(spelled))
    assert all(name == name.lower() for name in spelled)


def test_aliases_and_capitals_find_the_card() -> None:
    assert model_card("SmolVLM-256M-Instruct").name == "smolvlm-256m"


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="'smolvlm-256m'"):
        model_card("smolvml-256m")


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_cards_are_consistent(card) -> None:
    assert (card.weights == "published") == (card.hub_id is not None)
    boxes = card.capabilities & {"grounding", "detection", "dense_captioning", "text_spotting"}
    assert bool(boxes) == (card.dialect is not None)
    assert card.capabilities
    assert card.architecture is not None
    assert card.architecture.text_heads % card.architecture.text_kv_heads == 0
    assert card.pipeline in ("staged", "generic")
    assert card.notes
    assert card.licence


def test_smolvlm_does_not_ground() -> None:
    assert not model_card("smolvlm-256m").supports("grounding")
    assert model_card("argus-2b").supports("grounding")


def test_only_argus_2b_is_assumed() -> None:
    assert [card.name for card in CARDS if card.assumed] == ["argus-2b"]


@pytest.mark.parametrize("name", PRESETS)
def test_argus_cards_agree_with_their_presets(name: str) -> None:
    card, preset = model_card(f"argus-{name}"), PRESETS[name]
    numbers, config = card.architecture, preset_config(preset)
    assert numbers is not None
    vision, text = config.vision_config, config.text_config
    assert (numbers.vision_hidden, numbers.vision_layers, numbers.vision_heads, numbers.vision_mlp) == (
        vision.hidden_size,
        vision.num_hidden_layers,
        vision.num_attention_heads,
        vision.intermediate_size,
    )
    assert (numbers.text_hidden, numbers.text_layers, numbers.text_heads, numbers.text_kv_heads) == (
        text.hidden_size,
        text.num_hidden_layers,
        text.num_attention_heads,
        text.num_key_value_heads,
    )
    assert (numbers.text_mlp, numbers.vocabulary) == (text.intermediate_size, text.vocab_size)
    assert (numbers.tile_px, numbers.tokens_per_tile) == (preset.tile_px, config.tokens_per_tile)
    assert (numbers.max_tiles, numbers.merge) == (preset.max_tiles, preset.unshuffle)
    assert card.assumed == preset.assumed
    with torch.device("meta"):
        model = ArgusForConditionalGeneration(config)
    assert sum(parameter.numel() for parameter in model.parameters()) == card.parameters


def test_listing_imports_nothing_heavy() -> None:
    code = (
        "import sys; from argus_eval.models.catalog import model_names; model_names(); "
        "print([m for m in ('torch', 'transformers', 'numpy', 'pandas', 'pydantic') if m in sys.modules])"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert output.stdout.strip() == "[]"
