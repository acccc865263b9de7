"""attention-flash: the flash-attn package's kernels.

Bottleneck: scores written to memory and read back; masks that keep torch's fused attention from its fastest
kernel.

Expected effect: a few per cent of TTFT on long visual prompts, nothing or less on short ones; it has to be
measured. Needs an NVIDIA GPU, half precision weights and the flash-attn package.
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
    name="attention-flash",
    summary="attention by the flash-attn package",
    parts=frozenset({"vision", "language"}),
    scope="pipeline",
    loss_class=LossClass.L1,
    order=3,
    conflicts=NAMES - {"attention-flash"},
    devices=frozenset({"cuda"}),
    libraries=frozenset({"flash_attn"}),
    serving={"vllm": None, "sglang": ("--attention-backend", "fa3")},
)


def apply(pipeline: Pipeline) -> Pipeline:
    """The pipeline with this attention in tower and decoder."""
    return use_attention(pipeline, "flash_attention_2", INFO.name)
