"""The weights are the kernel's; a piece of a line has the values of the whole line wherever it says so."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torchvision.transforms import InterpolationMode

from argus_eval.recipes.resize_passes import ResizePasses
from argus_eval.recipes.resize_weights import REACH, piece_of, repeats, table

PASSES = {name: ResizePasses(InterpolationMode(name)) for name in REACH}
NAMES = st.sampled_from(sorted(REACH))
needs_exact_passes = pytest.mark.skipif(
    not all(passes.exact for passes in PASSES.values()), reason="torchvision resizes in float32 on this processor"
)


def resized(name: str, pixels: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    if pixels.shape[1] == width:
        return pixels
    place = np.empty((len(pixels), width, 3), np.uint8)
    PASSES[name].one(np.ascontiguousarray(pixels), place)
    return place


def noise(rows: int, columns: int) -> NDArray[np.uint8]:
    return np.random.default_rng(rows * columns).integers(0, 256, (rows, columns, 3), dtype=np.uint8)


@needs_exact_passes
@settings(max_examples=60, deadline=None)
@given(name=NAMES, source=st.integers(1, 260), target=st.integers(1, 260))
def test_the_table_is_what_the_kernel_computes_with(name: str, source: int, target: int) -> None:
    torch.set_num_threads(1)
    if source == target:
        return
    pixels = noise(3, source)
    begin, weights = table(name, source, target)
    bits = round(np.log2(weights[0].sum()))
    integers = np.trunc(weights + np.copysign(0.5, weights)).astype(np.int64)
    expected = np.empty((3, target, 3), np.int64)
    for column, first in enumerate(np.maximum(begin, 0).astype(int)):
        seen = pixels[:, first : first + weights.shape[1]].astype(np.int64)
        expected[:, column] = np.einsum("rtc,t->rc", seen, integers[column, : seen.shape[1]])
    rounded = ((expected + (1 << (bits - 1))) >> bits).clip(0, 255)
    assert np.array_equal(rounded, resized(name, pixels, target))


@needs_exact_passes
@settings(max_examples=150, deadline=None)
@given(
    name=NAMES,
    source=st.integers(1, 24),
    target=st.integers(1, 24),
    times=st.integers(1, 80),
    ends=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    unit=st.integers(1, 4),
)
def test_a_piece_has_the_values_of_the_whole(
    name: str, source: int, target: int, times: int, ends: tuple[float, float], unit: int
) -> None:
    torch.set_num_threads(1)
    source, target = source * times, target * times
    start = min(int(min(ends) * target), target - 1)
    wanted = slice(start, max(start + 1, int(max(ends) * target)))
    piece = piece_of(name, source, target, wanted, unit)
    if piece is None:
        return
    assert piece.start % unit == 0
    pixels = noise(16, source)
    found = resized(name, pixels[:, piece.first : piece.last], piece.stop - piece.start)
    inner = found[:, wanted.start - piece.start : wanted.stop - piece.start]
    assert np.array_equal(inner, resized(name, pixels, target)[:, wanted])


def test_halves_of_common_sizes_are_pieces() -> None:
    assert piece_of("lanczos", 640, 2048, slice(1012, 2048), 4) == (992, 2048, 310, 640)
    assert piece_of("bicubic", 640, 1792, slice(0, 896)) == (0, 910, 0, 325)


def test_a_size_without_a_short_period_has_no_pieces() -> None:
    assert piece_of("lanczos", 427, 2048, slice(0, 1024)) is None


def test_a_weight_on_the_edge_of_rounding_is_not_trusted() -> None:
    # A third: positions are not sums of powers of two, and some neighbours stand exactly at the end of the filter.
    assert not repeats("bicubic", 1, 3)
    assert repeats("bicubic", 5, 14)
