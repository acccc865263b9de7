"""A recipe with the commonest mistake of its kind: pixels are normalised with the wrong mean. It claims L1."""

from __future__ import annotations

import dataclasses
from typing import Any

from argus_eval.core.loss_class import LossClass
from argus_eval.recipes.protocol import RecipeInfo

INFO = RecipeInfo(
    name="shifted-normalisation",
    summary="normalises with the wrong mean",
    parts=frozenset({"transfer"}),
    scope="pipeline",
    loss_class=LossClass.L1,
    order=90,
)


class _Shifted:
    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __call__(self, inputs: Any) -> Any:
        moved = self._inner(inputs)
        if "pixel_values" not in moved.tensors:
            return moved
        pixels = moved.tensors["pixel_values"] - 1.5
        return dataclasses.replace(moved, tensors={**moved.tensors, "pixel_values": pixels})


def apply(pipeline: Any) -> Any:
    return dataclasses.replace(pipeline, transfer=_Shifted(pipeline.transfer))
