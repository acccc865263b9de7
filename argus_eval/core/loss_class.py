"""What a recipe may change about what a model computes."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["LossClass"]


class LossClass(StrEnum):
    """Ordered: a set of recipes has the highest class among its members."""

    L0 = "L0"  #: token ids and tensors hash-equal to the baseline
    L1 = "L1"  #: the same mathematics, other rounding
    L2 = "L2"  #: information changes
