"""Buffers are reused only when nobody looks at them; bands change no value of a resize."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional as transforms

from argus_eval.recipes import banded_resize
from argus_eval.recipes.banded_resize import BandedResize
from argus_eval.recipes.bands import Bands
from argus_eval.recipes.buffers import BufferPool


def test_a_buffer_that_is_looked_at_is_not_handed_out() -> None:
    pool = BufferPool()
    first = pool.take((4, 5), np.float32)
    address = first.ctypes.data
    tensor = torch.from_numpy(first)[1:]
    del first
    assert pool.take((4, 5), np.float32).ctypes.data != address
    tensor.fill_(7)
    row = tensor[0].numpy()
    del tensor
    other = pool.take((4, 5), np.float32)
    other[:] = 1
    assert (row == 7).all()
    del row, other
    taken = {pool.take((4, 5), np.float32).ctypes.data for _ in range(4)}
    assert len(taken) == 1
    assert all(place % 64 == 0 for place in taken)


def test_the_pool_keeps_few_buffers() -> None:
    pool = BufferPool(keep=2)
    arrays = [pool.take((size,), np.uint8) for size in (10, 1000, 100_000)]
    assert len(pool._buffers) == 2
    for number, array in enumerate(arrays):
        array[:] = number
    assert [int(array[0]) for array in arrays] == [0, 1, 2]


@pytest.mark.parametrize(
    "mode", [InterpolationMode.BICUBIC, InterpolationMode.LANCZOS, InterpolationMode.BILINEAR]
)
@pytest.mark.parametrize("size", [(90, 130), (7, 300), (64, 20), (41, 61), (1, 1), (41, 200), (200, 61)])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_bands_change_no_value(
    mode: InterpolationMode, size: tuple[int, int], count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(banded_resize, "_WORTH_A_THREAD", 0)
    pixels = np.random.default_rng(0).integers(0, 256, (41, 61, 3), dtype=np.uint8)
    planes = torch.from_numpy(pixels).permute(2, 0, 1)
    expected = transforms.resize(planes, list(size), mode, antialias=True).permute(1, 2, 0).numpy()
    found = BandedResize(mode, BufferPool(), Bands(count))(pixels, *size)
    assert found.flags.c_contiguous
    assert np.array_equal(found, expected)


def test_every_band_is_done_and_errors_come_back() -> None:
    bands, done = Bands(3), np.zeros(10, dtype=int)

    def count(part: slice) -> None:
        done[part] += 1

    bands.over(10, count)
    assert (done == 1).all()

    def fail(part: slice) -> None:
        if part.start == 0:
            raise ValueError("in a thread")

    with pytest.raises(ValueError, match="in a thread"):
        bands.over(10, fail)
