"""uint8-transfer: pixels leave the host as bytes and are normalised where the model runs; no mask of ones.

Bottleneck: the stock processor sends float32 pixels, four bytes for every one that was decoded (53 MB for 17 tiles
of 512 pixels), and SmolVLM's sends an int64 mask of another 36 MB that says "no padding" about every pixel.
Nothing is lost by sending the bytes: rescaling and normalising are the same operations on the other side.

The resizing is left to the stock processor; ``fused-tiles`` replaces that too and keeps this transfer.

Expected effect: 2 to 15 ms an image where a bus lies between host and device; on a CPU the mask, the padded buffer
and the passes over fresh float32 memory go, and normalising only changes its place.
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
    name="uint8-transfer",
    summary="pixels leave the host as bytes, are normalised on the model's device; no mask of ones",
    parts=frozenset({"image_processor", "transfer"}),
    scope="pipeline",
    loss_class=LossClass.L1,
    order=10,
    families=frozenset({"argus", "internvl", "smolvlm"}),
)


def apply(pipeline: Pipeline) -> Pipeline:
    """Switch the stock image half to uint8 and normalise after the transfer.

    Raises:
        IncompatibleError: the installed processor does not leave uint8 tiles when told so.
    """
    from argus_eval.pipeline.halves import StockImageHalf
    from argus_eval.recipes.agreement import require_same_pixels
    from argus_eval.recipes.bands import Bands
    from argus_eval.recipes.buffers import BufferPool
    from argus_eval.recipes.device_normalize import normalize_after_transfer

    half = pipeline.image_half
    if not isinstance(half, StockImageHalf):
        raise IncompatibleError(f"recipe {INFO.name!r} needs the stock image half of {pipeline.family}")
    # Tiles of one request all have the same size: without padding the processor only stacks them.
    bytes_only = half.with_uint8_output({"do_pad": False} if pipeline.family == "smolvlm" else {})
    changed = normalize_after_transfer(pipeline.with_image_processor(bytes_only), BufferPool(), Bands())
    require_same_pixels(INFO.name, pipeline, changed)
    return changed
