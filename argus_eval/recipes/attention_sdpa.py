"""attention-sdpa: torch's fused scaled-dot-product attention.

Bottleneck: scores written to memory and read back by plain attention.

Expected effect: nothing where it is the default, which it is in every family here; the results say so. A gain for
a checkpoint whose configuration asks for another one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from argus_eval.core.loss_class import LossClass
from argus_eval.recipes.attention import NAMES, use_attention
from argus_eval.recipes.protocol import RecipeInfo

if TYPE_CHECKING:
    from argus_eval.pipeline.pipeline import Pipeline

__all__ = ["INFO", "apply"]

INFO = RecipeInfo(
    name="attention-sdpa",
    summary="torch's fused attention",
    parts=frozenset({"vision", "language"}),
    scope="pipeline",
    loss_class=LossClass.L1,
    order=3,
    conflicts=NAMES - {"attention-sdpa"},
    serving={"vllm": None, "sglang": ("--attention-backend", "torch_native")},
)


def apply(pipeline: Pipeline) -> Pipeline:
    """The pipeline with this attention in tower and decoder."""
    return use_attention(pipeline, "sdpa", INFO.name)
