"""A page while it is being set: text, rules and coloured areas."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from argus_eval.data.scenes.colours import RGB
from argus_eval.data.scenes.draws import Draws
from argus_eval.data.scenes.lettering import Place, line_width, set_centred, set_line
from argus_eval.data.scenes.raster import Point
from argus_eval.data.scenes.scene import Background, Chart, Diagram, Document, Mark, SceneObject, TextBlock
from argus_eval.data.scenes.typeface import Face

__all__ = ["Ink", "Page", "Sheet", "paper"]

Align = Literal["left", "right", "centre"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ink:
    """How text looks."""

    letter_px: float
    colour: RGB = (24, 24, 28)
    face: Face = "sans"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A finished page: what a scene takes over from it."""

    width: int
    height: int
    background: Background
    texts: tuple[TextBlock, ...]
    marks: tuple[Mark, ...]
    objects: tuple[SceneObject, ...] = ()
    document: Document | None = None
    chart: Chart | None = None
    diagram: Diagram | None = None


@dataclass(slots=True)
class Sheet:
    """Collects what is put on a page, in pixels."""

    width: int
    height: int
    texts: list[TextBlock] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)

    def line(self, text: str, at: Point, ink: Ink, role: str, align: Align = "left") -> None:
        """One line of text; ``at`` is its left end, right end or middle on the baseline."""
        words = text.split()
        wide = line_width(words, ink.face) * ink.letter_px
        left = at[0] - {"left": 0.0, "right": wide, "centre": wide / 2}[align]
        placed = set_line(words, ink.face, (left, at[1]), ink.letter_px)
        self.texts.append(
            TextBlock(words=placed, role=role, colour=ink.colour, face=ink.face, letter_px=round(ink.letter_px, 2))
        )

    def fitted(self, text: str, place: Place, ink: Ink, role: str) -> None:
        """One line centred in a place, as large as fits but not larger than the ink says."""
        setting = set_centred([text.split()], ink.face, place, ink.letter_px)
        self.texts.append(
            TextBlock(
                words=setting.words,
                role=role,
                colour=ink.colour,
                face=ink.face,
                letter_px=round(setting.letter_px, 2),
            )
        )

    def rule(self, start: Point, end: Point, colour: RGB, width_px: float = 1.0) -> None:
        """A straight line."""
        self.path((start, end), colour, width_px)

    def path(self, points: tuple[Point, ...], colour: RGB, width_px: float) -> None:
        """A line through points."""
        rounded = tuple((float(round(x)), float(round(y))) for x, y in points)
        self.marks.append(Mark(kind="line", points=rounded, colour=colour, width_px=width_px))

    def area(self, points: tuple[Point, ...], colour: RGB) -> None:
        """A filled polygon."""
        rounded = tuple((float(round(x)), float(round(y))) for x, y in points)
        self.marks.append(Mark(kind="area", points=rounded, colour=colour))

    def box(self, x1: float, y1: float, x2: float, y2: float, colour: RGB) -> None:
        """A filled rectangle."""
        self.area(((x1, y1), (x2, y1), (x2, y2), (x1, y2)), colour)

    def arrow(self, start: Point, end: Point, colour: RGB, width_px: float) -> None:
        """A line with a head at its end."""
        length = max(1.0, math.hypot(end[0] - start[0], end[1] - start[1]))
        ux, uy = (end[0] - start[0]) / length, (end[1] - start[1]) / length
        head = 4.0 * width_px
        neck = (end[0] - ux * head, end[1] - uy * head)
        self.path((start, neck), colour, width_px)
        left = (neck[0] - uy * head * 0.55, neck[1] + ux * head * 0.55)
        right = (neck[0] + uy * head * 0.55, neck[1] - ux * head * 0.55)
        self.area((end, left, right), colour)


def paper(draws: Draws, specks: int = 0) -> Background:
    """White, cream or pale paper."""
    tone: RGB = draws.weighted(
        (((255, 255, 255), 0.5), ((250, 247, 238), 0.25), ((240, 244, 250), 0.15), ((246, 246, 246), 0.1))
    )
    return Background(kind="paper", first=tone, second=tone, angle=0.0, level=0.5, specks=specks)
