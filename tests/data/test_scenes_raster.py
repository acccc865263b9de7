"""Coverage of polygons against a point-in-polygon test written another way, and outlines against the mask."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import binary_fill_holes

from argus_eval.core.geometry import PixelBox
from argus_eval.data.scenes.raster import fill, outlines, overlap, tight_box

_COORDINATE = st.integers(-80, 560).map(lambda value: value / 16)
_POLYGONS = st.lists(st.tuples(_COORDINATE, _COORDINATE), min_size=3, max_size=7)


def _inside(x: float, y: float, polygon: list[tuple[float, float]]) -> bool:
    """The crossing-number test, one point at a time."""
    inside = False
    for (x1, y1), (x2, y2) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        if (y1 <= y) != (y2 <= y) and x1 + (y - y1) * (x2 - x1) / (y2 - y1) <= x:
            inside = not inside
    return inside


@settings(max_examples=30, deadline=None)
@given(_POLYGONS)
def test_a_pixel_is_covered_when_its_centre_is_inside(polygon):
    mask = fill([polygon], 32, 24)
    expected = [[_inside(column + 0.5, row + 0.5, polygon) for column in range(32)] for row in range(24)]
    assert mask.tolist() == expected


def test_polygons_are_united():
    square, other = [(1, 1), (5, 1), (5, 5), (1, 5)], [(3, 3), (8, 3), (8, 8), (3, 8)]
    assert fill([square, other], 10, 10).sum() == 16 + 25 - 4


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 7)), max_size=6))
def test_tight_box_touches_the_pixels_on_all_sides(pixels):
    mask = np.zeros((8, 10), dtype=bool)
    for column, row in pixels:
        mask[row, column] = True
    box = tight_box(mask)
    if not pixels:
        assert box is None
        return
    columns, rows = zip(*pixels, strict=True)
    assert box == PixelBox(min(columns), min(rows), max(columns) + 1, max(rows) + 1)


def test_overlap_is_zero_for_boxes_that_only_touch():
    assert overlap(PixelBox(0, 0, 4, 4), PixelBox(4, 0, 8, 4)) == 0
    assert overlap(PixelBox(0, 0, 4, 4), PixelBox(2, 1, 8, 3)) == 4


@settings(max_examples=25, deadline=None)
@given(_POLYGONS)
def test_outlines_drawn_again_give_the_mask_without_its_holes(polygon):
    mask = fill([polygon], 32, 24)
    loops = outlines(mask)
    again = fill([list(zip(loop[0::2], loop[1::2], strict=True)) for loop in loops], 32, 24)
    # Pixels that touch at a corner are not connected, so the background around them is.
    assert np.array_equal(again, binary_fill_holes(mask, structure=np.ones((3, 3))))


def test_an_outline_has_only_corners():
    assert outlines(fill([[(2, 1), (6, 1), (6, 4), (2, 4)]], 8, 8)) == [[2, 1, 6, 1, 6, 4, 2, 4]]


@pytest.mark.parametrize("size", [(1, 1), (5, 3)])
def test_an_empty_mask_has_no_outlines(size):
    assert outlines(np.zeros(size, dtype=bool)) == []
