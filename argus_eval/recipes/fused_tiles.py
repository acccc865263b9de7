"""fused-tiles: every resize of a family as one uint8 pass, tiles without detours, normalised where the model runs.

Bottleneck: the stock processor copies the decoded image into planes (which the resize kernel has to interleave
again), cuts tiles into lists, stacks, groups and reorders them, turns everything into float32 on the host in
several passes over fresh memory four times the size of the pixels, and copies that into a padded buffer tile by
tile, beside an int64 mask twice as large.

Here the decoder's interleaved pixels go straight into torch's uint8 kernel, by strips, on as many threads as torch
has; tiles are cut once, leave the host as uint8 (a quarter of the bytes) and are normalised where the model runs,
with the operations of the stock processor in its order. A mask of nothing but ones is not made: the model makes
the same from none.

State: memory of results is reused once no request refers to it any more.

Expected effect: most of the image-processing time of a request. The tiles are the stock torchvision processor's
uint8 values; L1 because another version of torchvision may round another way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from argus_eval.core.loss_class import LossClass
from argus_eval.recipes.protocol import RecipeInfo

if TYPE_CHECKING:
    from argus_eval.measure.stages import StageRecorder
    from argus_eval.pipeline.parts import ProcessedImages
    from argus_eval.pipeline.pipeline import Pipeline
    from argus_eval.recipes.tilers import Tiler

__all__ = ["INFO", "FusedTiles", "apply"]

INFO = RecipeInfo(
    name="fused-tiles",
    summary="one uint8 pass a resize, tiles without detours, normalised on the model's device",
    parts=frozenset({"image_processor", "transfer"}),
    scope="pipeline",
    loss_class=LossClass.L1,
    order=12,
    families=frozenset({"argus", "internvl", "smolvlm", "qwen2-vl", "qwen2.5-vl", "qwen3-vl"}),
)


class FusedTiles:
    """An image half that leaves uint8 tiles.

    Args:
        tiler: how the family cuts.
        per_prompt: tiles come as (1, N, 3, H, W) instead of (N, 3, H, W).
    """

    def __init__(self, tiler: Tiler, *, per_prompt: bool) -> None:
        self._tiler, self._per_prompt = tiler, per_prompt

    def __call__(self, images: Sequence[Any], recorder: StageRecorder) -> ProcessedImages:
        """See :class:`~argus_eval.pipeline.parts.ImageProcessor`."""
        import torch

        from argus_eval.pipeline.images import pixel_array
        from argus_eval.pipeline.parts import ProcessedImages

        with recorder.span("image_process.resize_tile"):
            cuts = [self._tiler(pixel_array(image)) for image in images]
            parts = [torch.from_numpy(cut.tiles) for cut in cuts]
            tiles = (parts[0] if len(parts) == 1 else torch.cat(parts)).movedim(-1, -3)
        recorder.mark("uint8_tiles")
        return ProcessedImages(
            tensors={"pixel_values": tiles.unsqueeze(0) if self._per_prompt else tiles},
            tiles=tuple(len(cut.tiles) for cut in cuts),
            grids=tuple(cut.grid for cut in cuts) if self._per_prompt else (),
        )


def apply(pipeline: Pipeline) -> Pipeline:
    """Replace the image half of the preprocessor and normalise after the transfer.

    Raises:
        IncompatibleError: the installed processor gives other tiles.
    """
    from argus_eval.recipes.agreement import require_same_pixels
    from argus_eval.recipes.bands import Bands
    from argus_eval.recipes.buffers import BufferPool
    from argus_eval.recipes.device_normalize import normalize_after_transfer
    from argus_eval.recipes.qwen_patches import fuse_patches
    from argus_eval.recipes.tilers import tiler_of

    if pipeline.family.startswith("qwen"):
        return fuse_patches(pipeline)
    buffers, bands = BufferPool(), Bands()
    tiler = tiler_of(pipeline.processor.image_processor, buffers, bands)
    half = FusedTiles(tiler, per_prompt=pipeline.family == "smolvlm")
    fused = normalize_after_transfer(pipeline.with_image_processor(half), buffers, bands)
    require_same_pixels(INFO.name, pipeline, fused)
    return fused
