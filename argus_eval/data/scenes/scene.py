"""What a scene is: everything that is known about an image before it is painted.

Coordinates are pixels of the image, y down. A scene is content: it is the same on every platform and with every
version of the drawing library, and its JSON form is what tests compare. The painted pixels may differ slightly.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from argus_eval.core.codec import from_json, to_json
from argus_eval.core.fingerprint import canonical_json, fingerprint
from argus_eval.core.geometry import ImageSize, PixelBox
from argus_eval.data.scenes.colours import RGB
from argus_eval.data.scenes.raster import Point
from argus_eval.data.scenes.typeface import Face

__all__ = [
    "PICTURES",
    "Background",
    "BackgroundKind",
    "Chart",
    "Diagram",
    "Document",
    "Mark",
    "Scene",
    "SceneKind",
    "SceneObject",
    "Series",
    "SizeWord",
    "TextBlock",
    "Texture",
    "Word",
    "content_fingerprint",
    "scene_from_text",
    "scene_to_text",
]

SceneKind = Literal["objects", "crowd", "signs", "document", "chart", "infographic", "diagram"]

#: Kinds that show things on a background; the others are pages.
PICTURES: tuple[SceneKind, ...] = ("objects", "crowd", "signs")

SizeWord = Literal["small", "medium", "large"]
Texture = Literal["plain", "striped", "dotted", "checkered"]
BackgroundKind = Literal["plain", "gradient", "spot", "noise", "ground", "wall", "planks", "paper"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """What lies behind everything."""

    kind: BackgroundKind
    first: RGB
    second: RGB
    angle: float  #: of gradients and stripes, in turns
    level: float  #: height of the horizon, or cell size, as a share of the image
    specks: int  #: how many faint specks of clutter lie on it


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneObject:
    """One thing in the scene. Its place in ``Scene.objects`` is its depth: later ones are in front.

    ``box`` is the tight box of its *visible* pixels, ``visible`` their share of all its pixels, ``area_px``
    their number. ``centre_px``, ``reach_px`` (half of the long side) and ``turn_degrees`` place the drawing.
    """

    index: int
    category: str
    colour: str
    size: SizeWord
    texture: Texture
    shade: RGB
    second_shade: RGB
    centre_px: Point
    reach_px: float
    turn_degrees: float
    mirrored: bool
    outlined: bool
    box: PixelBox
    visible: float
    area_px: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word and the corners of its ink: top left, top right, bottom right, bottom left of the upright word."""

    text: str
    quad: tuple[Point, Point, Point, Point]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TextBlock:
    """Words that belong together: a sign, a title, a table cell, an axis label.

    ``owner`` is the index of the object it is written on; None for text on the page itself. ``role`` says what
    it is ("sign", "label", "title", "key", "value", "tick" …). ``letter_px`` is the letter size (em).
    """

    words: tuple[Word, ...]
    role: str
    colour: RGB
    face: Face
    letter_px: float
    owner: int | None = None

    @property
    def text(self) -> str:
        """The words joined by blanks."""
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something drawn that is not an object: a rule, a table frame, a bar, an arrow."""

    kind: Literal["area", "line"]
    points: tuple[Point, ...]
    colour: RGB
    width_px: float = 0.0  #: of a line


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a page says: named fields, and a table with a header row."""

    kind: Literal["receipt", "form", "letter", "table", "poster", "note", "infographic"]
    title: str
    fields: tuple[tuple[str, str], ...]
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    body: tuple[str, ...] = ()  #: lines of running text


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One data series of a chart; a value for each category."""

    name: str
    colour: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What a chart shows."""

    kind: Literal["bar", "hbar", "line", "pie"]
    title: str
    unit: str
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    valued: bool  #: whether the values are written at the marks


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagram:
    """A labelled drawing: which letter or name points at which object, and which arrows run between them."""

    kind: Literal["parts", "chain"]
    title: str
    labels: tuple[str, ...]  #: of the objects, in their order
    arrows: tuple[tuple[int, int], ...] = ()  #: pairs of object indices, from and to


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """An image before it is painted."""

    id: str
    stream: str
    seed: int
    kind: SceneKind
    width: int
    height: int
    theme: str
    background: Background
    objects: tuple[SceneObject, ...] = ()
    texts: tuple[TextBlock, ...] = ()
    marks: tuple[Mark, ...] = ()
    document: Document | None = None
    chart: Chart | None = None
    diagram: Diagram | None = None

    @property
    def size(self) -> ImageSize:
        """Width and height in pixels."""
        return ImageSize(self.width, self.height)

    def text_on(self, index: int) -> str | None:
        """What is written on an object; None where nothing is."""
        return next((block.text for block in self.texts if block.owner == index), None)


def scene_to_text(scene: Scene) -> str:
    """Canonical JSON of a scene; equal scenes give equal text."""
    return canonical_json(to_json(scene))


def scene_from_text(text: str) -> Scene:
    """The scene that `scene_to_text` wrote.

    Raises:
        ValueError: the text is not a scene; the message names the offending value.
    """
    return from_json(Scene, json.loads(text))


def content_fingerprint(scene: Scene) -> str:
    """``sha256:…`` of what the scene shows, without its name and seed: equal for two scenes that look the same."""
    content = to_json(scene)
    return fingerprint({key: value for key, value in content.items() if key not in ("id", "stream", "seed")})
