"""Boxes in two spaces, against torchvision's IoU."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_eval.core.geometry import ImageSize, PixelBox, UnitBox, iou

numbers = st.floats(min_value=-50, max_value=700, allow_nan=False)
boxes = st.builds(PixelBox, numbers, numbers, numbers, numbers)
ordered = st.builds(
    lambda x, y, w, h: PixelBox(x, y, x + w, y + h), numbers, numbers, st.floats(1, 300), st.floats(1, 300)
)


@given(ordered, ordered)
def test_iou_is_torchvision_s(a: PixelBox, b: PixelBox) -> None:
    torch = pytest.importorskip("torch")
    from torchvision.ops import box_iou

    expected = box_iou(torch.tensor([a.as_list()]).double(), torch.tensor([b.as_list()]).double())
    # torchvision reads float32 literals; the tolerance is theirs
    assert iou(a, b) == pytest.approx(float(expected), abs=1e-4)


@given(boxes, boxes)
def test_iou_is_symmetric_bounded_and_zero_for_swapped_corners(a: PixelBox, b: PixelBox) -> None:
    assert iou(a, b) == iou(b, a)
    assert 0 <= iou(a, b) <= 1
    if a.x2 < a.x1 or a.y2 < a.y1:
        assert iou(a, b) == 0


@given(ordered, st.integers(1, 5000), st.integers(1, 5000))
def test_to_unit_and_back(box: PixelBox, width: int, height: int) -> None:
    size = ImageSize(width, height)
    back = box.to_unit(size).to_pixels(size)
    assert back.as_list() == pytest.approx(box.as_list(), abs=1e-6)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_prediction_is_finite(bad: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        UnitBox(0, 0, bad, 1)
