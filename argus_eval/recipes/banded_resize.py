"""Antialiased uint8 resize into memory that is there already, its first pass on several threads.

torch's uint8 kernel works on one thread. It filters along the rows, rounds to uint8, then filters along the
columns. Rows do not depend on each other in the first pass, so each thread widens a band of them; every value
is the one of a single call. The second pass stays whole: bands of columns would have to be copied out and back
in, which costs what the second thread gains.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    from argus_eval.recipes.bands import Bands
    from argus_eval.recipes.buffers import BufferPool

__all__ = ["BandedResize"]

_WORTH_A_THREAD = 300_000  # output values; below, handing over costs more than it saves


class BandedResize:
    """Resizes (H, W, 3) uint8 arrays, with the values of ``torchvision.transforms.v2.functional.resize``.

    Args:
        interpolation: a filter of ``torchvision.transforms``.
        buffers: where results and intermediates live.
        bands: the threads to use.
    """

    def __init__(self, interpolation: Any, buffers: BufferPool, bands: Bands) -> None:
        import torch

        self._interpolation, self._buffers, self._bands = interpolation, buffers, bands
        name = f"_upsample_{interpolation.value}2d_aa"
        self._kernel: Any = getattr(getattr(torch.ops.aten, name, None), "out", None)
        # Without vector instructions torchvision resizes in float32, and rounds once instead of twice.
        self._direct = self._kernel is not None and self._agrees()

    def __call__(self, pixels: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
        """``pixels`` at another size, as a C-contiguous (height, width, 3) array."""
        if pixels.shape[:2] == (height, width):
            return pixels
        return self._in_passes(pixels, height, width) if self._direct else self._stock(pixels, height, width)

    def _stock(self, pixels: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
        import torch
        from torchvision.transforms.v2 import functional as transforms

        planes = torch.from_numpy(pixels).permute(2, 0, 1)
        resized = transforms.resize(planes, [height, width], self._interpolation, antialias=True)
        interleaved: NDArray[np.uint8] = resized.permute(1, 2, 0).contiguous().numpy()
        return interleaved

    def _in_passes(self, pixels: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
        import numpy as np

        wide = pixels
        if pixels.shape[1] != width:
            rows = pixels.shape[0]
            wide = self._buffers.take((rows, width, 3), np.uint8)

            def widen(band: slice) -> None:
                self._pass(pixels[band], wide[band])

            if rows * width * 3 < _WORTH_A_THREAD:
                widen(slice(0, rows))
            else:
                self._bands.over(rows, widen)
        if wide.shape[0] == height:
            return wide
        result: NDArray[np.uint8] = self._buffers.take((height, width, 3), np.uint8)
        self._pass(wide, result)
        return result

    def _pass(self, source: NDArray[np.uint8], place: NDArray[np.uint8]) -> None:
        """One call of the kernel that changes one side."""
        self._kernel(_planes(source), list(place.shape[:2]), False, None, None, out=_planes(place))

    def _agrees(self) -> bool:
        import numpy as np

        pixels = np.random.default_rng(0).integers(0, 256, (24, 31, 3), dtype=np.uint8)
        sizes = ((57, 70), (9, 11), (24, 64), (50, 31))
        return all(np.array_equal(self._stock(pixels, *size), self._in_passes(pixels, *size)) for size in sizes)


def _planes(pixels: NDArray[np.uint8]) -> torch.Tensor:
    """(1, 3, H, W) as a view of interleaved pixels: the kernel reads and writes that order directly."""
    import torch

    return torch.from_numpy(pixels).permute(2, 0, 1).unsqueeze(0)
