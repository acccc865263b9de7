"""Against padding a real image the way LLaVA does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from argus_eval.core.geometry import ImageSize
from argus_eval.parsing.square_pad import from_square, to_square


def expand2square(image: Image.Image) -> Image.Image:
    """As haotian-liu/LLaVA does it."""
    width, height = image.size
    side = max(width, height)
    square = Image.new(image.mode, (side, side), 0)
    square.paste(image, ((side - width) // 2, (side - height) // 2))
    return square


@pytest.mark.parametrize("size", [ImageSize(8, 5), ImageSize(5, 8), ImageSize(7, 7), ImageSize(9, 2)])
def test_where_the_pixels_go(size: ImageSize) -> None:
    square = expand2square(Image.new("L", size, 255))
    left, top, right, bottom = square.getbbox() or (0, 0, 0, 0)
    side = max(size)
    assert to_square([0, 0, 1, 1], size) == pytest.approx([left / side, top / side, right / side, bottom / side])


@given(st.lists(st.floats(-1, 2), min_size=4, max_size=4), st.integers(1, 3000), st.integers(1, 3000))
def test_there_and_back(box: list[float], width: int, height: int) -> None:
    size = ImageSize(width, height)
    assert from_square(to_square(box, size), size) == pytest.approx(box, abs=1e-9)
