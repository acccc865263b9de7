"""From a scene to an image, and from an image to compressed bytes."""

from __future__ import annotations

import io
from typing import NamedTuple

from PIL import Image, ImageDraw

from argus_eval.data.scenes.draws import Stream, draws_for
from argus_eval.data.scenes.painting.ground import grained, paint_background
from argus_eval.data.scenes.painting.letters import paint_text
from argus_eval.data.scenes.painting.things import paint_object
from argus_eval.data.scenes.scene import PICTURES, Mark, Scene

__all__ = ["Encoding", "choose_encoding", "encode", "render"]


class Encoding(NamedTuple):
    """How an image is compressed; ``quality`` is JPEG's, without meaning for PNG."""

    format: str
    quality: int

    @property
    def suffix(self) -> str:
        return "jpg" if self.format == "JPEG" else "png"


def render(scene: Scene) -> Image.Image:
    """Paints a scene. Returns an RGB image of the scene's size."""
    draws = draws_for(Stream(scene.stream), scene.seed, "pixels")
    canvas = paint_background(scene, draws)
    for mark in scene.marks:
        _paint_mark(canvas, mark)
    shadow = scene.kind in PICTURES and draws.chance(0.5)
    written = {block.owner for block in scene.texts}
    for thing in scene.objects:
        paint_object(canvas, thing, shadow)
        if thing.index in written:
            for block in scene.texts:
                if block.owner == thing.index:
                    paint_text(canvas, block)
    for block in scene.texts:
        if block.owner is None:
            paint_text(canvas, block)
    if scene.kind in PICTURES and draws.chance(0.4):
        canvas = grained(canvas, draws.uniform(1.0, 3.0), draws)
    return canvas


def _paint_mark(canvas: Image.Image, mark: Mark) -> None:
    pen = ImageDraw.Draw(canvas)
    if mark.kind == "area":
        pen.polygon(list(mark.points), fill=mark.colour)
    else:
        pen.line(list(mark.points), fill=mark.colour, width=max(1, round(mark.width_px)), joint="curve")


def choose_encoding(scene: Scene) -> Encoding:
    """JPEG of varied quality; one page in four is a PNG."""
    draws = draws_for(Stream(scene.stream), scene.seed, "encoding")
    if scene.kind not in PICTURES and draws.chance(0.25):
        return Encoding("PNG", 0)
    return Encoding("JPEG", draws.integer(80, 92))


def encode(image: Image.Image, encoding: Encoding = Encoding("JPEG", 90)) -> bytes:  # noqa: B008 - immutable
    """Compressed bytes of an image."""
    buffer = io.BytesIO()
    if encoding.format == "PNG":
        image.save(buffer, "PNG")
    else:
        image.save(buffer, "JPEG", quality=encoding.quality, optimize=True)
    return buffer.getvalue()
