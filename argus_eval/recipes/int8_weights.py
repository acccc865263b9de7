"""int8-weights: the decoder's matrices as 8-bit integers, activations as they are.

Bottleneck: one token of the decode loop reads every weight once; at batch 1 it waits for memory, not for
arithmetic.

A quarter (float32) or half (bfloat16) of the bytes are read; each product first turns the integers back.

Expected effect: faster decoding where memory decides, from about 2 B parameters on a GPU; a prefill as before or
slightly slower. Small models are bound by launches, not by memory: little or nothing there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from argus_eval.core.loss_class import LossClass
from argus_eval.recipes.protocol import RecipeInfo

if TYPE_CHECKING:
    from argus_eval.pipeline.pipeline import Pipeline

__all__ = ["INFO", "apply"]

INFO = RecipeInfo(
    name="int8-weights",
    summary="decoder matrices as 8-bit integers (torchao, weight only)",
    parts=frozenset({"language"}),
    scope="pipeline",
    loss_class=LossClass.L2,
    order=2,
    libraries=frozenset({"torchao"}),
    conflicts=frozenset({"int4-weights", "w8a8"}),
    serving={"sglang": ("--torchao-config", "int8wo")},
)


def apply(pipeline: Pipeline) -> Pipeline:
    """The pipeline around a copy of the model with an 8-bit decoder."""
    from argus_eval.recipes.quantization import import_torchao, quantize_decoder

    return quantize_decoder(pipeline, import_torchao().Int8WeightOnlyConfig(), INFO.name)
