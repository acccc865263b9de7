"""Bar, line and pie charts."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

from argus_eval.data.scenes.colours import COLOURS, RGB
from argus_eval.data.scenes.draws import Draws
from argus_eval.data.scenes.pages.sheet import Ink, Page, Sheet, paper
from argus_eval.data.scenes.raster import Point
from argus_eval.data.scenes.scene import Chart, Series
from argus_eval.data.scenes.words import CITIES, ITEMS, NAMES

__all__ = ["chart_page"]

_Kind = Literal["bar", "hbar", "line", "pie"]
_KINDS: tuple[tuple[_Kind, float], ...] = (("bar", 0.38), ("hbar", 0.2), ("line", 0.24), ("pie", 0.18))
_INK: RGB = (40, 42, 48)
_GRID: RGB = (214, 216, 222)
_PALETTE = ("red", "orange", "green", "blue", "purple", "pink", "brown", "yellow", "gray")
_SUBJECTS = (
    ("Sales by city", "units", CITIES),
    ("Visitors by city", "people", CITIES),
    ("Fruit sold", "boxes", ("Apples", "Grapes", "Lemons", "Pears", "Oranges", "Olives")),
    ("Points by player", "points", NAMES),
    ("Items in stock", "items", ITEMS),
    ("Rain by month", "days", ("Jan", "Feb", "Mar", "Apr", "May", "Jun")),
    ("Trains by day", "trains", ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat")),
    ("Books by year", "books", ("2016", "2017", "2018", "2019", "2020", "2021")),
)
_PAIRS = (("2023", "2024"), ("Men", "Women"), ("Plan", "Actual"), ("North", "South"))


class _Frame(NamedTuple):
    """The plotting area in pixels, and the value at its far end."""

    left: float
    top: float
    right: float
    bottom: float
    most: int


def chart_page(draws: Draws) -> Page:
    """One chart with title, axes, ticks, and a legend where there are two series."""
    kind = draws.weighted(_KINDS)
    width, height = draws.choice(((640, 480), (640, 480), (720, 480), (800, 600)))
    sheet = Sheet(width, height)
    chart = _chart(kind, draws)
    unit = height / 480
    sheet.line(
        chart.title, (width / 2, 44 * unit), Ink(letter_px=31 * unit, face="bold", colour=_INK), "title", "centre"
    )
    if kind == "pie":
        _pie(sheet, chart, unit)
    else:
        top = 108 if len(chart.series) > 1 else 84
        side = 150 if kind == "hbar" else 84
        frame = _Frame(side * unit, top * unit, width - 34 * unit, height - 62 * unit, _round_up(chart))
        _legend(sheet, chart, unit)
        {"bar": _bars, "hbar": _lying_bars, "line": _lines}[kind](sheet, chart, frame, unit)
    return Page(
        width=width,
        height=height,
        background=paper(draws),
        texts=tuple(sheet.texts),
        marks=tuple(sheet.marks),
        chart=chart,
    )


def _chart(kind: _Kind, draws: Draws) -> Chart:
    title, unit, names = draws.choice(_SUBJECTS)
    ordered = names[0] in ("Jan", "Mon", "2016")
    count = draws.integer(3, 5 if kind == "bar" else 6)
    categories = tuple(names[:count]) if ordered else tuple(draws.sample(names, count))
    colours = draws.sample(_PALETTE, max(count, 2))
    if kind == "pie":
        shares = _shares(count, draws)
        series = tuple(
            Series(name=name, colour=colour, values=(float(share),))
            for name, colour, share in zip(categories, colours, shares, strict=True)
        )
        return Chart(kind=kind, title=title, unit="%", categories=categories, series=series, valued=True)
    pair = draws.choice(_PAIRS) if draws.chance(0.35) and kind != "hbar" else (unit,)
    step = draws.choice((1, 1, 5, 10))
    series = tuple(
        Series(name=name, colour=colours[at], values=tuple(float(v) for v in _values(count, step, draws)))
        for at, name in enumerate(pair)
    )
    valued = draws.chance(0.6)
    return Chart(kind=kind, title=title, unit=unit, categories=categories, series=series, valued=valued)


def _values(count: int, step: int, draws: Draws) -> list[int]:
    """Different values, so that there is one highest and one lowest."""
    return [step * value for value in draws.sample(range(3, 40), count)]


def _shares(count: int, draws: Draws) -> list[int]:
    """Different whole percentages that sum to 100."""
    while True:
        weights = [draws.integer(2, 12) for _ in range(count)]
        shares = [round(100 * weight / sum(weights)) for weight in weights]
        shares[0] += 100 - sum(shares)
        if len(set(shares)) == count and min(shares) >= 6:
            return shares


def _round_up(chart: Chart) -> int:
    most = max(value for series in chart.series for value in series.values)
    step = next(step for step in (1, 2, 5, 10, 20, 25, 50, 100, 200) if most <= 5 * step)
    return step * math.ceil(most / step)


def _ticks(frame: _Frame) -> list[int]:
    step = next(step for step in (1, 2, 5, 10, 20, 25, 50, 100, 200) if frame.most <= 5 * step)
    return list(range(0, frame.most + 1, step))


def _level(frame: _Frame, value: float) -> float:
    return frame.bottom - (frame.bottom - frame.top) * value / frame.most


def _axes(sheet: Sheet, frame: _Frame, unit: float) -> None:
    for tick in _ticks(frame):
        y = _level(frame, tick)
        sheet.rule((frame.left, y), (frame.right, y), _GRID, 1)
        ink = Ink(letter_px=19 * unit, colour=_INK)
        sheet.line(str(tick), (frame.left - 10 * unit, y + 7 * unit), ink, "tick", "right")
    sheet.rule((frame.left, frame.top), (frame.left, frame.bottom), _INK, 2)
    sheet.rule((frame.left, frame.bottom), (frame.right, frame.bottom), _INK, 2)


def _slots(frame: _Frame, chart: Chart) -> list[tuple[float, float]]:
    wide = (frame.right - frame.left) / len(chart.categories)
    return [(frame.left + at * wide, wide) for at in range(len(chart.categories))]


def _category_names(sheet: Sheet, chart: Chart, frame: _Frame, unit: float) -> None:
    for name, (start, wide) in zip(chart.categories, _slots(frame, chart), strict=True):
        letter = min(21 * unit, wide / max(4, len(name)) * 1.7)
        at = (start + wide / 2, frame.bottom + 28 * unit)
        sheet.line(name, at, Ink(letter_px=letter, colour=_INK), "category", "centre")


def _bars(sheet: Sheet, chart: Chart, frame: _Frame, unit: float) -> None:
    _axes(sheet, frame, unit)
    _category_names(sheet, chart, frame, unit)
    for at, (start, wide) in enumerate(_slots(frame, chart)):
        thick = wide * 0.7 / len(chart.series)
        for row, series in enumerate(chart.series):
            x = start + wide * 0.15 + row * thick
            y = _level(frame, series.values[at])
            sheet.box(x, y, x + thick - 2, frame.bottom, COLOURS[series.colour])
            if chart.valued:
                _value(sheet, series.values[at], (x + thick / 2, y - 7 * unit), unit)


def _lying_bars(sheet: Sheet, chart: Chart, frame: _Frame, unit: float) -> None:
    tall = (frame.bottom - frame.top) / len(chart.categories)
    series = chart.series[0]
    for tick in _ticks(frame):
        x = frame.left + (frame.right - frame.left) * tick / frame.most
        sheet.rule((x, frame.top), (x, frame.bottom), _GRID, 1)
        ink = Ink(letter_px=19 * unit, colour=_INK)
        sheet.line(str(tick), (x, frame.bottom + 26 * unit), ink, "tick", "centre")
    for at, name in enumerate(chart.categories):
        y = frame.top + (at + 0.5) * tall
        end = frame.left + (frame.right - frame.left) * series.values[at] / frame.most
        sheet.box(frame.left, y - tall * 0.32, end, y + tall * 0.32, COLOURS[series.colour])
        ink = Ink(letter_px=21 * unit, colour=_INK)
        sheet.line(name, (frame.left - 12 * unit, y + 8 * unit), ink, "category", "right")
        if chart.valued:
            inside = end > frame.right - 40 * unit
            colour: RGB = (255, 255, 255) if inside else _INK
            at_x = end - 22 * unit if inside else end + 20 * unit
            _value(sheet, series.values[at], (at_x, y + 7 * unit), unit, colour)
    sheet.rule((frame.left, frame.top), (frame.left, frame.bottom), _INK, 2)


def _lines(sheet: Sheet, chart: Chart, frame: _Frame, unit: float) -> None:
    _axes(sheet, frame, unit)
    _category_names(sheet, chart, frame, unit)
    for series in chart.series:
        points: list[Point] = []
        for (start, wide), value in zip(_slots(frame, chart), series.values, strict=True):
            points.append((start + wide / 2, _level(frame, value)))
        sheet.path(tuple(points), COLOURS[series.colour], 4 * unit)
        for (x, y), value in zip(points, series.values, strict=True):
            dot = 6 * unit
            sheet.box(x - dot, y - dot, x + dot, y + dot, COLOURS[series.colour])
            if chart.valued and len(chart.series) == 1:
                _value(sheet, value, (x, y - 14 * unit), unit)


def _pie(sheet: Sheet, chart: Chart, unit: float) -> None:
    x, y, radius = sheet.width * 0.34, sheet.height * 0.56, sheet.height * 0.36
    start = -0.25
    for series in chart.series:
        stop = start + series.values[0] / 100
        steps = max(2, round(72 * (stop - start)))
        angles = [2 * math.pi * (start + (stop - start) * k / steps) for k in range(steps + 1)]
        edge = tuple((x + radius * math.cos(a), y + radius * math.sin(a)) for a in angles)
        sheet.area(((x, y), *edge), COLOURS[series.colour])
        middle = math.pi * (start + stop)
        at = (x + 0.66 * radius * math.cos(middle), y + 0.66 * radius * math.sin(middle) + 8 * unit)
        light: RGB = (255, 255, 255) if series.colour in ("red", "blue", "purple", "brown", "green") else _INK
        sheet.line(
            f"{series.values[0]:.0f}%", at, Ink(letter_px=21 * unit, colour=light, face="bold"), "value", "centre"
        )
        start = stop
    for at_row, series in enumerate(chart.series):
        row = sheet.height * 0.3 + at_row * 44 * unit
        left = sheet.width * 0.68
        sheet.box(left, row - 18 * unit, left + 24 * unit, row + 6 * unit, COLOURS[series.colour])
        sheet.line(
            series.name, (left + 36 * unit, row + 2 * unit), Ink(letter_px=22 * unit, colour=_INK), "legend"
        )


def _value(sheet: Sheet, value: float, at: Point, unit: float, colour: RGB = _INK) -> None:
    sheet.line(f"{value:.0f}", at, Ink(letter_px=19 * unit, colour=colour, face="bold"), "value", "centre")


def _legend(sheet: Sheet, chart: Chart, unit: float) -> None:
    if len(chart.series) < 2:
        return
    x = sheet.width * 0.3
    for series in chart.series:
        sheet.box(x, 62 * unit, x + 22 * unit, 84 * unit, COLOURS[series.colour])
        sheet.line(series.name, (x + 32 * unit, 81 * unit), Ink(letter_px=22 * unit, colour=_INK), "legend")
        x += sheet.width * 0.25
