"""attention-eager: attention as two products and a softmax, each written to memory.

Bottleneck: for short sequences the set-up of a fused kernel; this one has none, but stores every score.

Expected effect: slower as a rule, most of all with many visual tokens; the control of the sweep. Servers have no
such mode.
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
    name="attention-eager",
    summary="attention as plain products and a softmax",
    parts=frozenset({"vision", "language"}),
    scope="pipeline",
    loss_class=LossClass.L1,
    order=3,
    conflicts=NAMES - {"attention-eager"},
    serving={"vllm": None, "sglang": None},
)


def apply(pipeline: Pipeline) -> Pipeline:
    """The pipeline with this attention in tower and decoder."""
    return use_attention(pipeline, "eager", INFO.name)
