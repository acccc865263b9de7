"""Shikra: ``[0.123,0.456,0.789,0.999]``, x before y, three decimals, fractions **of the square-padded image**.

Boxes of one phrase stand in one bracket, split by ``;``. Source: shikras/shikra. A box stands behind a phrase
whose beginning nothing marks, so the syntax carries no labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from argus_eval.core.prediction import Prediction, Region, Unparsed
from argus_eval.parsing.bracket_boxes import BracketReader
from argus_eval.parsing.protocol import ParseContext
from argus_eval.parsing.square_pad import from_square, to_square
from argus_eval.parsing.tagged_boxes import read_bracket_prose

__all__ = ["DIALECT", "Shikra"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shikra:
    """See the module."""

    name: str = "shikra"
    labels: bool = False
    quads: bool = False
    points: bool = False

    def encode(self, regions: Sequence[Region], context: ParseContext) -> str:
        """All boxes in one bracket; labels are left out.

        Raises:
            ValueError: the context tells no image size.
        """
        size = context.image_size
        if size is None:
            raise ValueError(f"{self.name}: boxes cannot be written: image size unknown")
        rows = (to_square(region.box.as_list(), size) for region in regions)
        boxes = (",".join(f"{min(max(value, 0.0), 1.0):.3f}" for value in row) for row in rows)
        return f"[{';'.join(boxes)}]"

    def decode(self, text: str, context: ParseContext) -> Prediction:
        """Every group of four numbers in square brackets."""
        size = context.image_size
        if size is None or min(size) < 1:
            return Unparsed(reason="image size unknown")
        return read_bracket_prose(text, context, BracketReader(to_unit=lambda box: from_square(box, size)))


DIALECT = Shikra()
