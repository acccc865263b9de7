"""w8a8: 8-bit weights and 8-bit activations in the decoder. The negative control.

Bottleneck: none at these sizes. Activations are measured and rounded before every product, which costs more than
8-bit arithmetic saves in a small matrix; reported slower than bfloat16 for compact models (arXiv 2603.16987 and
others). It is here to show that the harness says so.

Expected effect: slower on GPUs at batch 1; CPUs with 8-bit dot products may gain. The accuracy gate decides too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from argus_eval.core.loss_class import LossClass
from argus_eval.recipes.protocol import RecipeInfo

if TYPE_CHECKING:
    from argus_eval.pipeline.pipeline import Pipeline

__all__ = ["INFO", "apply"]

INFO = RecipeInfo(
    name="w8a8",
    summary="8-bit weights and activations in the decoder (torchao, dynamic): the negative control",
    parts=frozenset({"language"}),
    scope="pipeline",
    loss_class=LossClass.L2,
    order=2,
    libraries=frozenset({"torchao"}),
    conflicts=frozenset({"int8-weights", "int4-weights"}),
    serving={"sglang": ("--torchao-config", "int8dq")},
)


def apply(pipeline: Pipeline) -> Pipeline:
    """The pipeline around a copy of the model whose decoder multiplies integers."""
    from argus_eval.recipes.quantization import import_torchao, quantize_decoder

    return quantize_decoder(pipeline, import_torchao().Int8DynamicActivationInt8WeightConfig(), INFO.name)
