"""Backgrounds: gradients, textures, a horizon, and specks of clutter."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from argus_eval.data.scenes.colours import RGB, mix
from argus_eval.data.scenes.draws import Draws
from argus_eval.data.scenes.scene import Background, Scene

__all__ = ["grained", "paint_background"]

_COARSE = 4  # smooth backgrounds are computed on a grid this much coarser
_GRAIN = 128  # side of the tile of sensor noise

Share = npt.NDArray[np.float64]


def paint_background(scene: Scene, draws: Draws) -> Image.Image:
    """The canvas with everything that lies behind the objects."""
    canvas = _surface(scene.background, scene.width, scene.height, draws)
    _sprinkle(canvas, scene, draws)
    return canvas


def _surface(background: Background, width: int, height: int, draws: Draws) -> Image.Image:
    if background.kind in ("plain", "paper"):
        return Image.new("RGB", (width, height), background.first)
    if background.kind in ("wall", "planks"):
        return _striped(background, width, height, draws)
    columns, rows = max(2, width // _COARSE), max(2, height // _COARSE)
    share = np.clip(_share(background, columns, rows, draws), 0.0, 1.0)[..., None]
    first, second = (np.asarray(tone, dtype=np.float32) for tone in (background.first, background.second))
    small = Image.fromarray((first + (second - first) * share).astype(np.uint8))
    return small.resize((width, height), Image.Resampling.BILINEAR)


def _share(background: Background, columns: int, rows: int, draws: Draws) -> Share:
    """How much of the second tone is where, ``(rows, columns)``."""
    x = np.linspace(0, 1, columns)[None, :]
    y = np.linspace(0, 1, rows)[:, None]
    angle = 2 * math.pi * background.angle
    match background.kind:
        case "gradient":
            along = x * math.cos(angle) + y * math.sin(angle)
            return np.asarray((along - along.min()) / (along.max() - along.min()))
        case "spot":
            middle_x, middle_y = 0.5 + 0.3 * math.cos(angle), 0.5 + 0.3 * math.sin(angle)
            return np.asarray(np.sqrt((x - middle_x) ** 2 + (y - middle_y) ** 2) * 1.2)
        case "noise":
            return _cloud(columns, rows, draws)
        case _:
            below = (y > background.level) * (0.75 + 0.25 * y)
            return np.broadcast_to(below, (rows, columns))


def _cloud(columns: int, rows: int, draws: Draws) -> Share:
    total = np.zeros((rows, columns))
    for cells, weight in ((4, 0.6), (9, 0.4)):
        values = np.array([[draws.unit() for _ in range(cells)] for _ in range(cells)])
        layer = Image.fromarray((values * 255).astype(np.uint8)).resize((columns, rows), Image.Resampling.BICUBIC)
        total += weight * np.asarray(layer, dtype=np.float64) / 255
    return total


def _striped(background: Background, width: int, height: int, draws: Draws) -> Image.Image:
    """Vertical stripes of a wallpaper or the boards of a floor."""
    canvas = Image.new("RGB", (width, height), background.first)
    pen = ImageDraw.Draw(canvas)
    step = max(6.0, min(width, height) * (0.05 + 0.08 * background.level))
    upright = background.kind == "wall"
    line = mix(background.first, (10, 10, 12), 0.3)
    for index in range(math.ceil((width if upright else height) / step)):
        start = index * step
        if upright and index % 2:
            pen.rectangle((start, 0, start + step - 1, height), fill=background.second)
        elif not upright:
            tone = mix(background.first, background.second, draws.unit())
            pen.rectangle((0, start, width, start + step), fill=tone)
            pen.line((0, start, width, start), fill=line)
    return canvas


def _sprinkle(canvas: Image.Image, scene: Scene, draws: Draws) -> None:
    """Faint specks: blades, pebbles, scratches; never close to the colour of an object."""
    if not scene.background.specks:
        return
    pen = ImageDraw.Draw(canvas)
    short = min(scene.size)
    tones: list[RGB] = [
        mix(scene.background.first, target, 0.2)
        for target in (scene.background.second, (255, 255, 255), (0, 0, 0))
    ]
    for _ in range(scene.background.specks):
        x, y = draws.uniform(0, scene.width), draws.uniform(0, scene.height)
        reach = draws.uniform(0.003, 0.014) * short
        tone = draws.choice(tones)
        if draws.chance(0.5):
            pen.ellipse((x - reach, y - reach * 0.6, x + reach, y + reach * 0.6), fill=tone)
        else:
            dx, dy = draws.uniform(-2, 2) * reach, draws.uniform(-2, 2) * reach
            pen.line((x, y, x + dx, y + dy), fill=tone, width=max(1, round(reach * 0.4)))


def grained(canvas: Image.Image, strength: float, draws: Draws) -> Image.Image:
    """Sensor noise: a tile of Gaussian grey noise, repeated."""
    generator = np.random.Generator(np.random.PCG64(draws.integer(0, 2**31)))
    tile = np.rint(generator.normal(0.0, strength, (_GRAIN, _GRAIN))).astype(np.int16)
    pixels = np.asarray(canvas, dtype=np.int16)
    repeats = (-(-pixels.shape[0] // _GRAIN), -(-pixels.shape[1] // _GRAIN))
    noise = np.tile(tile, repeats)[: pixels.shape[0], : pixels.shape[1], None]
    return Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))
