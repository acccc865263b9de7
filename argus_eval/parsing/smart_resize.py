"""The size that Qwen2-VL's and Qwen2.5-VL's image processor gives an image.

Source: transformers ``models/qwen2_vl/image_processing_qwen2_vl.py``. The copy in ``qwen_vl_utils`` has other
limits; boxes are read with the size that was really used, so the pipeline should hand it over
(:attr:`ParseContext.resized_size`) and this rule is only the fall-back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from argus_eval.core.geometry import ImageSize

__all__ = ["QWEN2_VL_RULE", "ResizeRule", "smart_resize"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResizeRule:
    """Limits of an image processor.

    Attributes:
        factor: both sides become multiples of it (patch size × merge size).
        min_pixels: smallest area, pixels.
        max_pixels: largest area, pixels.
    """

    factor: int
    min_pixels: int
    max_pixels: int


#: class defaults of transformers: 4 to 1280 visual tokens of 28 × 28 pixels
QWEN2_VL_RULE = ResizeRule(factor=28, min_pixels=56 * 56, max_pixels=1280 * 28 * 28)

_MAX_ASPECT_RATIO = 200


def smart_resize(size: ImageSize, rule: ResizeRule = QWEN2_VL_RULE) -> ImageSize | None:
    """The resized size; ``None`` where the processor refuses the image (empty, or longer than 200 : 1).

    Sides are rounded to the nearest multiple with Python's ``round``, that is half to even.

    >>> smart_resize(ImageSize(640, 480))
    ImageSize(width=644, height=476)
    """
    width, height = size
    if min(width, height) < 1 or max(width, height) / min(width, height) > _MAX_ASPECT_RATIO:
        return None
    factor = rule.factor
    new_height, new_width = round(height / factor) * factor, round(width / factor) * factor
    if new_height * new_width > rule.max_pixels:
        shrink = math.sqrt(height * width / rule.max_pixels)
        new_height = max(factor, math.floor(height / shrink / factor) * factor)
        new_width = max(factor, math.floor(width / shrink / factor) * factor)
    elif new_height * new_width < rule.min_pixels:
        grow = math.sqrt(rule.min_pixels / (height * width))
        new_height = math.ceil(height * grow / factor) * factor
        new_width = math.ceil(width * grow / factor) * factor
    return ImageSize(new_width, new_height)
