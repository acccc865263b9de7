"""Any registered architecture with random weights, built without a network.

Layer sizes and vocabulary are the true ones. The tokenizer is the one that ships with this package plus the
family's special tokens; it uses the first few thousand rows of the embedding, the others are padding.
"""

from __future__ import annotations

import importlib
from typing import Any, Literal, NamedTuple

import torch

from argus_eval.errors import EnvironmentError_, UsageError
from argus_eval.models.blueprints.blueprint import Blueprint, tiny
from argus_eval.models.cards import ModelCard
from argus_eval.models.initialization import quick_initialization

__all__ = ["Built", "Scale", "blueprint_of", "build_random"]

Scale = Literal["true", "tiny"]

#: family → module of ``argus_eval.models.blueprints`` with ``blueprint(architecture) -> Blueprint``
_BLUEPRINTS = {
    "smolvlm": "smolvlm",
    "internvl": "internvl",
    "qwen2-vl": "qwen2_vl",
    "qwen2.5-vl": "qwen2_5_vl",
    "qwen3-vl": "qwen3_vl",
    "florence-2": "florence2",
    "paligemma": "paligemma",
    "lfm2-vl": "lfm2_vl",
    "fastvlm": "fastvlm",
}


class Built(NamedTuple):
    """A model in evaluation mode and its processor."""

    model: Any
    processor: Any


def build_random(
    card: ModelCard, *, scale: Scale = "true", seed: int = 0, dtype: torch.dtype = torch.float32
) -> Built:
    """A card's architecture with random weights, the same for the same seed.

    Args:
        card: a registered one.
        scale: ``true`` sizes, or ``tiny``: the same kind of model with two narrow layers, for tests.
        seed: of the weights.
        dtype: of the weights.

    Raises:
        UsageError: the card has no architecture (a checkpoint given by path).
        EnvironmentError_: the family needs a package that is not installed.
    """
    if card.family == "argus" and card.architecture is not None:
        return _build_argus(card, scale, seed, dtype)
    plan = blueprint_of(card, scale)
    with quick_initialization(seed):
        model = plan.model_class._from_config(plan.config, dtype=dtype)
    return Built(model.eval(), plan.processor)


def blueprint_of(card: ModelCard, scale: Scale = "true") -> Blueprint:
    """Configuration and stock processor of a card whose family is not Argus; no weights.

    Raises:
        UsageError: the card has no architecture.
        EnvironmentError_: the family needs a package that is not installed.
    """
    if card.architecture is None:
        raise UsageError(f"model {card.name}: random weights need a registered model; this one is a checkpoint")
    module = importlib.import_module(f"argus_eval.models.blueprints.{_BLUEPRINTS[card.family]}")
    try:
        plan: Blueprint = module.blueprint(tiny(card.architecture) if scale == "tiny" else card.architecture)
    except ImportError as error:
        raise EnvironmentError_(f"model {card.name}: {' '.join(str(error).split())}") from error
    return plan


def _build_argus(card: ModelCard, scale: Scale, seed: int, dtype: torch.dtype) -> Built:
    from argus_eval.models.argus.build import build_argus

    preset = "nano" if scale == "tiny" else card.name.removeprefix("argus-")
    return Built(*build_argus(preset, seed, dtype))
