"""stock-pil: the arm ``baseline@pil``, stock with the legacy Pillow image processor. Slower, and meant to be.

Bottleneck: the one the paper measured. Every resize turns an array into a Pillow image and back, tiles are cut,
rescaled and normalised one by one in NumPy. It is what transformers used before its torchvision processors, and
still uses for some models where torchvision is older than 0.27.

It stands beside the baseline so that figures from older set-ups can be placed; no claim is made against it. Pillow
and torchvision filter the same way and may round differently: L1.

Expected effect: slower than the baseline.
"""

from __future__ import annotations

import copy
import dataclasses
import importlib
from typing import TYPE_CHECKING, Any

from argus_eval.core.loss_class import LossClass
from argus_eval.errors import IncompatibleError
from argus_eval.recipes.protocol import RecipeInfo

if TYPE_CHECKING:
    from argus_eval.pipeline.pipeline import Pipeline

__all__ = ["INFO", "apply", "legacy_processor"]

INFO = RecipeInfo(
    name="stock-pil",
    summary="legacy processor: stock with the Pillow image processor (the arm baseline@pil)",
    parts=frozenset({"preprocess"}),
    scope="pipeline",
    loss_class=LossClass.L1,
    order=1,
    staged=False,
    alone=True,
)


def legacy_processor(processor: Any) -> Any:
    """A copy of a stock processor with the Pillow form of its image processor.

    Raises:
        IncompatibleError: transformers has none for it.
    """
    stock = processor.image_processor
    if type(stock).__name__.endswith("Pil"):
        return processor
    module = type(stock).__module__.replace(".image_processing_", ".image_processing_pil_")
    try:
        legacy = getattr(importlib.import_module(module), f"{type(stock).__name__}Pil")
    except (ImportError, AttributeError) as missing:
        raise IncompatibleError(f"transformers has no Pillow form of {type(stock).__name__}") from missing
    changed = copy.copy(processor)
    changed.image_processor = legacy.from_dict(stock.to_dict())
    return changed


def apply(pipeline: Pipeline) -> Pipeline:
    """Replace the processor whole."""
    from argus_eval.pipeline.stock import StockPreprocessor

    processor = legacy_processor(pipeline.processor)
    return dataclasses.replace(
        pipeline, processor=processor, preprocess=StockPreprocessor(processor), split=None, staged=pipeline.staged
    )
