"""Coordinates of an image that was padded to a square before the model saw it.

``expand2square`` of LLaVA and Shikra puts the image in the middle of a square of its longer side, with whole
pixels of padding (``(long - short) // 2`` before the image). Source: haotian-liu/LLaVA ``mm_utils.py``.
"""

from __future__ import annotations

from collections.abc import Sequence

from argus_eval.core.geometry import ImageSize

__all__ = ["from_square", "to_square"]


def to_square(box: Sequence[float], size: ImageSize) -> list[float]:
    """Fractions of the image → fractions of the padded square; ``box`` is ``x1, y1, x2, y2``.

    >>> to_square([0.0, 0.0, 1.0, 1.0], ImageSize(200, 100))
    [0.0, 0.25, 1.0, 0.75]
    """
    side, offsets = _padding(size)
    return [
        (value * length + offset) / side
        for value, length, offset in zip(box, (*size, *size), (*offsets, *offsets), strict=True)
    ]


def from_square(box: Sequence[float], size: ImageSize) -> list[float]:
    """Fractions of the padded square → fractions of the image; what lies in the padding falls outside [0, 1]."""
    side, offsets = _padding(size)
    return [
        (value * side - offset) / length
        for value, length, offset in zip(box, (*size, *size), (*offsets, *offsets), strict=True)
    ]


def _padding(size: ImageSize) -> tuple[int, tuple[int, int]]:
    side = max(size)
    return side, ((side - size.width) // 2, (side - size.height) // 2)
