"""gpu-preprocess: the stock image processor on the GPU, by its own ``device`` argument.

Bottleneck: resizing and normalising on a few CPU cores while the GPU waits. The decoded bytes are copied once
(0.9 MB for 640 × 480 pixels) and everything else is a handful of small kernels.

Not for SmolVLM: its filter, LANCZOS, does not exist on CUDA and the stock processor falls back to another one. The
GPU resizes in float32 and rounds once where the CPU rounds after each of two passes, hence L1. Under load the
kernels compete with the model's.

Expected effect: 4 ms and more an image for InternVL at concurrency 1, against the stock processor; against
``fused-tiles`` the order is open, and has to be measured on the GPU in question.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from argus_eval.core.loss_class import LossClass
from argus_eval.errors import IncompatibleError
from argus_eval.recipes.protocol import RecipeInfo

if TYPE_CHECKING:
    from argus_eval.pipeline.pipeline import Pipeline

__all__ = ["INFO", "apply"]

INFO = RecipeInfo(
    name="gpu-preprocess",
    summary="the stock image processor on the GPU, by its own device argument",
    parts=frozenset({"image_processor"}),
    scope="pipeline",
    loss_class=LossClass.L1,
    order=9,
    families=frozenset({"argus", "internvl"}),
    devices=frozenset({"cuda"}),
    conflicts=frozenset({"fused-tiles", "uint8-transfer", "pinned-copies"}),
)


def apply(pipeline: Pipeline) -> Pipeline:
    """Hand the stock image half the model's device.

    Raises:
        IncompatibleError: the image half is not the stock one, or the stock one works with Pillow.
    """
    from argus_eval.pipeline.halves import StockImageHalf

    half = pipeline.image_half
    if not isinstance(half, StockImageHalf):
        raise IncompatibleError(f"needs the stock image half of {pipeline.family}")
    if getattr(pipeline.processor.image_processor, "backend", None) != "torchvision":
        raise IncompatibleError("needs the torchvision image processor; Pillow works on the host only")
    return pipeline.with_image_processor(half.with_arguments({"device": str(pipeline.device)}))
