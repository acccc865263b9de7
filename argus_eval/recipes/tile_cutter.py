"""From an image to tiles: resizing, cutting and the overview by strips of columns, one strip a thread.

torch resizes uint8 on one thread: a pass along the rows, rounded to uint8, then a pass along the columns. The
second can be made for any strip of columns alone, the first as well where its weights come again (see
``resize_weights``); elsewhere it goes first, by bands of rows. What follows from a strip, the copies into the
tiles and the overview of the canvas, are smaller pieces, which whoever is free takes. The canvas as a whole is
never made.

An overview of the canvas is a whole number of times smaller. All its pixels have the same weights, only shifted,
so a strip with a margin gives the values of the whole.
"""

from __future__ import annotations

import enum
import functools
import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from argus_eval.recipes.resize_weights import REACH, Piece, piece_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from argus_eval.recipes.bands import Bands, Work
    from argus_eval.recipes.buffers import BufferPool
    from argus_eval.recipes.resize_passes import ResizePasses

__all__ = ["Layout", "Overview", "TileCutter"]

_WORTH_A_THREAD = 300_000  # values; below, handing over costs more than it saves
_NARROWEST = 16  # columns of a strip, well above twice the reach


class Overview(enum.Enum):
    """What one more tile shows."""

    NONE = enum.auto()
    OF_IMAGE = enum.auto()
    OF_CANVAS = enum.auto()


class Layout(NamedTuple):
    """What a family makes of an image.

    Attributes:
        sizes: (height, width) of its resizes, each from the rounded result of the one before; last the canvas.
        grid: (rows, columns) of tiles on the canvas.
        overview: one more tile, behind those of the canvas and of their size.
    """

    sizes: tuple[tuple[int, int], ...]
    grid: tuple[int, int]
    overview: Overview

    @property
    def tile(self) -> tuple[int, int]:
        """(height, width) of a tile."""
        (height, width), (rows, columns) = self.sizes[-1], self.grid
        return height // rows, width // columns


class _Canvas(NamedTuple):
    """An image, the width it has to be brought to, and then the heights, one after another.

    Attributes:
        unit: strips of it begin and end at a multiple of so many columns.
        margin: columns to each side that what is made of a strip looks at.
    """

    pixels: NDArray[np.uint8]
    width: int
    heights: tuple[int, ...]
    unit: int = 1
    margin: int = 0

    @property
    def height(self) -> int:
        return self.heights[-1] if self.heights else self.pixels.shape[0]

    @property
    def is_wide(self) -> bool:
        return bool(self.pixels.shape[1] == self.width)

    def with_margin(self, columns: slice) -> slice:
        return slice(max(0, columns.start - self.margin), min(self.width, columns.stop + self.margin))


class _Strip(NamedTuple):
    """Columns of a canvas from ``start`` on, C-contiguous, and a few more than were asked for."""

    pixels: NDArray[np.uint8]
    start: int

    def only(self, columns: slice) -> NDArray[np.uint8]:
        return self.pixels[:, columns.start - self.start : columns.stop - self.start]


