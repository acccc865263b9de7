"""Infographics: a title and panels, each with a picture, a large number and a few words."""

from __future__ import annotations

from argus_eval.core.geometry import ImageSize
from argus_eval.data.scenes.arranging import Wish, stand_at
from argus_eval.data.scenes.catalogue import CATEGORIES, plural
from argus_eval.data.scenes.colours import COLOUR_NAMES, COLOURS, RGB, distance
from argus_eval.data.scenes.draws import Draws
from argus_eval.data.scenes.pages.sheet import Ink, Page, Sheet, paper
from argus_eval.data.scenes.raster import Point
from argus_eval.data.scenes.scene import Document

__all__ = ["infographic_page"]

_PANELS: tuple[RGB, ...] = ((226, 240, 252), (253, 240, 214), (228, 245, 226), (248, 228, 236), (236, 232, 248))
_TITLES = ("Facts at a glance", "City life today", "What people like", "Numbers of the year", "Did you know?")
_VERBS = ("like", "own", "bought", "want", "draw", "found")


def infographic_page(draws: Draws) -> Page:
    """A tall page with three or four panels."""
    width, height = draws.choice(((600, 900), (600, 800)))
    sheet = Sheet(width, height)
    title = draws.choice(_TITLES)
    band = draws.choice(((34, 60, 110), (110, 34, 60), (24, 84, 72), (70, 50, 110)))
    sheet.box(0, 0, width, 110, band)
    ink = Ink(letter_px=44, colour=(255, 255, 255), face="bold")
    sheet.line(title, (width / 2, 70), ink, "title", "centre")
    count = draws.integer(3, 4)
    tall = (height - 130) / count
    fields: list[tuple[str, str]] = []
    places: list[tuple[Wish, Point, float]] = []
    panels = draws.sample(_PANELS, count)
    names = draws.sample([category.name for category in CATEGORIES if category.name != "sign"], count)
    numbers = draws.sample(range(5, 96), count)
    for at, (name, number, panel) in enumerate(zip(names, numbers, panels, strict=True)):
        top = 120 + at * tall
        sheet.box(20, top, width - 20, top + tall - 14, panel)
        middle = top + (tall - 14) / 2
        colours = [colour for colour in COLOUR_NAMES if distance(COLOURS[colour], panel) > 220]
        places.append((Wish(name, draws.choice(colours), "medium", "plain", False), (115.0, middle), 66.0))
        value = f"{number}%"
        said = f"{draws.choice(_VERBS)} {plural(name)}"
        sheet.line(value, (230, middle + 6), Ink(letter_px=66, colour=band, face="bold"), "value")
        sheet.line(f"of people {said}", (232, middle + 52), Ink(letter_px=27, colour=(50, 50, 58)), "key")
        fields.append((said, value))
    return Page(
        width=width,
        height=height,
        background=paper(draws),
        texts=tuple(sheet.texts),
        marks=tuple(sheet.marks),
        objects=stand_at(places, ImageSize(width, height), draws),
        document=Document(kind="infographic", title=title, fields=tuple(fields)),
    )
