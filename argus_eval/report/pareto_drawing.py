"""How the trade-off chart and its strip are drawn: Vega-Lite specifications over rows of points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from argus_eval.report.axes import MARGIN, Axis

__all__ = ["pareto_spec", "staircase", "strip_spec"]

#: Names of points within one of so many bands of accuracy could run into each other.
_LEVELS = 12


def _x_encoding(axis: Axis, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    low, high = min(row["xlo"] for row in rows), max(row["xhi"] for row in rows)
    pad = max((high / low) ** 0.08, 1.06)
    return {
        "field": "x",
        "type": "quantitative",
        "title": axis.title,
        "scale": {"type": "log", "domain": [low / pad, high * pad], "nice": False},
        "axis": {"tickCount": 6, "format": "~r", "labelOverlap": True},
    }


def strip_spec(rows: list[dict[str, Any]], axis: Axis) -> dict[str, Any]:
    """One line an arm: a point with its interval, for runs without accuracy."""
    x = _x_encoding(axis, rows)
    names = {"labelLimit": 320, "ticks": False}
    y = {"field": "arm", "type": "nominal", "title": None, "sort": None, "axis": names}
    mark = _mark_encoding()
    tooltip = [{"field": "arm", "title": "arm"}, _x_tooltip(axis)]
    return {
        "data": {"name": "points", "values": rows},
        "height": 34 * len(rows),
        "width": "container",
        "layer": [
            {"mark": {"type": "rule", "strokeWidth": 2}, "encoding": {
                "x": {**x, "field": "xlo"}, "x2": {"field": "xhi"}, "y": y, "color": mark["color"]}},
            _ring(x, y, 380),
            {"mark": {"type": "point", "filled": True, "size": 110, "opacity": 1},
             "encoding": {"x": x, "y": y, **mark, "tooltip": tooltip}},
        ],
    }  # fmt: skip


def _x_tooltip(axis: Axis) -> dict[str, Any]:
    return {"field": "x", "title": axis.title.removesuffix(" (log scale)"), "format": ".4r"}


def pareto_spec(
    rows: list[dict[str, Any]], x_axis: Axis, y_axis: Axis, published: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    """Points with both intervals, the stair of the frontier, the gate's floor, names, and published marks."""
    x = _x_encoding(x_axis, rows)
    y = {"field": "y", "type": "quantitative", "title": y_axis.title, "scale": {"zero": False, "nice": True},
         "axis": {"format": "~%", "tickCount": 6}}  # fmt: skip
    mark = _mark_encoding()
    size = {"field": "parameters", "type": "quantitative", "legend": None,
            "scale": {"range": [90, 700], "domainMin": 0}}  # fmt: skip
    tooltip = [
        {"field": "arm", "title": "arm"},
        _x_tooltip(x_axis),
        {"field": "y", "title": y_axis.name, "format": ".1%"},
        {"field": "standing", "title": "standing"},
        {"field": "membership", "title": "resampled"},
        {"field": "size", "title": "parameters"},
    ]
    return {
        "data": {"name": "points", "values": rows},
        "height": 380,
        "width": "container",
        "layer": [
            _acceptable(x, y, x_axis.lower_is_better),
            _floor(y),
            _stair_layer(x, y, staircase(rows, x_axis.lower_is_better, x["scale"]["domain"])),
            {"name": "parents", "transform": [{"filter": "isValid(datum.px)"}],
             "mark": {"type": "rule", "strokeWidth": 1, "strokeDash": [2, 3], "color": "var(--muted)"},
             "encoding": {"x": x, "y": y, "x2": {"field": "px"}, "y2": {"field": "py"}}},
            {"mark": {"type": "rule", "strokeWidth": 1.5}, "encoding": {
                "x": {**x, "field": "xlo"}, "x2": {"field": "xhi"}, "y": y, "color": mark["color"]}},
            {"mark": {"type": "rule", "strokeWidth": 1.5}, "encoding": {
                "x": x, "y": {**y, "field": "ylo"}, "y2": {"field": "yhi"}, "color": mark["color"]}},
            _ring(x, y, 900),
            {"mark": {"type": "point", "filled": True, "opacity": 1},
             "encoding": {"x": x, "y": y, **mark, "size": size, "tooltip": tooltip,
                          "description": {"field": "words"}}},
            *_label_layers(x, y),
            *_published_layers(y, published),
        ],
    }  # fmt: skip


def _mark_encoding() -> dict[str, Any]:
    return {
        "color": {"field": "colour", "type": "nominal", "scale": None, "legend": None},
        "shape": {"field": "shape", "type": "nominal", "scale": None, "legend": None},
    }


