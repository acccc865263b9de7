"""The trade-off of one accuracy table on one machine: only rows whose speed may be compared share a chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from argus_eval.leaderboard.groups import AccuracyRow, AccuracyTable, hardware
from argus_eval.report.axes import Axis
from argus_eval.report.charts import COLOURS, SHAPES, Chart, draw
from argus_eval.report.pareto import CROWD, dominators
from argus_eval.report.pareto_drawing import pareto_spec
from argus_eval.report.text import printable
from argus_eval.report.wording import arm_label, headline

__all__ = ["TradeOff", "trade_offs"]

Point = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeOff:
    """A chart and the machine it was measured on."""

    hardware: str
    chart: Chart


def trade_offs(table: AccuracyTable) -> tuple[TradeOff, ...]:
    """One chart for each class of hardware and set of images on which at least two rows were timed."""
    groups: dict[tuple[str, str, str], list[tuple[AccuracyRow, Point, Point]]] = {}
    for row in table.rows:
        found, value = headline(row.arm), row.metric.value
        if found is None or not found.ttft_s.p50 or value is None:
            continue
        times = found.ttft_s.ci or (found.ttft_s.p50, found.ttft_s.p50)
        scores = row.metric.ci or (value, value)
        key = (hardware(row.entry.results, row.arm), found.regime, found.workload.fingerprint)
        x = (found.ttft_s.p50 * 1e3, times[0] * 1e3, times[1] * 1e3)
        groups.setdefault(key, []).append((row, x, (value, *scores)))
    title = f"{printable(table.task)}, {printable(table.metric)}"
    return tuple(
        TradeOff(hardware=printable(key[0]), chart=_chart(points, title))
        for key, points in sorted(groups.items(), key=lambda item: item[0])
        if len(points) > 1
    )


def _chart(points: Sequence[tuple[AccuracyRow, Point, Point]], title: str) -> Chart:
    x = Axis(
        name="TTFT",
        title="TTFT, ms (log scale)",
        values=tuple(point for _, point, _ in points),
        lower_is_better=True,
    )
    y = Axis(name=title, title=title, values=tuple(point for _, _, point in points), lower_is_better=False)
    names = [arm_label(row.arm) for row, _, _ in points]
    beaten = dominators(x, y)
    rows = [_row(place, points[place], names, beaten[place]) for place in range(len(points))]
    return draw(pareto_spec(rows, x, y), f"{title} against TTFT by arm")


def _row(
    place: int, point: tuple[AccuracyRow, Point, Point], names: Sequence[str], beaten: int | None
) -> dict[str, Any]:
    row, x, y = point
    named = len(names) <= CROWD or beaten is None
    return {
        "arm": names[place], "name": names[place] if named else "",
        "x": x[0], "xlo": x[1], "xhi": x[2], "y": y[0], "ylo": y[1], "yhi": y[2],
        "parameters": row.arm.parameters or 0, "size": "", "baseline": False,
        "colour": COLOURS[place % len(COLOURS)], "shape": SHAPES[place % len(SHAPES)],
        "words": names[place], "standing": "", "membership": "", "frontier": beaten is None,
    }  # fmt: skip
