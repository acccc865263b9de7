"""Objects: each is painted on its own enlarged layer, shaded, and put onto the canvas through its silhouette."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from argus_eval.data.scenes.colours import RGB, luminance, mix
from argus_eval.data.scenes.outline import Paint
from argus_eval.data.scenes.placing import PlacedPart, placed, pose_of
from argus_eval.data.scenes.raster import Points
from argus_eval.data.scenes.scene import SceneObject

__all__ = ["paint_object"]

_FIXED: dict[Paint, RGB] = {
    "dark": (42, 42, 46),
    "light": (244, 244, 240),
    "glass": (182, 214, 232),
    "wood": (140, 96, 58),
    "metal": (150, 154, 160),
    "leaf": (70, 150, 70),
    "warm": (252, 198, 64),
    "stem": (72, 128, 62),
}


class _Layer(NamedTuple):
    """A canvas for one object: ``zoom`` pixels to one of the image, its corner at ``(left, top)``."""

    left: int
    top: int
    zoom: int
    image: Image.Image
    alpha: Image.Image

    def moved(self, points: Points) -> Points:
        # Pillow takes a coordinate for the centre of a pixel, we for a corner.
        return (points - (self.left, self.top)) * self.zoom - 0.5


def paint_object(canvas: Image.Image, thing: SceneObject, shadow: bool) -> None:
    """Paints one object in front of what is there."""
    parts = placed(pose_of(thing))
    layer = _layer(parts, 3 if thing.reach_px < 40 else 2)
    painted = _paint_parts(layer, parts, thing)
    image = painted.reduce(layer.zoom)
    image = ImageChops.multiply(image, _shading(image.size))
    alpha = layer.alpha.reduce(layer.zoom)
    if shadow:
        shift = max(1, round(thing.reach_px * 0.05))
        veil = alpha.point(lambda value: value * 0.28)
        canvas.paste((18, 18, 26), (layer.left + shift, layer.top + shift), veil)
    canvas.paste(image, (layer.left, layer.top), alpha)


def _layer(parts: list[PlacedPart], zoom: int) -> _Layer:
    points = np.concatenate([part.points for part in parts])
    left, top = (math.floor(value) - 1 for value in points.min(axis=0))
    right, bottom = (math.ceil(value) + 1 for value in points.max(axis=0))
    size = ((right - left) * zoom, (bottom - top) * zoom)
    return _Layer(left, top, zoom, Image.new("RGB", size), Image.new("L", size))


def _paint_parts(layer: _Layer, parts: list[PlacedPart], thing: SceneObject) -> Image.Image:
    """Fills the layer's alpha with the silhouette and returns the painted image."""
    pen, cut = ImageDraw.Draw(layer.image), ImageDraw.Draw(layer.alpha)
    pattern = _pattern(thing, layer) if thing.texture != "plain" else None
    width = max(1, round(thing.reach_px * 0.035 * layer.zoom)) if thing.outlined else 0
    for part in parts:
        points = layer.moved(part.points)
        outline = points.ravel().tolist()
        colour = _colour(part.paint, thing)
        cut.polygon(outline, fill=255)
        if pattern is not None and part.paint == "main":
            stencil = Image.new("L", layer.image.size)
            ImageDraw.Draw(stencil).polygon(outline, fill=255)
            layer.image.paste(pattern, (0, 0), stencil)
        else:
            pen.polygon(outline, fill=colour)
        if width and part.paint in ("main", "trim"):
            _stroke(pen, points, part.hollow, mix(colour, (0, 0, 0), 0.5), width)
    return layer.image


def _stroke(pen: ImageDraw.ImageDraw, points: Points, hollow: bool, colour: RGB, width: int) -> None:
    half = len(points) // 2
    for edge in (points[:half], points[half:]) if hollow else (points,):
        closed = np.concatenate((edge, edge[:2])).ravel().tolist()
        pen.line(closed, fill=colour, width=width, joint="curve")


def _colour(paint: Paint, thing: SceneObject) -> RGB:
    if paint == "main":
        return thing.shade
    if paint == "trim":
        target = (0, 0, 0) if luminance(thing.shade) > 60 else (255, 255, 255)
        return mix(thing.shade, target, 0.26)
    return _FIXED[paint]


def _shading(size: tuple[int, int]) -> Image.Image:
    """Light from the upper left: full there, a little darker at the lower right."""
    corner = Image.fromarray(np.array([[255, 240], [238, 206]], dtype=np.uint8))
    grey = corner.resize(size, Image.Resampling.BILINEAR)
    return Image.merge("RGB", (grey, grey, grey))


def _pattern(thing: SceneObject, layer: _Layer) -> Image.Image:
    """Stripes, dots or checks in the object's two shades, turned with it."""
    width, height = layer.image.size
    cell = max(4.0, thing.reach_px * layer.zoom * 0.3)
    angle = math.radians(thing.turn_degrees)
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32), sparse=True)
    x, y = x - width / 2, y - height / 2
    right = (x * math.cos(angle) + y * math.sin(angle)) / cell
    down = (y * math.cos(angle) - x * math.sin(angle)) / cell
    match thing.texture:
        case "striped":
            across = (right + down) / 1.4
            second = across - np.floor(across) < 0.43
        case "dotted":
            second = (right - np.floor(right) - 0.5) ** 2 + (down - np.floor(down) - 0.5) ** 2 < 0.085
        case _:
            second = (np.floor(right * 1.3).astype(np.int16) + np.floor(down * 1.3).astype(np.int16)) & 1 == 0
    table = np.array([thing.shade, thing.second_shade], dtype=np.uint8)
    return Image.fromarray(table[np.broadcast_to(second, (height, width)).astype(np.uint8)])
