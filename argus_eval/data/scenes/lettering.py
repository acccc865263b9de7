"""Setting text: lines of words into a place, with the corners of every word's ink."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from argus_eval.data.scenes.raster import Point
from argus_eval.data.scenes.scene import Word
from argus_eval.data.scenes.typeface import SPACE, Face, extent

__all__ = ["Place", "Setting", "set_centred", "set_line", "line_width", "quad_box"]

_LEADING = 1.22  # line distance in letter sizes
_CAP = 0.7  # height of capitals in letter sizes


class Place(NamedTuple):
    """Where text goes: a rectangle around a centre, turned clockwise."""

    centre: Point
    width_px: float
    height_px: float
    turn_degrees: float = 0.0


class Setting(NamedTuple):
    """Set words and their letter size (em) in pixels."""

    words: tuple[Word, ...]
    letter_px: float


def line_width(words: Sequence[str], face: Face) -> float:
    """Width of a line in letter sizes."""
    return sum(extent(word, face).advance for word in words) + SPACE * (len(words) - 1)


def set_centred(lines: Sequence[Sequence[str]], face: Face, place: Place, largest_px: float = math.inf) -> Setting:
    """Lines centred in a place, as large as fits, at most ``largest_px``."""
    widest = max(line_width(line, face) for line in lines)
    tall = _CAP + 0.1 + _LEADING * (len(lines) - 1)
    letter = min(largest_px, place.width_px / widest, place.height_px / tall)
    words = []
    for number, line in enumerate(lines):
        left = -line_width(line, face) * letter / 2
        middle = (number - (len(lines) - 1) / 2) * _LEADING
        words += _run(line, number, _Pen(left, (middle + _CAP / 2) * letter, letter, face), place)
    return Setting(tuple(words), letter)


def set_line(words: Sequence[str], face: Face, origin: Point, letter_px: float, line: int = 0) -> tuple[Word, ...]:
    """One upright line from the left end of its baseline."""
    return tuple(_run(words, line, _Pen(0.0, 0.0, letter_px, face), Place(origin, 0, 0)))


class _Pen(NamedTuple):
    x: float
    y: float
    letter_px: float
    face: Face


def _run(words: Sequence[str], number: int, pen: _Pen, place: Place) -> list[Word]:
    placed, x = [], pen.x
    for word in words:
        ink = extent(word, pen.face)
        left, right = x + ink.left * pen.letter_px, x + ink.right * pen.letter_px
        top, bottom = pen.y - ink.top * pen.letter_px, pen.y - ink.bottom * pen.letter_px
        quad = _turned(((left, top), (right, top), (right, bottom), (left, bottom)), place)
        placed.append(Word(text=word, quad=quad, line=number))
        x += (ink.advance + SPACE) * pen.letter_px
    return placed


def _turned(corners: tuple[Point, Point, Point, Point], place: Place) -> tuple[Point, Point, Point, Point]:
    angle = math.radians(place.turn_degrees)
    cosine, sine = math.cos(angle), math.sin(angle)
    cx, cy = place.centre

    def move(point: Point) -> Point:
        x, y = cx + point[0] * cosine - point[1] * sine, cy + point[0] * sine + point[1] * cosine
        # Upright ink starts and ends on whole pixels; a turned one on sixteenths.
        return (float(round(x)), float(round(y))) if angle == 0 else (round(x * 16) / 16, round(y * 16) / 16)

    first, second, third, fourth = (move(corner) for corner in corners)
    return first, second, third, fourth


def quad_box(quad: Sequence[Point]) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of a quadrilateral."""
    xs, ys = [x for x, _ in quad], [y for _, y in quad]
    return min(xs), min(ys), max(xs), max(ys)
