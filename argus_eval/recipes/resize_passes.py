"""torch's antialiased uint8 resize, one pass at a time and into memory that is there already.

torch filters along the rows, rounds to uint8, then filters along the columns. Made apart, the first pass can be
cut into bands of rows and the second into strips of columns without changing a value: neither looks beyond them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

__all__ = ["ResizePasses"]


class ResizePasses:
    """The passes of one filter over (H, W, 3) uint8 arrays.

    Attributes:
        filter: its name: "bilinear", "bicubic" or "lanczos".
        exact: two passes give the values of ``torchvision.transforms.v2.functional.resize`` here. They do not
            without vector instructions: there torchvision resizes in float32 and rounds once instead of twice.

    Args:
        interpolation: a filter of ``torchvision.transforms``.
    """

    def __init__(self, interpolation: Any) -> None:
        import torch

        self._interpolation = interpolation
        self.filter: str = interpolation.value
        name = f"_upsample_{self.filter}2d_aa"
        self._kernel: Any = getattr(getattr(torch.ops.aten, name, None), "out", None)
        self.exact = self._kernel is not None and self._agrees()

    def one(self, source: NDArray[np.uint8], place: NDArray[np.uint8]) -> None:
        """``source`` at the size of ``place``: both C-contiguous, and only one side of them differs."""
        self._kernel(_planes(source), list(place.shape[:2]), False, None, None, out=_planes(place))

    def whole(self, pixels: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
        """``pixels`` at another size as torchvision makes it, C-contiguous."""
        import torch
        from torchvision.transforms.v2 import functional as transforms

        planes = torch.from_numpy(pixels).permute(2, 0, 1)
        resized = transforms.resize(planes, [height, width], self._interpolation, antialias=True)
        interleaved: NDArray[np.uint8] = resized.permute(1, 2, 0).contiguous().numpy()
        return interleaved

    def _agrees(self) -> bool:
        import numpy as np

        pixels = np.random.default_rng(0).integers(0, 256, (24, 31, 3), dtype=np.uint8)
        for height, width in ((57, 70), (9, 11), (40, 13), (11, 60)):
            wide, found = np.empty((24, width, 3), np.uint8), np.empty((height, width, 3), np.uint8)
            self.one(pixels, wide)
            self.one(wide, found)
            if not np.array_equal(self.whole(pixels, height, width), found):
                return False
        return True


def _planes(pixels: NDArray[np.uint8]) -> torch.Tensor:
    """(1, 3, H, W) as a view of interleaved pixels: the kernel reads and writes that order directly."""
    import torch

    return torch.from_numpy(pixels).permute(2, 0, 1).unsqueeze(0)