def _ring(x: dict[str, Any], y: dict[str, Any], size: float) -> dict[str, Any]:
    return {
        "transform": [{"filter": "datum.baseline"}],
        "mark": {"type": "point", "filled": False, "size": size, "strokeWidth": 1.5, "color": "var(--ink)"},
        "encoding": {"x": x, "y": y},
    }


def _acceptable(x: dict[str, Any], y: dict[str, Any], lower_is_better: bool) -> dict[str, Any]:
    """What a gate accepts and a user gains by: cheaper than the baseline, and within its margin or better.

    The region ends at the edges of the drawing, given in pixels, so that it fits whatever axes are chosen.
    """
    return {
        "name": "acceptable",
        "transform": [{"filter": "datum.baseline"}, {"calculate": f"datum.y - {MARGIN}", "as": "floor"}],
        "mark": {"type": "rect", "color": "var(--accent)", "opacity": 0.07},
        "encoding": {
            "x": x,
            "x2": {"value": 0 if lower_is_better else "width"},
            "y": {**y, "field": "floor"},
            "y2": {"value": 0},
        },
    }


def _floor(y: dict[str, Any]) -> dict[str, Any]:
    """Where the gate would still accept: a line one margin under each baseline."""
    return {
        "transform": [{"filter": "datum.baseline"}, {"calculate": f"datum.y - {MARGIN}", "as": "floor"}],
        "mark": {"type": "rule", "strokeWidth": 1, "strokeDash": [6, 4], "color": "var(--accent)"},
        "encoding": {"y": {**y, "field": "floor"}},
    }


def staircase(
    rows: Sequence[dict[str, Any]], lower_is_better: bool, domain: Sequence[float]
) -> list[dict[str, Any]]:
    """Corners of the frontier's stair, from the floor of the chart to its edge; empty without a frontier."""
    front = sorted((row for row in rows if row["frontier"]), key=lambda row: row["x"], reverse=not lower_is_better)
    if not front:
        return []
    height = min(row["ylo"] for row in rows)
    corners = []
    for row in front:
        corners += [(row["x"], height), (row["x"], row["y"])]
        height = row["y"]
    corners.append((domain[1] if lower_is_better else domain[0], height))
    return [{"sx": x, "sy": y, "order": order} for order, (x, y) in enumerate(corners)]


def _stair_layer(x: dict[str, Any], y: dict[str, Any], corners: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": "stair",
        "data": {"values": corners},
        "mark": {"type": "line", "strokeWidth": 7, "color": "var(--band)", "strokeJoin": "round"},
        "encoding": {"x": {**x, "field": "sx"}, "y": {**y, "field": "sy"},
                     "order": {"field": "order", "type": "quantitative"}},
    }  # fmt: skip


def _label_layers(x: dict[str, Any], y: dict[str, Any]) -> list[dict[str, Any]]:
    """Names beside the points, on a halo of paper so that lines do not cross them.

    Points of about the same accuracy may lie close together: their names stand one above the other, from the left.
    """
    transform: list[dict[str, Any]] = [
        {"filter": "datum.name"},  # in a crowd some points go without
        {
            "joinaggregate": [
                {"op": "min", "field": "ylo", "as": "lowest"},
                {"op": "max", "field": "yhi", "as": "highest"},
            ]
        },
        {
            "calculate": f"round({_LEVELS} * (datum.y - datum.lowest) / max(datum.highest - datum.lowest, 1e-9))",
            "as": "level",
        },
        {
            "window": [{"op": "row_number", "as": "floor"}],
            "groupby": ["level"],
            "sort": [{"field": "x", "order": "descending"}],
        },
    ]
    place = {
        "type": "text",
        "align": "left",
        "baseline": "bottom",
        "dx": 10,
        "dy": {"expr": "1 - 15 * datum.floor"},
        "fontSize": 12,
        "limit": 260,
    }
    halo = {**place, "stroke": "var(--paper)", "strokeWidth": 5, "color": "var(--paper)"}
    encoding = {"x": x, "y": y, "text": {"field": "name"}}
    return [{"transform": transform, "mark": mark, "encoding": encoding} for mark in (halo, place)]


def _published_layers(y: dict[str, Any], published: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Short marks at the axis: an accuracy that somebody reported has no place along ours of latency."""
    place = {**y, "field": "height"}
    data = {"values": list(published)}
    text = {"type": "text", "x": 20, "align": "left", "fontSize": 11, "color": "var(--muted)"}
    return [
        {
            "name": "published_marks",
            "data": data,
            "mark": {"type": "rule", "x": 0, "x2": 15, "strokeWidth": 2, "color": "var(--muted)"},
            "encoding": {"y": place},
        },
        {
            "name": "published_names",
            "data": data,
            "mark": text,
            "encoding": {"y": place, "text": {"field": "label"}},
        },
    ]
