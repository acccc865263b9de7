"""A model small enough to train in a test, and a few examples."""

from __future__ import annotations

import dataclasses

import pytest

from argus_eval.models.argus.configuration import PRESETS, ArgusPreset
from argus_eval.models.argus.training.examples import Example, make_example

KINDS = ("refcoco", "textvqa", "pope", "vqav2", "ocrbench", "coco_detection")


@pytest.fixture(scope="session")
def shape() -> ArgusPreset:
    """64 px, 16 visual tokens, two thin layers each."""
    return dataclasses.replace(
        PRESETS["nano"],
        tile_px=64,
        patch_px=16,
        unshuffle=1,
        vision_hidden=48,
        vision_layers=2,
        vision_heads=2,
        vision_mlp=96,
        text_hidden=48,
        text_layers=2,
        text_heads=2,
        text_kv_heads=2,
        text_mlp=96,
        max_tiles=1,
    )


@pytest.fixture(scope="session")
def examples() -> list[Example]:
    """Eight training examples at 64 px with every kind of question."""
    return [make_example(seed, 64, KINDS) for seed in range(8)]
