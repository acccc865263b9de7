"""Weights of the decoder's matrices in fewer bits, by torchao: int8-weights, int4-weights and w8a8.

Only the linear layers of the decoder are quantised: they are what the decode loop reads for every token. Tower,
projector, embedding and head keep their dtype, as published quantised checkpoints of these families have it. The
quantised matrices belong to a copy of the modules; the model under the other arms keeps its own.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from argus_eval.errors import IncompatibleError

if TYPE_CHECKING:
    from argus_eval.pipeline.pipeline import Pipeline

__all__ = ["EXTRA", "GROUP", "import_torchao", "quantize_decoder"]

#: What to install, for messages.
EXTRA = "pip install 'argus-eval[quant]'"

#: Weights that share one scale in 4-bit formats.
GROUP = 32


def import_torchao() -> Any:
    """``torchao.quantization``, without what its import says to developers of torch.

    Raises:
        IncompatibleError: it does not work with the torch that is installed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import torchao.quantization
    except (ImportError, AttributeError, RuntimeError) as problem:
        raise IncompatibleError(f"torchao cannot be used with this torch: {problem}; {EXTRA}") from problem
    return torchao.quantization


def quantize_decoder(pipeline: Pipeline, configuration: Any, recipe: str) -> Pipeline:
    """The pipeline around a copy of the model whose decoder is quantised.

    Args:
        pipeline: left as it is.
        configuration: one of torchao's.
        recipe: for messages.

    Raises:
        IncompatibleError: torchao has no kernels for this device and dtype.
    """
    from torch import nn

    from argus_eval.recipes.model_copy import noted, shared_copy, with_model

    torchao = import_torchao()
    model = shared_copy(pipeline.model)
    decoder = _decoder(model)

    def wanted(module: nn.Module, name: str) -> bool:
        return isinstance(module, nn.Linear) and module.in_features % GROUP == 0

    count = sum(wanted(module, name) for name, module in decoder.named_modules())
    try:
        torchao.quantize_(decoder, configuration, filter_fn=wanted)
    except (ImportError, NotImplementedError, AssertionError, RuntimeError, ValueError) as problem:
        where = f"{pipeline.device.type}, {str(pipeline.dtype).removeprefix('torch.')}"
        raise IncompatibleError(f"recipe {recipe!r}: torchao cannot do it on {where}: {problem}") from problem
    return noted(with_model(pipeline, model), **{f"{recipe}.matrices": count})


def _decoder(model: Any) -> Any:
    """The decoder stack, by the names that transformers uses."""
    base = model.base_model
    return getattr(base, "language_model", None) or base.text_model
