"""How the families cut an image into tiles, on uint8 and without the copies.

A tiler reads the settings of a stock image processor and calls the stock functions that choose the grid; what it
replaces is the copying around them. Its tiles are interleaved (H, W, 3) pixels.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from argus_eval.errors import IncompatibleError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from argus_eval.recipes.banded_resize import BandedResize
    from argus_eval.recipes.bands import Bands
    from argus_eval.recipes.buffers import BufferPool

__all__ = ["CropToPatches", "Cut", "SplitToTiles", "Tiler", "Workshop", "interpolation_of", "tiler_of"]


class Cut(NamedTuple):
    """Tiles (N, H, W, 3) of one image in the family's order, and its (rows, columns): (0, 0) if it was not cut."""

    tiles: NDArray[np.uint8]
    grid: tuple[int, int]


class Tiler(Protocol):
    """One image, (H, W, 3) uint8, to its tiles."""

    def __call__(self, pixels: NDArray[np.uint8]) -> Cut: ...


class Workshop(NamedTuple):
    """What tilers share: the family's resize, memory, threads."""

    resize: BandedResize
    buffers: BufferPool
    bands: Bands

    def cut(
        self, canvas: NDArray[np.uint8], rows: int, columns: int, extra: NDArray[np.uint8] | None
    ) -> NDArray[np.uint8]:
        """``canvas`` in (rows, columns) tiles, row by row, then ``extra``: (N, H, W, 3)."""
        import numpy as np

        height, width, count = canvas.shape[0] // rows, canvas.shape[1] // columns, rows * columns
        tiles: NDArray[np.uint8] = self.buffers.take((count + (extra is not None), height, width, 3), np.uint8)
        grid = canvas.reshape(rows, height, columns, width, 3).swapaxes(1, 2)
        place = tiles[:count].reshape(rows, columns, height, width, 3)

        def copy(lines: slice) -> None:
            place[:, :, lines] = grid[:, :, lines]

        self.bands.over(height, copy)
        if extra is not None:
            tiles[count] = extra
        return tiles


class CropToPatches:
    """GotOcr2 (InternVL, Argus): the grid with the closest aspect ratio, and a thumbnail of the whole image.

    Args:
        image_processor: a configured ``GotOcr2ImageProcessor``; its settings are read, it is never called.
    """

    def __init__(self, image_processor: Any, workshop: Workshop) -> None:
        self._height: int = image_processor.size["height"]
        self._width: int = image_processor.size["width"]
        self._limits = (image_processor.min_patches, image_processor.max_patches)
        self._choose_grid = _stock_function(image_processor, "get_optimal_tiled_canvas")
        self._workshop = workshop

    def __call__(self, pixels: NDArray[np.uint8]) -> Cut:
        """See :class:`Tiler`."""
        height, width, resize = self._height, self._width, self._workshop.resize
        columns, rows = self._choose_grid(pixels.shape[:2], (height, width), *self._limits)
        canvas = resize(pixels, rows * height, columns * width)
        thumbnail = resize(pixels, height, width) if rows * columns > 1 else None
        return Cut(self._workshop.cut(canvas, rows, columns, thumbnail), (rows, columns))


class SplitToTiles:
    """Idefics3 (SmolVLM): the long edge to a fixed length, both edges to whole tiles, and one global tile.

    Stock resizes up to three times, each from the rounded result of the one before. The values depend on it, so
    the same resizes are made here; where two sizes are equal nothing is done, as in stock.

    Args:
        image_processor: a configured ``Idefics3ImageProcessor`` or ``SmolVLMImageProcessor``; never called.
    """

    def __init__(self, image_processor: Any, workshop: Workshop) -> None:
        self._longest_edge: int = image_processor.size["longest_edge"]
        self._side: int = image_processor.max_image_size["longest_edge"]
        self._split: bool = image_processor.do_image_splitting
        self._choose_size = _stock_function(image_processor, "get_resize_output_image_size")
        self._workshop = workshop

    def __call__(self, pixels: NDArray[np.uint8]) -> Cut:
        """See :class:`Tiler`."""
        import torch

        side, resize, cut = self._side, self._workshop.resize, self._workshop.cut
        sized = torch.empty((3, *pixels.shape[:2]), dtype=torch.uint8, device="meta")  # only its shape is read
        canvas = resize(pixels, *self._choose_size(sized, self._longest_edge))
        if not self._split:
            return Cut(cut(resize(canvas, side, side), 1, 1, None), (0, 0))
        canvas = resize(canvas, *self._whole_tiles(*canvas.shape[:2]))
        rows, columns = canvas.shape[0] // side, canvas.shape[1] // side
        if rows * columns == 1:
            return Cut(cut(canvas, 1, 1, None), (0, 0))
        return Cut(cut(canvas, rows, columns, resize(canvas, side, side)), (rows, columns))

    def _whole_tiles(self, height: int, width: int) -> tuple[int, int]:
        """The long edge rounded up to whole tiles, the other one scaled with it, then rounded up as well."""
        side, ratio = self._side, width / height
        if width >= height:
            width = math.ceil(width / side) * side
            return math.ceil(int(width / ratio) / side) * side, width
        height = math.ceil(height / side) * side
        return height, math.ceil(int(height * ratio) / side) * side


def tiler_of(image_processor: Any, buffers: BufferPool, bands: Bands) -> Tiler:
    """The tiler of a stock image processor.

    Raises:
        IncompatibleError: it is of another class, or set up in a way no tiler covers.
    """
    from argus_eval.recipes.banded_resize import BandedResize

    name = type(image_processor).__name__.removesuffix("Pil")
    kinds: dict[str, Any] = {
        "GotOcr2ImageProcessor": CropToPatches,
        "Idefics3ImageProcessor": SplitToTiles,
        "SmolVLMImageProcessor": SplitToTiles,
    }
    if name not in kinds:
        raise IncompatibleError(f"no tiler is written for {name}")
    switched_off = [
        step for step in ("do_resize", "do_rescale", "do_normalize") if not getattr(image_processor, step)
    ]
    if switched_off:
        raise IncompatibleError(f"{name} is set up without {', '.join(switched_off)}; the tilers do all of it")
    resize = BandedResize(interpolation_of(image_processor), buffers, bands)
    tiler: Tiler = kinds[name](image_processor, Workshop(resize, buffers, bands))
    return tiler


def interpolation_of(image_processor: Any) -> Any:
    """The torchvision filter of a stock image processor."""
    from transformers.image_utils import pil_torch_interpolation_mapping

    return pil_torch_interpolation_mapping[image_processor.resample]


def _stock_function(image_processor: Any, name: str) -> Any:
    function = getattr(sys.modules[type(image_processor).__module__], name, None)
    if function is None:
        raise IncompatibleError(f"{type(image_processor).__module__} no longer has {name}")
    return function
