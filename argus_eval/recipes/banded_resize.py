"""Antialiased uint8 resize on several threads, with the values of one call.

torch's uint8 kernel works on one thread. It filters along the rows, rounds to uint8, then filters along the
columns; rows do not depend on each other in the first pass, nor columns in the second. So each thread resizes a
band of rows to the new width, then a band of columns to the new height: every value is the one that a single
call makes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from argus_eval.recipes.bands import Bands
    from argus_eval.recipes.buffers import BufferPool

__all__ = ["BandedResize"]

_WORTH_A_THREAD = 300_000  # output values; below, handing over costs more than it saves


class BandedResize:
    """Resizes (H, W, 3) uint8 arrays.

    Args:
        interpolation: a filter of ``torchvision.transforms``.
        buffers: where results and intermediates live.
        bands: the threads to use.
    """

    def __init__(self, interpolation: Any, buffers: BufferPool, bands: Bands) -> None:
        self._interpolation, self._buffers, self._bands = interpolation, buffers, bands
        self._in_one = bands.count == 1 or not self._bands_are_exact()

    def __call__(self, pixels: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
        """``pixels`` at another size, as a C-contiguous (height, width, 3) array."""
        if pixels.shape[:2] == (height, width):
            return pixels
        if self._in_one or height * width * 3 < _WORTH_A_THREAD:
            return self._whole(pixels, height, width)
        return self._in_bands(pixels, height, width)

    def _whole(self, pixels: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
        import torch
        from torchvision.transforms.v2 import functional as transforms

        # (3, H, W) as a view of interleaved pixels: the kernel reads and writes that order directly.
        planes = torch.from_numpy(pixels).permute(2, 0, 1)
        resized = transforms.resize(planes, [height, width], self._interpolation, antialias=True)
        interleaved: NDArray[np.uint8] = resized.permute(1, 2, 0).contiguous().numpy()
        return interleaved

    def _in_bands(self, pixels: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
        import numpy as np

        wide = pixels
        if pixels.shape[1] != width:
            wide = self._buffers.take((pixels.shape[0], width, 3), np.uint8)

            def widen(rows: slice) -> None:
                wide[rows] = self._whole(pixels[rows], rows.stop - rows.start, width)

            self._bands.over(pixels.shape[0], widen)
        if wide.shape[0] == height:
            return wide
        result: NDArray[np.uint8] = self._buffers.take((height, width, 3), np.uint8)

        def heighten(columns: slice) -> None:
            band = np.ascontiguousarray(wide[:, columns])
            result[:, columns] = self._whole(band, height, columns.stop - columns.start)

        self._bands.over(width, heighten)
        return result

    def _bands_are_exact(self) -> bool:
        """Whether this machine's kernel rounds between its passes: without vector instructions it does not."""
        import numpy as np

        pixels = np.random.default_rng(0).integers(0, 256, (24, 31, 3), dtype=np.uint8)
        sizes = ((57, 70), (9, 11), (24, 64))
        return all(np.array_equal(self._whole(pixels, *size), self._in_bands(pixels, *size)) for size in sizes)
