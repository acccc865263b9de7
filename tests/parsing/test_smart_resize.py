"""Held against the function of transformers itself."""

from __future__ import annotations

import random

import pytest
from transformers.models.qwen2_vl.image_processing_qwen2_vl import smart_resize as official

from argus_eval.core.geometry import ImageSize
from argus_eval.parsing.smart_resize import QWEN2_VL_RULE, ResizeRule, smart_resize


def both(size: ImageSize, rule: ResizeRule) -> tuple[ImageSize | None, ImageSize | None]:
    try:
        height, width = official(
            size.height, size.width, factor=rule.factor, min_pixels=rule.min_pixels, max_pixels=rule.max_pixels
        )
    except ValueError:
        return smart_resize(size, rule), None
    return smart_resize(size, rule), ImageSize(width, height)


@pytest.mark.parametrize(
    "rule",
    [
        QWEN2_VL_RULE,
        ResizeRule(factor=28, min_pixels=4 * 28 * 28, max_pixels=16384 * 28 * 28),
        ResizeRule(factor=32, min_pixels=256 * 32 * 32, max_pixels=1280 * 32 * 32),
    ],
)
def test_equal_on_many_sizes(rule: ResizeRule) -> None:
    draw = random.Random(0)
    sizes = [ImageSize(draw.randint(1, 4000), draw.randint(1, 4000)) for _ in range(3000)]
    sizes += [ImageSize(draw.randint(1, 60), draw.randint(1, 60)) for _ in range(3000)]
    sizes += [
        ImageSize(width, 14 * odd) for width in (42, 70, 640) for odd in (1, 3, 5, 7)
    ]  # halves: banker's rounding
    sizes += [ImageSize(2000, 10), ImageSize(2010, 10), ImageSize(10, 2000), ImageSize(5, 1000)]
    for size in sizes:
        ours, theirs = both(size, rule)
        assert ours == theirs, size


def test_transformers_class_defaults() -> None:
    assert official(479, 640) == official(479, 640, factor=28, min_pixels=3136, max_pixels=1003520)
    assert (QWEN2_VL_RULE.min_pixels, QWEN2_VL_RULE.max_pixels, QWEN2_VL_RULE.factor) == (3136, 1003520, 28)


def test_documented_example() -> None:
    assert smart_resize(ImageSize(640, 480)) == ImageSize(644, 476)


@pytest.mark.parametrize("size", [ImageSize(0, 10), ImageSize(10, 0), ImageSize(-5, 10), ImageSize(201, 1)])
def test_refused(size: ImageSize) -> None:
    assert smart_resize(size) is None
