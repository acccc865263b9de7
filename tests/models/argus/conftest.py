"""A small ArgusVLM that shares everything with the presets but its size."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from PIL import Image

from argus_eval.models.argus.build import BuiltArgus, build_processor
from argus_eval.models.argus.configuration import PRESETS, ArgusConfig, preset_config
from argus_eval.models.argus.modeling import ArgusForConditionalGeneration
from argus_eval.models.argus.processing import ArgusProcessor

SMALL = dataclasses.replace(
    PRESETS["nano"],
    tile_px=64,
    vision_hidden=32,
    vision_layers=2,
    vision_heads=2,
    vision_mlp=64,
    text_hidden=48,
    text_layers=2,
    text_heads=4,
    text_kv_heads=2,
    text_mlp=96,
)


@pytest.fixture(scope="session")
def small() -> BuiltArgus:
    config: ArgusConfig = preset_config(SMALL)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = ArgusForConditionalGeneration(config).eval()
        # larger weights: with the usual ones every next token would be the last token again
        for parameter in model.model.parameters():
            parameter.data.mul_(4)
    return BuiltArgus(model, build_processor(config))


@pytest.fixture(scope="session")
def processor(small: BuiltArgus) -> ArgusProcessor:
    return small.processor


def picture(width: int, height: int, seed: int = 0) -> Image.Image:
    """A reproducible picture with structure at every scale."""
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


def question(text: str = "Where is the red cup?") -> list[dict[str, object]]:
    """One user turn with one image."""
    return [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": text}]}]
