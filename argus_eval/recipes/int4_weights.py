"""int4-weights: the decoder's matrices as 4-bit integers in groups of 32, activations as they are.

Bottleneck: as int8-weights; one token of the decode loop reads every weight once.

On a GPU the weights are packed for torchao's bfloat16 kernel, so the model has to be bfloat16 (add ``bf16``). On a
CPU torchao keeps each 4-bit value in a byte: what it costs in accuracy is the same, its speed says nothing about
packed kernels, and the results say so.

Expected effect: faster decoding from about 2 B parameters on a GPU; a larger loss than 8 bits, which the accuracy
gate has to allow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from argus_eval.core.loss_class import LossClass
from argus_eval.recipes.protocol import RecipeInfo

if TYPE_CHECKING:
    from argus_eval.pipeline.pipeline import Pipeline

__all__ = ["INFO", "apply"]

INFO = RecipeInfo(
    name="int4-weights",
    summary="decoder matrices as 4-bit integers (torchao, weight only)",
    parts=frozenset({"language"}),
    scope="pipeline",
    loss_class=LossClass.L2,
    order=2,
    libraries=frozenset({"torchao"}),
    conflicts=frozenset({"int8-weights", "w8a8"}),
    serving={"sglang": ("--torchao-config", "int4wo-32")},
)

_UNPACKED = "recipe 'int4-weights': 4-bit values in bytes on this device; its speed is not that of packed kernels"


def apply(pipeline: Pipeline) -> Pipeline:
    """The pipeline around a copy of the model with a 4-bit decoder."""
    import torch

    from argus_eval.recipes.model_copy import noted
    from argus_eval.recipes.quantization import GROUP, import_torchao, quantize_decoder

    torchao = import_torchao()
    if pipeline.device.type == "cuda":
        packed = torchao.Int4WeightOnlyConfig(group_size=GROUP, int4_packing_format="tile_packed_to_4d")
        return quantize_decoder(pipeline, packed, INFO.name)
    four_bits = torch.int4  # type: ignore[attr-defined]
    unpacked = torchao.IntxWeightOnlyConfig(weight_dtype=four_bits, granularity=torchao.PerGroup(GROUP))
    return noted(quantize_decoder(pipeline, unpacked, INFO.name), _UNPACKED)
