"""What every parser is: a pure function of the text and of what the model was shown.

A parser never sees the reference answer and never raises on model text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from argus_eval.core.geometry import ImageSize
from argus_eval.core.prediction import Prediction, Region

__all__ = ["AnswerParser", "Dialect", "ParseContext"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseContext:
    """What a parser may know besides the text.

    Attributes:
        image_size: original image; ``None`` where its header could not be read.
        resized_size: what the image processor made of it; dialects that count in resized pixels need it and
            fall back to their family's published rule.
        options: the choices that the prompt showed, in order.
        hit_limit: the answer was cut off by the token limit.
        may_be_empty: "nothing there" is a possible answer (detection, dense captions, text spotting). Otherwise a
            :class:`Parsed` of a dialect always holds at least one region, and an answer without any is unparsed.
        quads: the prompt asked for quadrilaterals; dialects that can write them do so, the others write boxes.
    """

    image_size: ImageSize | None = None
    resized_size: ImageSize | None = None
    options: tuple[str, ...] = ()
    hit_limit: bool = False
    may_be_empty: bool = False
    quads: bool = False


class Dialect(Protocol):
    """How one model family writes boxes: syntax, axis order, range and reference size.

    Attributes:
        name: as in CONTRACTS ("qwen2.5-vl").
        labels: the syntax can carry a label with each box.
        quads: the syntax can carry quadrilaterals.
        points: it writes points instead of boxes; they are read as boxes of no area, so every overlap is zero.
    """

    @property
    def name(self) -> str: ...

    @property
    def labels(self) -> bool: ...

    @property
    def quads(self) -> bool: ...

    @property
    def points(self) -> bool: ...

    def encode(self, regions: Sequence[Region], context: ParseContext) -> str:
        """The text a perfect model of this family would write for ``regions``."""
        ...

    def decode(self, text: str, context: ParseContext) -> Prediction:
        """Regions read from ``text``, with every repair named; never raises on any string."""
        ...


class AnswerParser(Protocol):
    """Reads a short answer, a choice, yes/no or a number out of free text; never raises on any string."""

    def __call__(self, text: str, context: ParseContext) -> Prediction: ...