class TileCutter:
    """Cuts (H, W, 3) uint8 images; the values are those of torchvision's resizes, one after another.

    Args:
        passes: the family's filter.
        buffers: where results and intermediates live.
        bands: the threads to use.
    """

    def __init__(self, passes: ResizePasses, buffers: BufferPool, bands: Bands) -> None:
        self._passes, self._buffers, self._bands = passes, buffers, bands

    def __call__(self, pixels: NDArray[np.uint8], layout: Layout) -> NDArray[np.uint8]:
        """Tiles (N, H, W, 3) of a C-contiguous image: row by row, then the overview."""
        import numpy as np

        rows, columns = layout.grid
        count = rows * columns + (layout.overview is not Overview.NONE)
        tiles: NDArray[np.uint8] = self._buffers.take((count, *layout.tile, 3), np.uint8)
        cut = self._in_strips if self._passes.exact else self._in_whole
        cut(pixels, layout, tiles)
        return tiles

    def _in_whole(self, pixels: NDArray[np.uint8], layout: Layout, tiles: NDArray[np.uint8]) -> None:
        """Where torchvision's values come from no pass of the kernel: by its own resize."""
        canvas = pixels
        for size in layout.sizes:
            canvas = self._passes.whole(canvas, *size)
        if layout.overview is not Overview.NONE:
            source = pixels if layout.overview is Overview.OF_IMAGE else canvas
            tiles[-1] = self._passes.whole(source, *layout.tile)
        for place in _placing(canvas, tiles, layout, 0):
            place()

    def _in_strips(self, pixels: NDArray[np.uint8], layout: Layout, tiles: NDArray[np.uint8]) -> None:
        (height, width), of_canvas = layout.tile, layout.overview is Overview.OF_CANVAS
        canvases = [self._canvas(pixels, layout.sizes)]
        if of_canvas:
            scale = layout.grid[1]
            canvases[0] = canvases[0]._replace(unit=scale, margin=REACH[self._passes.filter] * scale)
        elif layout.overview is Overview.OF_IMAGE:
            canvases.append(_Canvas(pixels, width, (height,)))
        canvas, *image = self._widened(canvases)

        def cut(columns: slice) -> list[Work]:
            strip = self._stretched(canvas, columns)
            rest = _placing(strip.only(columns), tiles, layout, columns.start)
            return self._overlooking(canvas, strip, columns, tiles[-1]) + rest if of_canvas else rest

        def overlook(columns: slice) -> None:
            tiles[-1][:, columns] = self._stretched(image[0], columns).only(columns)

        work: list[Work] = [functools.partial(cut, columns) for columns in self._strips(canvas)]
        if image:
            work += [functools.partial(overlook, columns) for columns in self._strips(image[0])]
        self._bands.each(work)

    def _overlooking(self, canvas: _Canvas, strip: _Strip, columns: slice, tile: NDArray[np.uint8]) -> list[Work]:
        """What makes the overview of a strip: bands of rows, and when all are there, the rest."""
        inner = slice(columns.start // canvas.unit, columns.stop // canvas.unit)
        pixels, width = strip.pixels, strip.pixels.shape[1] // canvas.unit
        narrow = pixels if canvas.unit == 1 else self._new(len(pixels), width)
        bands = self._split(len(pixels), pixels.size)
        missing = list(range(len(bands)))

        def shorten() -> None:
            small = _Strip(self._resized(narrow, tile.shape[0], width), strip.start // canvas.unit)
            tile[:, inner] = small.only(inner)

        def narrow_down(band: slice) -> list[Work]:
            if narrow is not pixels:
                self._passes.one(pixels[band], narrow[band])
            return [] if missing.pop() else [shorten]  # 0 comes last, whoever takes it

        return [functools.partial(narrow_down, band) for band in bands]

    def _canvas(self, pixels: NDArray[np.uint8], sizes: Sequence[tuple[int, int]]) -> _Canvas:
        """Everything up to the last resize that changes the width; that one is left to be done."""
        canvas = _Canvas(pixels, sizes[0][1], ())
        for height, width in sizes:
            if width != canvas.width:
                canvas = _Canvas(self._whole(canvas), width, ())
            if height != canvas.height:
                canvas = canvas._replace(heights=(*canvas.heights, height))
        return canvas

    def _whole(self, canvas: _Canvas) -> NDArray[np.uint8]:
        """All of its pixels."""
        (canvas,) = self._widened([canvas])
        if canvas.is_wide and not canvas.heights:
            return canvas.pixels
        whole = self._new(canvas.height, canvas.width)

        def stretch(columns: slice) -> None:
            whole[:, columns] = self._stretched(canvas, columns).only(columns)

        self._bands.each([functools.partial(stretch, columns) for columns in self._strips(canvas)])
        return whole

    def _widened(self, canvases: Sequence[_Canvas]) -> list[_Canvas]:
        """Those that cannot be brought to their width by strips are, by bands of rows."""
        found: list[_Canvas] = []
        work: list[Work] = []
        for canvas in canvases:
            if not canvas.is_wide and not all(self._piece(canvas, columns) for columns in self._strips(canvas)):
                pixels, wide = canvas.pixels, self._new(canvas.pixels.shape[0], canvas.width)
                bands = self._split(len(wide), wide.size)
                work += [functools.partial(self._passes.one, pixels[band], wide[band]) for band in bands]
                canvas = canvas._replace(pixels=wide)
            found.append(canvas)
        self._bands.each(work)
        return found

    def _stretched(self, canvas: _Canvas, columns: slice) -> _Strip:
        """A strip with its margin after all passes."""
        wanted = canvas.with_margin(columns)
        piece = None if canvas.is_wide else self._piece(canvas, columns)
        if piece is None:
            strip, start = self._columns(canvas.pixels, wanted), wanted.start
        else:
            strip, start = self._columns(canvas.pixels, slice(piece.first, piece.last)), piece.start
            strip = self._resized(strip, strip.shape[0], piece.stop - piece.start)
        for height in canvas.heights:
            strip = self._resized(strip, height, strip.shape[1])
        return _Strip(strip, start)

    def _piece(self, canvas: _Canvas, columns: slice) -> Piece | None:
        wanted = canvas.with_margin(columns)
        return piece_of(self._passes.filter, canvas.pixels.shape[1], canvas.width, wanted, canvas.unit)

    def _columns(self, pixels: NDArray[np.uint8], columns: slice) -> NDArray[np.uint8]:
        """Some of them, C-contiguous; the image itself if that is all."""
        if columns.stop - columns.start == pixels.shape[1]:
            return pixels
        strip = self._new(pixels.shape[0], columns.stop - columns.start)
        strip[:] = pixels[:, columns]
        return strip

    def _resized(self, source: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
        """One pass; nothing where the size is right."""
        if source.shape[:2] == (height, width):
            return source
        place = self._new(height, width)
        self._passes.one(source, place)
        return place

    def _strips(self, canvas: _Canvas) -> list[slice]:
        """Its columns, a strip for each thread."""
        parts = self._split(canvas.width // canvas.unit, canvas.height * canvas.width * 3)
        return [slice(part.start * canvas.unit, part.stop * canvas.unit) for part in parts]

    def _split(self, length: int, values: int) -> list[slice]:
        count = self._bands.count if values >= _WORTH_A_THREAD else 1
        count = max(1, min(count, length // _NARROWEST))
        edges = [length * index // count for index in range(count + 1)]
        return [slice(start, stop) for start, stop in itertools.pairwise(edges)]

    def _new(self, height: int, width: int) -> NDArray[np.uint8]:
        import numpy as np

        array: NDArray[np.uint8] = self._buffers.take((height, width, 3), np.uint8)
        return array


def _placing(strip: NDArray[np.uint8], tiles: NDArray[np.uint8], layout: Layout, start: int) -> list[Work]:
    """Copies of columns of the canvas, from ``start`` on, to where they lie in the tiles."""
    import numpy as np

    work: list[Work] = []
    (rows, columns), (height, width) = layout.grid, layout.tile
    cells = strip.reshape(rows, height, strip.shape[1], 3)
    places = tiles[: rows * columns].reshape(rows, columns, height, width, 3)
    for column in range(columns):
        left = max(start, column * width)
        right = min(start + strip.shape[1], (column + 1) * width)
        if left < right:
            place = places[:, column, :, left - column * width : right - column * width]
            work.append(functools.partial(np.copyto, place, cells[:, :, left - start : right - start]))
    return work
