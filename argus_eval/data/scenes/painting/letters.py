"""Words: each is drawn large, cut to its ink and fitted exactly into its corners."""

from __future__ import annotations

import io
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from argus_eval.data.scenes.lettering import quad_box
from argus_eval.data.scenes.scene import TextBlock, Word
from argus_eval.data.scenes.typeface import Extent, Face, extent, strokes
from argus_eval.errors import EnvironmentError_

__all__ = ["paint_text"]

_SIZES = (10, 12, 14, 17, 20, 24, 29, 35, 42, 50, 60, 72, 88, 106, 128, 160)
_STROKE_ZOOM = 2


def paint_text(canvas: Image.Image, block: TextBlock) -> None:
    """Paints a block of words."""
    for word in block.words:
        left, top, right, bottom = quad_box(word.quad)
        if word.quad[0][1] == word.quad[1][1]:
            size = (max(1, round(right - left)), max(1, round(bottom - top)))
            ink = _ink(word.text, block.face, block.letter_px).resize(size, Image.Resampling.BILINEAR)
            canvas.paste(block.colour, (round(left), round(top)), ink)
        else:
            _paint_turned(canvas, block, word)


def _paint_turned(canvas: Image.Image, block: TextBlock, word: Word) -> None:
    left, top, right, bottom = quad_box(word.quad)
    x0, y0 = int(left) - 1, int(top) - 1
    size = (int(right) + 2 - x0, int(bottom) + 2 - y0)
    ink = _ink(word.text, block.face, block.letter_px * 2)
    (ax, ay), (bx, by), _, (dx, dy) = word.quad
    # Inverse of the affine map that takes the ink's corners to the quad's.
    ux, uy, vx, vy = (bx - ax), (by - ay), (dx - ax), (dy - ay)
    det = ux * vy - uy * vx
    wide, tall = ink.size
    a, b = vy / det * wide, -vx / det * wide
    d, e = -uy / det * tall, ux / det * tall
    c, f = a * (x0 - ax) + b * (y0 - ay), d * (x0 - ax) + e * (y0 - ay)
    turned = ink.transform(size, Image.Transform.AFFINE, (a, b, c, d, e, f), Image.Resampling.BICUBIC)
    canvas.paste(block.colour, (x0, y0), turned)


def _ink(text: str, face: Face, letter_px: float) -> Image.Image:
    """A grey mask whose four sides touch the ink, about the wanted size."""
    if face == "stroke":
        return _stroked(text, letter_px)
    size = next((size for size in _SIZES if size >= letter_px), _SIZES[-1])
    font = _font(size)
    bold = max(1, round(size * 0.022)) if face == "bold" else 0
    width, height = round(font.getlength(text)) + 2 * size, 2 * size
    mask = Image.new("L", (width, height))
    ImageDraw.Draw(mask).text((size // 2, size // 2), text, fill=255, font=font, stroke_width=bold)
    return _cut(mask)


def _stroked(text: str, letter_px: float) -> Image.Image:
    scale = letter_px * _STROKE_ZOOM
    ink: Extent = extent(text, "stroke")
    margin = scale * 0.1
    width, height = (ink.right - ink.left) * scale + 2 * margin, (ink.top - ink.bottom) * scale + 2 * margin
    mask = Image.new("L", (round(width) + 1, round(height) + 1))
    pen = ImageDraw.Draw(mask)
    thick = max(1, round(scale * 0.1))
    for index, letter in enumerate(text):
        for line in strokes(letter):
            points = [
                ((x + index * 0.62 - ink.left) * scale + margin, (ink.top - y) * scale + margin) for x, y in line
            ]
            pen.line(points, fill=255, width=thick, joint="curve")
            for x, y in (points[0], points[-1]):
                pen.ellipse((x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2), fill=255)
    return _cut(mask)


def _cut(mask: Image.Image) -> Image.Image:
    box = mask.point(lambda value: 255 if value > 60 else 0).getbbox()
    return mask.crop(box) if box else mask


@lru_cache(maxsize=len(_SIZES))
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size=size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise EnvironmentError_(
            "this Pillow was built without FreeType and cannot draw text; install Pillow from its official wheel"
        )
    # Basic layout: the complex one depends on which shaping library is installed.
    data = font.font_bytes
    return ImageFont.FreeTypeFont(io.BytesIO(data), size, layout_engine=ImageFont.Layout.BASIC)
