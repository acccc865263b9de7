"""Latency against accuracy: which arm nothing else beats.

Points have both coordinates from one run and one set of weights (MEASUREMENT §23).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from argus_eval.core.results import ArmResult, Results
from argus_eval.report.axes import MARGIN, Axis, beaten, cost_axes, score_axes
from argus_eval.report.charts import COLOURS, SHAPES, Chart, draw
from argus_eval.report.digest import Digest
from argus_eval.report.levels import Level, levels
from argus_eval.report.membership import memberships
from argus_eval.report.pareto_drawing import pareto_spec, strip_spec
from argus_eval.report.published import PublishedScore
from argus_eval.report.text import printable
from argus_eval.report.wording import baseline_of, short_labels, size_words

__all__ = ["CROWD", "ParetoView", "dominators", "pareto_view"]

#: With more arms than this only the frontier and the baselines are named on the chart, and arms are not joined.
CROWD = 8


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

    @property
    def has_published(self) -> bool:
        """Whether any axis carries numbers that others reported."""
        return any(self.choices.get("published", ()))


def pareto_view(
    results: Results, digest: Digest | None = None, published: Sequence[PublishedScore] = ()
) -> ParetoView:
    """Points of every arm that was measured, the frontier, and who beats whom.

    With a digest the tooltip says how surely an arm is on the frontier; ``published`` numbers become marks on the
    axis of their task, if their metric is the one shown.
    """
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
    surely = memberships([arm.id for arm in arms], digest, y_axes) if digest and x_axes[0].name == "TTFT" else {}
    choices = {
        "membership": surely,
        "published": [_published(axis, published) for axis in y_axes],
        "arms": meta,
        "x": [_axis_json(axis) for axis in x_axes],
        "y": [_axis_json(axis) for axis in y_axes],
        "dominators": frontiers,
        "margin": MARGIN,
        "crowd": CROWD,
    }
    if y_axes:
        rows = _points(meta, x_axes[0], y_axes[0], frontiers["0|0"])
        shares = surely.get(0, [None] * len(arms))
        for row in rows:
            share = shares[names.index(row["arm"])]
            row["words"] = f"{row['arm']}, {row['standing']}"
            row["membership"] = (
                "not resampled" if share is None else f"on the frontier in {share:.0%} of resamples"
            )
        marks = _published(y_axes[0], published)
        label = f"{y_axes[0].title} against {x_axes[0].title} by arm"
        chart = draw(pareto_spec(rows, x_axes[0], y_axes[0], marks), label)
        note = "" if len(rows) == len(arms) else "Arms without both coordinates are left out."
    else:
        rows = _strip_points(meta, x_axes[0])
        chart = draw(strip_spec(rows, x_axes[0]), f"{x_axes[0].title} by arm")
        note = "Accuracy was not measured in this run: latency alone is shown; no trade-off can be read from it."
    table = _table(names, x_axes[0], y_axes[0] if y_axes else None, frontiers.get("0|0"))
    return ParetoView(
        chart=chart,
        note=note,
        choices=choices,
        x_names=tuple(axis.name for axis in x_axes),
        y_names=tuple(axis.name for axis in y_axes),
        rows=table,
        levels=_levels(names, meta, x_axes[0], y_axes, _unproven(results, arms)),
    )


def _published(axis: Axis, published: Sequence[PublishedScore]) -> list[dict[str, Any]]:
    """Marks on the axis of one task; a mean over tasks has none."""
    if len(axis.tasks) != 1:
        return []
    fitting = [score for score in published if score.task == axis.tasks[0] and score.metric == axis.metric]
    return [{"label": f"{printable(score.model)}, reported", "height": score.value} for score in fitting]


def _levels(
    names: Sequence[str],
    meta: Sequence[dict[str, Any]],
    latency: Axis,
    scores: Sequence[Axis],
    unproven: frozenset[int],
) -> tuple[Level, ...]:
    if not scores or latency.name != "TTFT":
        return ()
    baselines = tuple(index if arm["baseline"] else arm["parent"] for index, arm in enumerate(meta))
    return levels(tuple(names), baselines, latency, scores[0], unproven)


def _unproven(results: Results, arms: Sequence[ArmResult]) -> frozenset[int]:
    """Arms that were compared with a baseline and not shown to be faster, whatever their accuracy."""
    faster = {
        comparison.arm: speedup.claim or speedup.shown == "faster"
        for comparison in results.comparisons
        if (speedup := comparison.speedup.get("ttft")) is not None
    }
    return frozenset(index for index, arm in enumerate(arms) if faster.get(arm.id) is False)


def dominators(x: Axis, y: Axis) -> list[int | None]:
    """For each arm the one on the frontier that beats it; ``None`` on the frontier, −1 if not on the chart."""
    sign = 1.0 if x.lower_is_better else -1.0
    present = [
        (index, sign * xv[0], yv[0])
        for index, (xv, yv) in enumerate(zip(x.values, y.values, strict=True))
        if xv is not None and yv is not None
    ]
    found: list[int | None] = [-1] * len(x.values)
    for (index, _, _), by in zip(present, beaten([(cost, score) for _, cost, score in present]), strict=True):
        found[index] = None if by is None else present[by][0]
    return found


def _meta(results: Results, arms: Sequence[ArmResult], index: int, names: Sequence[str]) -> dict[str, Any]:
    arm = arms[index]
    parent = baseline_of(results, arm)
    models = list(dict.fromkeys(other.model for other in arms))
    hue = index if len(models) == 1 else models.index(arm.model)
    return {
        "label": names[index],
        "parameters": arm.parameters,
        "size": size_words(arm.parameters),
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
        ends = _parent_end(meta, index, x, y) if len(meta) <= CROWD else {}
        rows.append(_point(meta, index, xv, yv, beaten[index]) | ends)
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
        "size": meta[index]["size"],
        "baseline": meta[index]["baseline"],
        "colour": meta[index]["colour"],
        "shape": meta[index]["shape"],
        "standing": standing,
        "frontier": beaten is None,
        "name": meta[index]["label"] if len(meta) <= CROWD or beaten is None or meta[index]["baseline"] else "",
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
