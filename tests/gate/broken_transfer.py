"""Recipes with the commonest mistakes of their kind: each spoils the pixels before the model, claiming L1."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import torch

from argus_eval.core.loss_class import LossClass
from argus_eval.recipes.protocol import RecipeInfo

Spoil = Callable[[torch.Tensor], torch.Tensor]


def broken_recipe(name: str, summary: str, spoil: Spoil) -> tuple[RecipeInfo, Callable[[Any], Any]]:
    """What a recipe's module has to hold."""
    info = RecipeInfo(
        name=name,
        summary=summary,
        parts=frozenset({"transfer"}),
        scope="pipeline",
        loss_class=LossClass.L1,
        order=90,
    )
    return info, lambda pipeline: dataclasses.replace(pipeline, transfer=_Spoilt(pipeline.transfer, spoil))


class _Spoilt:
    def __init__(self, inner: Any, spoil: Spoil) -> None:
        self._inner, self._spoil = inner, spoil

    def __call__(self, inputs: Any) -> Any:
        moved = self._inner(inputs)
        if "pixel_values" not in moved.tensors:
            return moved
        pixels = self._spoil(moved.tensors["pixel_values"])
        return dataclasses.replace(moved, tensors={**moved.tensors, "pixel_values": pixels})
