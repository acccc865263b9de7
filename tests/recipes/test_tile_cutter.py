"""Cutting by strips changes no value: every layout against torchvision's own resizes of the whole."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional as transforms

from argus_eval.recipes import tile_cutter
from argus_eval.recipes.bands import Bands
from argus_eval.recipes.buffers import BufferPool
from argus_eval.recipes.resize_passes import ResizePasses
from argus_eval.recipes.tile_cutter import Layout, Overview, TileCutter

FILTERS = (InterpolationMode.BICUBIC, InterpolationMode.LANCZOS, InterpolationMode.BILINEAR)
SIDE = 32

#: Images: the canvas' shape in small, no common period, one side right already, slivers, larger than the canvas.
IMAGES = ((60, 80), (41, 61), (96, 50), (50, 128), (96, 128), (1, 1), (1, 200), (300, 2), (500, 640), (17, 640))
LAYOUTS = {
    "one tile": Layout(((SIDE, SIDE),), (1, 1), Overview.NONE),
    "two resizes to one tile": Layout(((90, 61), (SIDE, SIDE)), (1, 1), Overview.NONE),
    "of the image": Layout(((96, 128),), (3, 4), Overview.OF_IMAGE),
    "of the canvas": Layout(((96, 128), (96, 128)), (3, 4), Overview.OF_CANVAS),
    "heights one after another": Layout(((75, 128), (96, 128)), (3, 4), Overview.OF_CANVAS),
    "another width between": Layout(((128, 75), (128, 96)), (4, 3), Overview.OF_CANVAS),
    "a row": Layout(((21, 128), (32, 128)), (1, 4), Overview.OF_CANVAS),
    "a column": Layout(((128, 21), (128, 32)), (4, 1), Overview.OF_CANVAS),
    "tiles that are no squares": Layout(((3 * 20, 2 * 45),), (3, 2), Overview.OF_IMAGE),
}


def stock(pixels: NDArray[np.uint8], layout: Layout, mode: InterpolationMode) -> NDArray[np.uint8]:
    image = torch.from_numpy(pixels).permute(2, 0, 1)
    canvas = image
    for size in layout.sizes:
        canvas = transforms.resize(canvas, list(size), mode, antialias=True)
    (height, width), (rows, columns) = layout.tile, layout.grid
    tiles = [
        canvas[:, row * height : (row + 1) * height, column * width : (column + 1) * width]
        for row, column in itertools.product(range(rows), range(columns))
    ]
    if layout.overview is not Overview.NONE:
        source = image if layout.overview is Overview.OF_IMAGE else canvas
        tiles.append(transforms.resize(source, [height, width], mode, antialias=True))
    return torch.stack(tiles).permute(0, 2, 3, 1).numpy()


@pytest.fixture(scope="module", params=FILTERS, ids=lambda mode: mode.value)
def passes(request: pytest.FixtureRequest) -> ResizePasses:
    torch.set_num_threads(1)
    return ResizePasses(request.param)


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("count", [1, 2, 3])
def test_strips_change_no_value(
    passes: ResizePasses, name: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tile_cutter, "_WORTH_A_THREAD", 0)
    cutter, layout = TileCutter(passes, BufferPool(), Bands(count)), LAYOUTS[name]
    for height, width in IMAGES:
        pixels = np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8)
        found = cutter(pixels, layout)
        assert found.flags.c_contiguous
        assert np.array_equal(found, stock(pixels, layout, InterpolationMode(passes.filter))), (height, width)


@pytest.mark.parametrize("name", LAYOUTS)
def test_without_the_kernel_torchvision_resizes(name: str) -> None:
    passes = ResizePasses(InterpolationMode.BICUBIC)
    passes.exact = False
    pixels = np.random.default_rng(0).integers(0, 256, (41, 61, 3), dtype=np.uint8)
    found = TileCutter(passes, BufferPool(), Bands(2))(pixels, LAYOUTS[name])
    assert np.array_equal(found, stock(pixels, LAYOUTS[name], InterpolationMode.BICUBIC))


def test_a_kernel_of_other_values_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def brighter(self: ResizePasses, source: NDArray[np.uint8], place: NDArray[np.uint8]) -> None:
        place[:] = 255

    monkeypatch.setattr(ResizePasses, "one", brighter)
    assert not ResizePasses(InterpolationMode.BICUBIC).exact


def test_the_photograph_of_the_benchmark_needs_no_pass_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    # 640 × 480 to 2,048 × 1,536 and 13 tiles: each thread widens its own columns, in one round of work.
    rounds: list[int] = []

    class Counting(Bands):
        def each(self, work: object) -> None:
            pieces = list(work)  # type: ignore[call-overload]
            rounds.append(len(pieces))
            super().each(pieces)

    passes = ResizePasses(InterpolationMode.LANCZOS)
    if not passes.exact:
        pytest.skip("torchvision resizes in float32 on this processor")
    pixels = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    layout = Layout(((1536, 2048), (1536, 2048)), (3, 4), Overview.OF_CANVAS)
    found = TileCutter(passes, BufferPool(), Counting(2))(pixels, layout)
    assert [count for count in rounds if count] == [2]
    assert np.array_equal(found, stock(pixels, layout, InterpolationMode.LANCZOS))
