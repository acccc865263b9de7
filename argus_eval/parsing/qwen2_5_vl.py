"""Qwen2.5-VL: fenced JSON, ``[{"bbox_2d": [x1, y1, x2, y2], "label": "cat"}]``, pixels **of the resized image**.

The size is that which the image processor made (:attr:`ParseContext.resized_size`); without it, the rule of the
family's class defaults in transformers (multiples of 28, 3136 to 1003520 pixels) is applied to the original
size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from argus_eval.core.geometry import ImageSize
from argus_eval.core.prediction import Prediction, Region, Unparsed
from argus_eval.parsing.json_boxes import JsonBoxes
from argus_eval.parsing.protocol import ParseContext
from argus_eval.parsing.smart_resize import QWEN2_VL_RULE, ResizeRule, smart_resize

__all__ = ["DIALECT", "Qwen25VL"]

_JSON = JsonBoxes(box_keys=("bbox_2d", "bbox"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Qwen25VL:
    """See the module."""

    name: str = "qwen2.5-vl"
    labels: bool = True
    quads: bool = False
    points: bool = False
    rule: ResizeRule = QWEN2_VL_RULE

    def encode(self, regions: Sequence[Region], context: ParseContext) -> str:
        """Whole pixels of the resized image.

        Raises:
            ValueError: the context tells no size, or one that the image processor refuses.
        """
        size = self._size(context)
        if isinstance(size, Unparsed):
            raise ValueError(f"{self.name}: boxes cannot be written: {size.reason}")
        return _JSON.write(
            regions, lambda region: [round(value) for value in region.box.to_pixels(size).as_list()]
        )

    def decode(self, text: str, context: ParseContext) -> Prediction:
        """Every whole object with a box."""
        size = self._size(context)
        if isinstance(size, Unparsed):
            return size
        width, height = size
        scale = (width, height, width, height)
        return _JSON.read(
            text, context, lambda box: [value / side for value, side in zip(box, scale, strict=True)]
        )

    def _size(self, context: ParseContext) -> ImageSize | Unparsed:
        if context.resized_size is not None and min(context.resized_size) > 0:
            return context.resized_size
        if context.image_size is None:
            return Unparsed(reason="image size unknown")
        return smart_resize(context.image_size, self.rule) or Unparsed(reason="image refused by the resize rule")


DIALECT = Qwen25VL()
