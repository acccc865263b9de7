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

    from argus_eval.recipes.bands import Bands
    from argus_eval.recipes.buffers import BufferPool
    from argus_eval.recipes.tile_cutter import Layout, TileCutter

__all__ = ["CropToPatches", "Cut", "SplitToTiles", "Tiler", "interpolation_of", "tiler_of"]


class Cut(NamedTuple):
    """Tiles (N, H, W, 3) of one image in the family's order, and its (rows, columns): (0, 0) if it was not cut."""

    tiles: NDArray[np.uint8]
    grid: tuple[int, int]


class Tiler(Protocol):
    """One image, (H, W, 3) uint8, to its tiles."""

    def __call__(self, pixels: NDArray[np.uint8]) -> Cut: ...


class CropToPatches:
    """GotOcr2 (InternVL, Argus): the grid with the closest aspect ratio, and a thumbnail of the whole image.

    Args:
        image_processor: a configured ``GotOcr2ImageProcessor``; its settings are read, it is never called.
    """

    def __init__(self, image_processor: Any, cutter: TileCutter) -> None:
        self._height: int = image_processor.size["height"]
        self._width: int = image_processor.size["width"]
        self._limits = (image_processor.min_patches, image_processor.max_patches)
        self._choose_grid = _stock_function(image_processor, "get_optimal_tiled_canvas")
        self._cutter = cutter

    def __call__(self, pixels: NDArray[np.uint8]) -> Cut:
        """See :class:`Tiler`."""
        layout = self.layout(*pixels.shape[:2])
        return Cut(self._cutter(pixels, layout), layout.grid)

    def layout(self, height: int, width: int) -> Layout:
        """Resizes and grid of an image of that size."""
        from argus_eval.recipes.tile_cutter import Layout, Overview

        side = (self._height, self._width)
        columns, rows = self._choose_grid((height, width), side, *self._limits)
        canvas = (rows * self._height, columns * self._width)
        return Layout((canvas,), (rows, columns), Overview.OF_IMAGE if rows * columns > 1 else Overview.NONE)


class SplitToTiles:
    """Idefics3 (SmolVLM): the long edge to a fixed length, both edges to whole tiles, and one global tile.

    Stock resizes up to three times, each from the rounded result of the one before. The values depend on it, so
    the same resizes are made here; where two sizes are equal nothing is done, as in stock.

    Args:
        image_processor: a configured ``Idefics3ImageProcessor`` or ``SmolVLMImageProcessor``; never called.
    """

    def __init__(self, image_processor: Any, cutter: TileCutter) -> None:
        self._longest_edge: int = image_processor.size["longest_edge"]
        self._side: int = image_processor.max_image_size["longest_edge"]
        self._split: bool = image_processor.do_image_splitting
        self._choose_size = _stock_function(image_processor, "get_resize_output_image_size")
        self._cutter = cutter

    def __call__(self, pixels: NDArray[np.uint8]) -> Cut:
        """See :class:`Tiler`."""
        layout = self.layout(*pixels.shape[:2])
        rows, columns = layout.grid
        return Cut(self._cutter(pixels, layout), (rows, columns) if rows * columns > 1 else (0, 0))

    def layout(self, height: int, width: int) -> Layout:
        """Resizes and grid of an image of that size."""
        import torch

        from argus_eval.recipes.tile_cutter import Layout, Overview

        side = self._side
        sized = torch.empty((3, height, width), dtype=torch.uint8, device="meta")  # only its shape is read
        first: tuple[int, int] = self._choose_size(sized, self._longest_edge)
        second = self._whole_tiles(*first) if self._split else (side, side)
        rows, columns = second[0] // side, second[1] // side
        overview = Overview.OF_CANVAS if rows * columns > 1 else Overview.NONE
        return Layout((first, second), (rows, columns), overview)

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
    from argus_eval.recipes.resize_passes import ResizePasses
    from argus_eval.recipes.tile_cutter import TileCutter

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
    cutter = TileCutter(ResizePasses(interpolation_of(image_processor)), buffers, bands)
    tiler: Tiler = kinds[name](image_processor, cutter)
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
