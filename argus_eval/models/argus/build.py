"""An ArgusVLM of a preset's size with random weights, and its processor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch

from argus_eval.errors import UnknownNameError
from argus_eval.models.argus.configuration import PRESETS, ArgusConfig, preset_config
from argus_eval.models.argus.modeling import ArgusForConditionalGeneration
from argus_eval.models.argus.processing import ArgusProcessor, argus_image_processor, argus_tokenizer
from argus_eval.models.initialization import quick_initialization

__all__ = ["BuiltArgus", "build_argus", "build_processor"]


class BuiltArgus(NamedTuple):
    """A model in evaluation mode and the processor that feeds it."""

    model: ArgusForConditionalGeneration
    processor: ArgusProcessor


def build_argus(preset: str, seed: int = 0, dtype: torch.dtype | None = None) -> BuiltArgus:
    """Random weights, the same for the same seed.

    nano gets the family's own initialisation, good to train from; the others the quick one, good to time.

    Args:
        preset: ``nano``, ``256m``, ``500m`` or ``2b``.
        seed: of the weights; the global generator is left as it was.
        dtype: of the weights; float32 when absent, bfloat16 for 2b.

    Raises:
        UnknownNameError: no such preset.
    """
    if preset not in PRESETS:
        raise UnknownNameError("argus preset", preset, PRESETS)
    if dtype is None:
        dtype = torch.bfloat16 if preset == "2b" else torch.float32
    config = preset_config(PRESETS[preset])
    with _careful_initialization(seed) if preset == "nano" else quick_initialization(seed):
        model = ArgusForConditionalGeneration._from_config(config, dtype=dtype)
    return BuiltArgus(model.eval(), build_processor(config, PRESETS[preset].max_tiles))


def build_processor(config: ArgusConfig, max_tiles: int = 4) -> ArgusProcessor:
    """The processor that fits a configuration, with the tokenizer of this package."""
    return ArgusProcessor(
        image_processor=argus_image_processor(config.vision_config.image_size, max_tiles),
        tokenizer=argus_tokenizer(),
        image_seq_length=config.tokens_per_tile,
    )


@contextmanager
def _careful_initialization(seed: int) -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
