"""Labelled drawings: letters that point at things, and chains of named things with arrows."""

from __future__ import annotations

import math

from argus_eval.core.geometry import ImageSize
from argus_eval.data.scenes.arranging import Wish, stand_at
from argus_eval.data.scenes.catalogue import CATEGORIES
from argus_eval.data.scenes.colours import COLOUR_NAMES
from argus_eval.data.scenes.draws import Draws
from argus_eval.data.scenes.pages.sheet import Ink, Page, Sheet, paper
from argus_eval.data.scenes.raster import Point
from argus_eval.data.scenes.scene import Diagram

__all__ = ["diagram_page"]

_INK = (40, 42, 48)
_LETTERS = "ABCDE"


def diagram_page(draws: Draws) -> Page:
    """A page with a lettered picture or a chain."""
    return _parts(draws) if draws.chance(0.5) else _chain(draws)


def _wishes(count: int, draws: Draws) -> list[Wish]:
    names = draws.sample([category.name for category in CATEGORIES if category.name != "sign"], count)
    colours = [name for name in COLOUR_NAMES if name != "white"]
    return [Wish(name, draws.choice(colours), "medium", "plain", False) for name in names]


def _parts(draws: Draws) -> Page:
    """Things in a grid; a letter in a circle beside each, joined to it by a line."""
    sheet = Sheet(640, 480)
    count = draws.integer(3, 5)
    cells = draws.sample([(column, row) for column in range(3) for row in range(2)], count)
    places: list[tuple[Wish, Point, float]] = []
    for wish, letter, (column, row) in zip(_wishes(count, draws), _LETTERS, sorted(cells), strict=False):
        x, y = 84.0 + 210 * column, 128.0 + 224 * row
        places.append((wish, (x, y), 66.0))
        at = (x + 96, y - 76 if draws.chance(0.5) else y + 76)
        sheet.rule((x, y), at, _INK, 3)
        sheet.area(_disc(at, 25), (255, 255, 255))
        sheet.path((*_disc(at, 25), (at[0] + 25, at[1])), _INK, 3)
        sheet.line(letter, (at[0], at[1] + 12), Ink(letter_px=34, colour=_INK, face="bold"), "letter", "centre")
    labels = tuple(_LETTERS[:count])
    return _page(sheet, places, Diagram(kind="parts", title="", labels=labels), draws)


def _disc(at: Point, radius: float) -> tuple[Point, ...]:
    angles = [2 * math.pi * k / 24 for k in range(24)]
    return tuple((at[0] + radius * math.cos(a), at[1] + radius * math.sin(a)) for a in angles)


def _chain(draws: Draws) -> Page:
    """Things around a circle or in a row, their names below, an arrow from each to the next."""
    count = draws.integer(3, 4)
    ring = draws.chance(0.5)
    sheet = Sheet(640, 640) if ring else Sheet(220 * count, 320)
    title = draws.choice(("Cycle", "Life cycle", "Circle of things")) if ring else draws.choice(("Chain", "Steps"))
    bold = Ink(letter_px=34, colour=_INK, face="bold")
    sheet.line(title, (sheet.width / 2, 48), bold, "title", "centre")
    if ring:
        turns = [2 * math.pi * (at / count - 0.25) for at in range(count)]
        centres = [(320 + 205 * math.cos(turn), 345 + 190 * math.sin(turn)) for turn in turns]
        pairs = [(at, (at + 1) % count) for at in range(count)]
    else:
        centres = [(110.0 + 220 * at, 170.0) for at in range(count)]
        pairs = [(at, at + 1) for at in range(count - 1)]
    wishes = _wishes(count, draws)
    places: list[tuple[Wish, Point, float]] = []
    for wish, (x, y) in zip(wishes, centres, strict=True):
        middle = (round(x * 16) / 16, round(y * 16) / 16)
        places.append((wish, middle, 58.0))
        sheet.line(wish.category, (x, y + 92), Ink(letter_px=27, colour=_INK), "name", "centre")
    colour = draws.choice(((190, 60, 40), (40, 90, 180), (60, 130, 70), (60, 60, 66)))
    for start, end in pairs:
        sheet.arrow(*_between(centres[start], centres[end]), colour, 5)
    labels = tuple(wish.category for wish in wishes)
    return _page(sheet, places, Diagram(kind="chain", title=title, labels=labels, arrows=tuple(pairs)), draws)


def _between(start: Point, end: Point) -> tuple[Point, Point]:
    """The middle part of a line, clear of what stands at its ends."""
    length = math.hypot(end[0] - start[0], end[1] - start[1])
    ux, uy = (end[0] - start[0]) / length, (end[1] - start[1]) / length
    clear = 76 + 34 * abs(uy)
    return (start[0] + ux * clear, start[1] + uy * clear), (end[0] - ux * clear, end[1] - uy * clear)


def _page(sheet: Sheet, places: list[tuple[Wish, Point, float]], diagram: Diagram, draws: Draws) -> Page:
    return Page(
        width=sheet.width,
        height=sheet.height,
        background=paper(draws),
        texts=tuple(sheet.texts),
        marks=tuple(sheet.marks),
        objects=stand_at(places, ImageSize(sheet.width, sheet.height), draws),
        diagram=diagram,
    )
