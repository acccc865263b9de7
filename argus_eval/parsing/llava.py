"""LLaVA-1.5: ``[0.12, 0.34, 0.56, 0.78]``, x before y, two decimals, fractions **of the square-padded image**.

Sources: TRI-ML/vlm-evaluation #16, GroundingGPT #11. The syntax carries no labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from argus_eval.core.prediction import Prediction, Region, Unparsed
from argus_eval.parsing.bracket_boxes import BracketReader
from argus_eval.parsing.protocol import ParseContext
from argus_eval.parsing.square_pad import from_square, to_square
from argus_eval.parsing.tagged_boxes import read_bracket_prose

__all__ = ["DIALECT", "Llava"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Llava:
    """See the module."""

    name: str = "llava"
    labels: bool = False
    quads: bool = False
    points: bool = False

    def encode(self, regions: Sequence[Region], context: ParseContext) -> str:
        """One bracket a region.

        Raises:
            ValueError: the context tells no image size.
        """
        size = context.image_size
        if size is None:
            raise ValueError(f"{self.name}: boxes cannot be written: image size unknown")
        rows = (to_square(region.box.as_list(), size) for region in regions)
        return " ".join(f"[{', '.join(f'{_clamp(value):.2f}' for value in row)}]" for row in rows) or "[]"

    def decode(self, text: str, context: ParseContext) -> Prediction:
        """Every group of four numbers in square brackets."""
        size = context.image_size
        if size is None or min(size) < 1:
            return Unparsed(reason="image size unknown")
        return read_bracket_prose(text, context, BracketReader(to_unit=lambda box: from_square(box, size)))


def _clamp(value: float) -> float:
    return min(max(value, 0.0), 1.0)


DIALECT = Llava()
