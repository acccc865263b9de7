from __future__ import annotations

import dataclasses

import pytest
import torch

from argus_eval.models.argus.configuration import PRESETS, ArgusConfig, preset_config
from argus_eval.models.argus.modeling import ArgusForConditionalGeneration
from argus_eval.models.argus.processing import argus_tokenizer
from argus_eval.models.argus.vocabulary import SHIPPED_VOCABULARY


def meta_model(preset: str) -> ArgusForConditionalGeneration:
    with torch.device("meta"):
        return ArgusForConditionalGeneration(preset_config(PRESETS[preset]))


def count(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


# Parameter counts of the published SmolLM2 checkpoints, with their own vocabulary of 49,152 entries.
@pytest.mark.parametrize(
    ("preset", "published"), [("256m", 134_515_008), ("500m", 361_821_120), ("2b", 1_711_376_384)]
)
def test_decoders_have_their_published_size(preset: str, published: int) -> None:
    decoder = meta_model(preset).model.language_model
    extra = decoder.config.vocab_size - 49_152
    assert count(decoder) - extra * decoder.config.hidden_size == published


# SigLIP-B/16 and SigLIP-SO400M/16 at 512 px, counted from the architecture: 32 × 32 positions, no pooling head.
@pytest.mark.parametrize(
    ("preset", "width", "mlp", "layers"),
    [("256m", 768, 3072, 12), ("500m", 768, 3072, 12), ("2b", 1152, 4304, 27)],
)
def test_towers_have_the_size_of_siglip(preset: str, width: int, mlp: int, layers: int) -> None:
    attention = 4 * (width * width + width)
    feed_forward = width * mlp + mlp + mlp * width + width
    norms = 2 * 2 * width
    embedding = 3 * 16 * 16 * width + width + 32 * 32 * width
    expected = layers * (attention + feed_forward + norms) + embedding + 2 * width
    assert count(meta_model(preset).model.vision_tower) == expected


def test_nano_fits_the_shipping_limit() -> None:
    parameters = count(meta_model("nano"))
    assert parameters > 2_000_000
    assert parameters * 2 < 25_000_000  # bytes of a float16 checkpoint


@pytest.mark.parametrize("preset", PRESETS)
def test_a_tile_becomes_64_tokens(preset: str) -> None:
    assert preset_config(PRESETS[preset]).tokens_per_tile == 64


def test_nano_with_a_factor_of_four_has_sixteen_tokens_a_tile() -> None:
    config = preset_config(dataclasses.replace(PRESETS["nano"], unshuffle=4))
    assert config.tokens_per_tile == 16


@pytest.mark.parametrize("preset", PRESETS)
def test_vocabulary_is_padded_and_holds_the_tokenizer(preset: str) -> None:
    vocabulary = preset_config(PRESETS[preset]).text_config.vocab_size
    assert vocabulary % 128 == 0
    assert vocabulary >= SHIPPED_VOCABULARY


def test_special_ids_are_those_of_the_shipped_tokenizer() -> None:
    config, tokenizer = preset_config(PRESETS["nano"]), argus_tokenizer()
    assert config.image_token_id == tokenizer.convert_tokens_to_ids("<image>")
    assert config.location_token_offset == tokenizer.convert_tokens_to_ids("<loc_0>")
    assert config.text_config.eos_token_id == tokenizer.eos_token_id
    assert config.text_config.pad_token_id == tokenizer.pad_token_id


def test_a_factor_that_does_not_divide_is_refused() -> None:
    with pytest.raises(ValueError, match="pixel_unshuffle_factor=3"):
        preset_config(dataclasses.replace(PRESETS["nano"], unshuffle=3))


def test_it_survives_a_round_trip_through_a_dictionary() -> None:
    config = preset_config(PRESETS["256m"])
    again = ArgusConfig.from_dict(config.to_dict())
    assert again.to_dict() == config.to_dict()
    assert again.location_vocabulary == config.location_vocabulary


def test_only_2b_is_assumed() -> None:
    assert [name for name, preset in PRESETS.items() if preset.assumed] == ["2b"]
