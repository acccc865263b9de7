"""fused-tiles: one antialiased uint8 resize a view, tiles as views of it, normalising in the model's place.

Bottleneck: the stock processor copies the decoded image three times before it resizes it, cuts tiles into a list,
stacks, groups and reorders them, and turns everything into float32 on the host in several passes over a buffer
four times the size of the pixels.

Here the image is wrapped without a copy, resized once to the tile grid and once to the thumbnail, both as uint8;
the tiles leave the host as uint8 (a quarter of the bytes) and are normalised where the model runs, with the
operations of the stock processor in its order.

Expected effect: most of the image-processing time of a request; the tiles are the same uint8 values.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from argus_eval.core.loss_class import LossClass
from argus_eval.recipes.protocol import RecipeInfo

if TYPE_CHECKING:
    import torch

    from argus_eval.measure.stages import StageRecorder
    from argus_eval.pipeline.parts import ModelInputs, ProcessedImages, Transfer
    from argus_eval.pipeline.pipeline import Pipeline

__all__ = ["INFO", "FusedTiles", "NormalizeOnDevice", "apply"]

INFO = RecipeInfo(
    name="fused-tiles",
    summary="one uint8 resize a view, tiles as views, normalised on the model's device",
    parts=frozenset({"image_processor", "transfer"}),
    scope="pipeline",
    loss_class=LossClass.L1,
    order=10,
    families=frozenset({"argus"}),
)


class FusedTiles:
    """Crop-to-patches of GotOcr2 on uint8: the same grid, the same filter, no float canvas.

    Args:
        image_processor: a configured ``GotOcr2ImageProcessor``; its settings are read, it is never called.
    """

    def __init__(self, image_processor: Any) -> None:
        from torchvision.transforms import InterpolationMode

        self._tile_height: int = image_processor.size["height"]
        self._tile_width: int = image_processor.size["width"]
        self._min_tiles: int = image_processor.min_patches
        self._max_tiles: int = image_processor.max_patches
        filters = {2: InterpolationMode.BILINEAR, 3: InterpolationMode.BICUBIC}
        self._filter = filters[int(image_processor.resample)]

    def __call__(self, images: Sequence[Any], recorder: StageRecorder) -> ProcessedImages:
        import torch

        from argus_eval.pipeline.parts import ProcessedImages

        tiles = [self._tiles(image) for image in images]
        recorder.mark("uint8_tiles")
        pixels = tiles[0] if len(tiles) == 1 else torch.cat(tiles)
        return ProcessedImages(tensors={"pixel_values": pixels}, tiles=tuple(len(part) for part in tiles))

    def _tiles(self, image: Any) -> torch.Tensor:
        """A PIL image as (tiles, 3, H, W) uint8: the grid row by row, then the thumbnail if there are several."""
        import numpy as np
        import torch
        from torchvision.transforms.v2 import functional as transforms
        from transformers.models.got_ocr2.image_processing_got_ocr2 import get_optimal_tiled_canvas

        # (3, H, W) as a view of the decoder's interleaved pixels: the resize kernel reads that order directly.
        pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)
        height, width = self._tile_height, self._tile_width
        columns, rows = get_optimal_tiled_canvas(
            (pixels.shape[1], pixels.shape[2]), (height, width), self._min_tiles, self._max_tiles
        )
        count = columns * rows
        out = torch.empty((count + (count > 1), 3, height, width), dtype=torch.uint8)
        canvas = transforms.resize(pixels, [rows * height, columns * width], self._filter, antialias=True)
        grid = canvas.reshape(3, rows, height, columns, width).permute(1, 3, 0, 2, 4)
        out[:count].view(rows, columns, 3, height, width).copy_(grid)
        if count > 1:
            out[count] = transforms.resize(pixels, [height, width], self._filter, antialias=True)
        return out


class NormalizeOnDevice:
    """Moves uint8 tiles, then rescales and normalises them there, bit for bit as the stock processor does."""

    def __init__(self, inner: Transfer, pipeline: Pipeline) -> None:
        import torch

        processor = pipeline.processor.image_processor
        scale = 1.0 / processor.rescale_factor
        shape = (1, 3, 1, 1)
        self._mean = (torch.tensor(processor.image_mean) * scale).reshape(shape).to(pipeline.device)
        self._std = (torch.tensor(processor.image_std) * scale).reshape(shape).to(pipeline.device)
        self._inner, self._dtype = inner, pipeline.dtype

    def __call__(self, inputs: ModelInputs) -> ModelInputs:
        import torch

        moved = self._inner(inputs)
        if "pixel_values" not in moved.tensors:
            return moved
        pixels = moved.tensors["pixel_values"].to(torch.float32).sub_(self._mean).div_(self._std)
        return dataclasses.replace(moved, tensors={**moved.tensors, "pixel_values": pixels.to(self._dtype)})


def apply(pipeline: Pipeline) -> Pipeline:
    """Replace the image half of the preprocessor and normalise after the transfer."""
    fused = pipeline.with_image_processor(FusedTiles(pipeline.processor.image_processor))
    return dataclasses.replace(fused, transfer=NormalizeOnDevice(pipeline.transfer, pipeline))
