"""Latency against accuracy: which arm nothing else beats.

Points have both coordinates from one run and one set of weights (MEASUREMENT §23).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from argus_eval.core.results import ArmResult, Results
from argus_eval.report.axes import Axis, cost_axes, score_axes
from argus_eval.report.charts import COLOURS, SHAPES, Chart, draw
from argus_eval.report.levels import Level, levels
from argus_eval.report.wording import baseline_of, short_labels

__all__ = ["MARGIN", "ParetoView", "dominators", "pareto_view"]

#: The default policy's margin on the group mean (MEASUREMENT §19): a loss within it counts as none.
MARGIN = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class ParetoView:
    """The chart of a run with every choice of axes. ``note`` says what is missing from it and why."""

    chart: Chart | None
    note: str
    choices: dict[str, Any]
    x_names: tuple[str, ...]
    y_names: tuple[str, ...]
    rows: tuple[tuple[str, str, str, str], ...]
    levels: tuple[Level, ...]


def pareto_view(results: Results) -> ParetoView:
    """Points of every arm that was measured, the frontier, and who beats whom."""
    arms = [arm for arm in results.arms if arm.role != "aa"]
    x_axes, y_axes = cost_axes(arms), score_axes(arms)
    labels = short_labels(results)
    names = [labels[arm.id] for arm in arms]
    meta = [_meta(results, arms, index, names) for index in range(len(arms))]
    if not x_axes:
        note = "No latency was measured in this run, so there is nothing to draw."
        return ParetoView(chart=None, note=note, choices={}, x_names=(), y_names=(), rows=(), levels=())
    frontiers = {
        f"{x}|{y}": dominators(x_axes[x], y_axes[y]) for x in range(len(x_axes)) for y in range(len(y_axes))
    }
    choices = {
        "arms": meta,
        "x": [_axis_json(axis) for axis in x_axes],
        "y": [_axis_json(axis) for axis in y_axes],
        "dominators": frontiers,
        "margin": MARGIN,
    }
    if y_axes:
        rows = _points(meta, x_axes[0], y_axes[0], frontiers["0|0"])
        label = f"{y_axes[0].title} against {x_axes[0].title} by arm"
        chart = draw(_pareto_spec(rows, x_axes[0], y_axes[0]), label)
        note = "" if len(rows) == len(arms) else "Arms without both coordinates are left out."
    else:
        rows = _strip_points(meta, x_axes[0])
        chart = draw(_strip_spec(rows, x_axes[0]), f"{x_axes[0].title} by arm")
        note = "Accuracy was not measured in this run: latency alone is shown; no trade-off can be read from it."
    table = _table(names, x_axes[0], y_axes[0] if y_axes else None, frontiers.get("0|0"))
    return ParetoView(
        chart=chart,
        note=note,
        choices=choices,
        x_names=tuple(axis.name for axis in x_axes),
        y_names=tuple(axis.name for axis in y_axes),
        rows=table,
        levels=_levels(names, meta, x_axes[0], y_axes),
    )


def _levels(
    names: Sequence[str], meta: Sequence[dict[str, Any]], latency: Axis, scores: Sequence[Axis]
) -> tuple[Level, ...]:
    if not scores or latency.name != "TTFT":
        return ()
    baselines = tuple(index if arm["baseline"] else arm["parent"] for index, arm in enumerate(meta))
    return levels(tuple(names), baselines, latency, scores[0])


def dominators(x: Axis, y: Axis) -> list[int | None]:
    """For each arm the arm that beats it, or ``None``: −1 stands for "not on this chart".

    An arm is beaten by a strictly better x whose y is at most :data:`MARGIN` lower: within the gate's margin
    accuracies count as equal. Among those that beat it, the one with the best x is named.
    """
    sign = 1.0 if x.lower_is_better else -1.0
    points = [
        (sign * xv[0], yv[0]) if xv is not None and yv is not None else None
        for xv, yv in zip(x.values, y.values, strict=True)
    ]
    found: list[int | None] = []
    for here in points:
        if here is None:
            found.append(-1)
            continue
        better = [
            (other[0], index) for index, other in enumerate(points) if other is not None and _beats(other, here)
        ]
        found.append(min(better)[1] if better else None)
    return found


def _beats(other: tuple[float, float], here: tuple[float, float]) -> bool:
    if other[0] == here[0]:
        return other[1] > here[1]
    return other[0] < here[0] and other[1] >= here[1] - MARGIN


def _meta(results: Results, arms: Sequence[ArmResult], index: int, names: Sequence[str]) -> dict[str, Any]:
    arm = arms[index]
    parent = baseline_of(results, arm)
    models = list(dict.fromkeys(other.model for other in arms))
    hue = index if len(models) == 1 else models.index(arm.model)
    return {
        "label": names[index],
        "parameters": arm.parameters,
        "baseline": arm.role == "baseline",
        "parent": arms.index(parent) if parent in arms else None,
        "colour": COLOURS[hue % len(COLOURS)],
        "shape": SHAPES[index % len(SHAPES)],
    }


def _axis_json(axis: Axis) -> dict[str, Any]:
    return {
        "name": axis.name,
        "title": axis.title,
        "values": [list(value) if value else None for value in axis.values],
        "lower": axis.lower_is_better,
    }


def _points(
    meta: Sequence[dict[str, Any]], x: Axis, y: Axis, beaten: Sequence[int | None]
) -> list[dict[str, Any]]:
    rows = []
    for index, (xv, yv) in enumerate(zip(x.values, y.values, strict=True)):
        if xv is None or yv is None:
            continue
        rows.append(_point(meta, index, xv, yv, beaten[index]) | _parent_end(meta, index, x, y))
    return rows


def _point(
    meta: Sequence[dict[str, Any]],
    index: int,
    x: tuple[float, float, float],
    y: tuple[float, float, float],
    beaten: int | None,
) -> dict[str, Any]:
    standing = "on the frontier" if beaten is None else f"beaten by {meta[beaten]['label']}"
    return {
        "arm": meta[index]["label"],
        "x": x[0], "xlo": x[1], "xhi": x[2],
        "y": y[0], "ylo": y[1], "yhi": y[2],
        "parameters": meta[index]["parameters"] or 0,
        "baseline": meta[index]["baseline"],
        "colour": meta[index]["colour"],
        "shape": meta[index]["shape"],
        "standing": standing,
        "frontier": beaten is None,
    }  # fmt: skip


def _parent_end(meta: Sequence[dict[str, Any]], index: int, x: Axis, y: Axis) -> dict[str, Any]:
    parent = meta[index]["parent"]
    ends = (x.values[parent], y.values[parent]) if parent is not None else (None, None)
    if ends[0] is None or ends[1] is None:
        return {}
    return {"px": ends[0][0], "py": ends[1][0]}


def _strip_points(meta: Sequence[dict[str, Any]], x: Axis) -> list[dict[str, Any]]:
    return [
        {"arm": meta[i]["label"], "x": v[0], "xlo": v[1], "xhi": v[2], "baseline": meta[i]["baseline"],
         "colour": meta[i]["colour"], "shape": meta[i]["shape"]}
        for i, v in enumerate(x.values) if v is not None
    ]  # fmt: skip


def _table(
    names: Sequence[str], x: Axis, y: Axis | None, beaten: Sequence[int | None] | None
) -> tuple[tuple[str, str, str, str], ...]:
    """The default chart in words: arm, x, y, standing."""
    rows = []
    for index, name in enumerate(names):
        xv, yv = x.values[index], y.values[index] if y else None
        standing = beaten[index] if beaten else -1
        words = "" if standing == -1 else "on the frontier" if standing is None else f"beaten by {names[standing]}"
        x_words = "not measured" if xv is None else f"{xv[0]:.1f}"
        y_words = "not measured" if yv is None else f"{yv[0]:.3f}"
        rows.append((name, x_words, y_words, words))
    return tuple(rows)


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


def _strip_spec(rows: list[dict[str, Any]], axis: Axis) -> dict[str, Any]:
    x = _x_encoding(axis, rows)
    names = {"labelLimit": 320, "ticks": False}
    y = {"field": "arm", "type": "nominal", "title": None, "sort": None, "axis": names}
    mark = _mark_encoding()
    return {
        "data": {"name": "points", "values": rows},
        "height": 34 * len(rows),
        "width": "container",
        "layer": [
            {"mark": {"type": "rule", "strokeWidth": 2}, "encoding": {
                "x": {**x, "field": "xlo"}, "x2": {"field": "xhi"}, "y": y, "color": mark["color"]}},
            {"mark": {"type": "point", "filled": True, "size": 110, "opacity": 1}, "encoding": {
                "x": x, "y": y, **mark, "tooltip": [
                    {"field": "arm", "title": "arm"}, {"field": "x", "title": axis.name, "format": ".4s"}]}},
            _ring(x, y, 380),
        ],
    }  # fmt: skip


def _pareto_spec(rows: list[dict[str, Any]], x_axis: Axis, y_axis: Axis) -> dict[str, Any]:
    x = _x_encoding(x_axis, rows)
    y = {"field": "y", "type": "quantitative", "title": y_axis.title, "scale": {"zero": False, "nice": True},
         "axis": {"format": "~%", "tickCount": 6}}  # fmt: skip
    mark = _mark_encoding()
    size = {"field": "parameters", "type": "quantitative", "legend": None,
            "scale": {"range": [90, 700], "domainMin": 0}}  # fmt: skip
    tooltip = [
        {"field": "arm", "title": "arm"},
        {"field": "x", "title": x_axis.name, "format": ".4s"},
        {"field": "y", "title": y_axis.name, "format": ".1%"},
        {"field": "standing", "title": "standing"},
        {"field": "parameters", "title": "parameters", "format": ".3s"},
    ]
    return {
        "data": {"name": "points", "values": rows},
        "height": 380,
        "width": "container",
        "layer": [
            _floor(y),
            _stair_layer(x, y, staircase(rows, x_axis.lower_is_better, x["scale"]["domain"])),
            {"transform": [{"filter": "isValid(datum.px)"}],
             "mark": {"type": "rule", "strokeWidth": 1, "strokeDash": [2, 3], "color": "var(--muted)"},
             "encoding": {"x": x, "y": y, "x2": {"field": "px"}, "y2": {"field": "py"}}},
            {"mark": {"type": "rule", "strokeWidth": 1.5}, "encoding": {
                "x": {**x, "field": "xlo"}, "x2": {"field": "xhi"}, "y": y, "color": mark["color"]}},
            {"mark": {"type": "rule", "strokeWidth": 1.5}, "encoding": {
                "x": x, "y": {**y, "field": "ylo"}, "y2": {"field": "yhi"}, "color": mark["color"]}},
            {"mark": {"type": "point", "filled": True, "opacity": 1},
             "encoding": {"x": x, "y": y, **mark, "size": size, "tooltip": tooltip}},
            _ring(x, y, 900),
            *_label_layers(x, y),
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
    """Names beside the points, on a halo of paper so that lines do not cross them."""
    place = {
        "type": "text",
        "align": "left",
        "baseline": "bottom",
        "dx": 10,
        "dy": -14,
        "fontSize": 12,
        "limit": 260,
    }
    halo = {**place, "stroke": "var(--paper)", "strokeWidth": 5, "color": "var(--paper)"}
    encoding = {"x": x, "y": y, "text": {"field": "arm"}}
    return [{"mark": halo, "encoding": encoding}, {"mark": place, "encoding": encoding}]
