"""Rescaling and normalising where the model runs, bit for bit as the stock processor does on the host."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from argus_eval.pipeline.parts import ModelInputs, Transfer
    from argus_eval.pipeline.pipeline import Pipeline
    from argus_eval.recipes.bands import Bands
    from argus_eval.recipes.buffers import BufferPool

__all__ = ["NormalizeOnDevice", "normalize_after_transfer"]

_IN_CACHE = 1 << 16  # values normalised at a time: a quarter of a megabyte of float32 stays in the cache


class NormalizeOnDevice:
    """Moves uint8 tiles, then turns them into what the vision tower consumes.

    On a CPU it works in pieces that stay in the cache, and keeps the order of colours the tiles come in: the patch
    embedding takes interleaved pixels at least as fast as planes.

    Args:
        inner: the transfer it stands behind.
        pipeline: its processor's mean and standard deviation, its device and dtype.
        buffers, bands: memory for results and threads on a CPU.
    """

    def __init__(self, inner: Transfer, pipeline: Pipeline, buffers: BufferPool, bands: Bands) -> None:
        import torch

        processor = pipeline.processor.image_processor
        scale = 1.0 / processor.rescale_factor
        self._mean = (torch.tensor(processor.image_mean) * scale).to(pipeline.device)
        self._std = (torch.tensor(processor.image_std) * scale).to(pipeline.device)
        self._inner, self._dtype = inner, pipeline.dtype
        self._buffers, self._bands = buffers, bands

    def __call__(self, inputs: ModelInputs) -> ModelInputs:
        """See :class:`~argus_eval.pipeline.parts.Transfer`."""
        import torch

        moved = self._inner(inputs)
        tiles = moved.tensors.get("pixel_values")
        if tiles is None or tiles.dtype != torch.uint8:
            return moved
        pixels = self._on_host(tiles) if tiles.device.type == "cpu" else self._on_device(tiles)
        return dataclasses.replace(moved, tensors={**moved.tensors, "pixel_values": pixels.to(self._dtype)})

    def _on_device(self, tiles: torch.Tensor) -> torch.Tensor:
        """(…, 3, H, W) uint8 → float32 on the device, in its own memory."""
        import torch

        return tiles.to(torch.float32).sub_(self._mean.view(3, 1, 1)).div_(self._std.view(3, 1, 1))

    def _on_host(self, tiles: torch.Tensor) -> torch.Tensor:
        """The same in place of fresh memory, a piece at a time."""
        import numpy as np
        import torch

        interleaved = tiles.movedim(-3, -1)
        if not interleaved.is_contiguous():
            return self._on_device(tiles)
        result = self._buffers.take(tuple(interleaved.shape), np.float32)
        width = interleaved.shape[-2] * 3
        lines, places = interleaved.numpy().reshape(-1, width), result.reshape(-1, width)
        # Colours repeat along a line: whole lines of them keep the inner loop long.
        mean, std = self._mean.repeat(width // 3).numpy(), self._std.repeat(width // 3).numpy()
        step = max(1, _IN_CACHE // width)

        def normalize(band: slice) -> None:
            for start in range(band.start, band.stop, step):
                piece = slice(start, min(start + step, band.stop))
                place = places[piece]
                np.copyto(place, lines[piece])
                np.subtract(place, mean, out=place)
                np.divide(place, std, out=place)

        self._bands.over(len(lines), normalize)
        return torch.from_numpy(result).movedim(-1, -3)


def normalize_after_transfer(pipeline: Pipeline, buffers: BufferPool, bands: Bands) -> Pipeline:
    """The pipeline with its transfer normalising uint8 tiles; unchanged where it does so already."""
    if isinstance(pipeline.transfer, NormalizeOnDevice):
        return pipeline
    transfer: Any = NormalizeOnDevice(pipeline.transfer, pipeline, buffers, bands)
    return dataclasses.replace(pipeline, transfer=transfer)
