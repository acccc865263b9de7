"""The image half of Qwen-VL in one pass over uint8, and its normalising on the device.

The stock processor copies the decoded image to planes, resizes it, turns it into float32, normalises it, cuts it
into patches and writes every patch twice, because a still image counts as two equal frames: eight bytes leave
the host for every byte of the resized picture. Here the picture is resized once as uint8, cut once, and leaves the
host as it is; normalising and the second frame are made where the model runs, with the operations of the stock
processor in its order.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from argus_eval.measure.stages import StageRecorder
    from argus_eval.pipeline.parts import ModelInputs, ProcessedImages, Transfer
    from argus_eval.pipeline.pipeline import Pipeline

__all__ = ["NormalizePatches", "QwenPatches", "fuse_patches"]


class QwenPatches:
    """Images to (N, 3·P·P) uint8 patches in the order of the stock processor, one frame each.

    Args:
        image_processor: a configured ``Qwen2VLImageProcessor``; its settings are read, it is never called.
    """

    def __init__(self, image_processor: Any) -> None:
        from torchvision.transforms import InterpolationMode

        self._pixels = (image_processor.size["shortest_edge"], image_processor.size["longest_edge"])
        self._patch_px: int = image_processor.patch_size
        self._merge: int = image_processor.merge_size
        filters = {2: InterpolationMode.BILINEAR, 3: InterpolationMode.BICUBIC}
        self._filter = filters[int(image_processor.resample)]

    def __call__(self, images: Sequence[Any], recorder: StageRecorder) -> ProcessedImages:
        import torch

        from argus_eval.pipeline.parts import ProcessedImages

        cut = [self._patches(image) for image in images]
        recorder.mark("uint8_tiles")
        patches = cut[0][0] if len(cut) == 1 else torch.cat([patches for patches, _ in cut])
        grid = torch.tensor([[1, rows, columns] for _, (rows, columns) in cut], dtype=torch.long)
        _, (rows, columns) = cut[0]
        return ProcessedImages(
            tensors={"pixel_values": patches, "image_grid_thw": grid},
            tiles=(),
            resized_size=(columns * self._patch_px, rows * self._patch_px) if len(cut) == 1 else None,
        )

    def _patches(self, image: Any) -> tuple[torch.Tensor, tuple[int, int]]:
        """One RGB image as (rows·columns, 3·P·P) uint8, merged patches side by side, and (rows, columns)."""
        from torchvision.transforms.v2 import functional as transforms
        from transformers.models.qwen2_vl.image_processing_qwen2_vl import smart_resize

        from argus_eval.pipeline.images import pixel_tensor

        pixels = pixel_tensor(image)
        side, merge = self._patch_px, self._merge
        height, width = smart_resize(
            pixels.shape[1],
            pixels.shape[2],
            factor=side * merge,
            min_pixels=self._pixels[0],
            max_pixels=self._pixels[1],
        )
        resized = transforms.resize(pixels, [height, width], self._filter, antialias=True)
        rows, columns = height // side, width // side
        blocks = resized.unflatten(2, (columns // merge, merge, side)).unflatten(1, (rows // merge, merge, side))
        # (3, row block, row in it, pixel row, column block, column in it, pixel column)
        patches = blocks.permute(1, 4, 2, 5, 0, 3, 6).reshape(rows * columns, 3 * side * side)
        return patches, (rows, columns)


class NormalizePatches:
    """Moves uint8 patches, normalises them there and writes the second frame: the stock processor's bits."""

    def __init__(self, inner: Transfer, pipeline: Pipeline) -> None:
        import torch

        processor = pipeline.processor.image_processor
        scale = 1.0 / processor.rescale_factor
        self._mean = (torch.tensor(processor.image_mean) * scale).reshape(1, 3, 1, 1).to(pipeline.device)
        self._std = (torch.tensor(processor.image_std) * scale).reshape(1, 3, 1, 1).to(pipeline.device)
        self._frames: int = processor.temporal_patch_size
        self._inner, self._dtype = inner, pipeline.dtype

    def __call__(self, inputs: ModelInputs) -> ModelInputs:
        import torch

        moved = self._inner(inputs)
        patches = moved.tensors.get("pixel_values")
        if patches is None:
            return moved
        planes = patches.view(len(patches), 3, 1, -1).to(torch.float32).sub_(self._mean).div_(self._std)
        pixels = planes.to(self._dtype).expand(-1, -1, self._frames, -1).reshape(len(patches), -1)
        return dataclasses.replace(moved, tensors={**moved.tensors, "pixel_values": pixels})


def fuse_patches(pipeline: Pipeline) -> Pipeline:
    """Replace the image half of a Qwen-VL's preprocessor and normalise after the transfer."""
    fused = pipeline.with_image_processor(QwenPatches(pipeline.processor.image_processor))
    return dataclasses.replace(fused, transfer=NormalizePatches(pipeline.transfer, pipeline))
