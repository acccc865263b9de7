"""How single requests spread around the median, drift over the run, and grow with visual tokens."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from argus_eval.core.results import Results
from argus_eval.core.units import format_percent, format_seconds
from argus_eval.report.charts import COLOURS, SHAPES, Chart, draw
from argus_eval.report.digest import Digest, LatencyRow
from argus_eval.report.figures import Figure, interval_text, latency_figure
from argus_eval.report.wording import headline, short_labels

__all__ = ["Bin", "LatencyView", "Spread", "latency_view"]

_BINS = 48
_DRIFT_BAND = 0.02
#: Fewer requests than this make no picture of a distribution.
_ENOUGH = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """One bar of a histogram; place and height as shares of the drawing, ``words`` what it stands for."""

    start: float
    height: float
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The requests of one arm.

    ``drift`` holds (place, deviation) for each block: its median over the arm's, less one, as a share of the
    drawing's height; ``drift_words`` the largest deviation.
    """

    label: str
    p50: Figure
    p90: Figure
    p99: Figure
    n: int
    bins: tuple[Bin, ...]
    median_at: float | None
    drift: tuple[tuple[float, float], ...]
    drift_words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyView:
    """Spreads on one log scale from ``low`` to ``high``, and TTFT over visual tokens where they vary."""

    spreads: tuple[Spread, ...]
    low: str
    high: str
    drift_reach: str
    growth: Chart | None


def latency_view(results: Results, digest: Digest) -> LatencyView | None:
    """``None`` where no request of the latency pass is at hand."""
    arms = [arm for arm in results.arms if digest.latency.get(arm.id)]
    if not arms:
        return None
    times = [row.ttft_s for arm in arms for row in digest.latency[arm.id] if row.ttft_s > 0]
    if not times:
        return None
    scale = (math.log(min(times)) - 0.01, math.log(max(times)) + 0.01)
    labels = short_labels(results)
    deviations = {arm.id: _deviations(digest.latency[arm.id]) for arm in arms}
    reach = max([abs(value) for found in deviations.values() for value in found] + [2.5 * _DRIFT_BAND])
    spreads = []
    for arm in arms:
        entry, rows = headline(arm), digest.latency[arm.id]
        quantiles = entry.ttft_s if entry else None
        median = quantiles.p50 if quantiles and quantiles.p50 else None
        spreads.append(
            Spread(
                label=labels[arm.id],
                p50=latency_figure(quantiles),
                p90=_tail(quantiles.p90 if quantiles else None, "needs 64 distinct requests"),
                p99=_tail(quantiles.p99 if quantiles else None, "needs 662 distinct requests"),
                n=len(rows),
                bins=_bins(rows, scale) if len(rows) >= _ENOUGH else (),
                median_at=_place(median, scale) if median else None,
                drift=_drift(deviations[arm.id], reach),
                drift_words=_drift_words(deviations[arm.id]),
            )
        )
    return LatencyView(
        spreads=tuple(spreads),
        low=format_seconds(math.exp(scale[0])),
        high=format_seconds(math.exp(scale[1])),
        drift_reach=format_percent(reach),
        growth=_growth([arm.id for arm in arms if arm.role != "aa"], digest.latency, labels),
    )


def _tail(value: float | None, need: str) -> Figure:
    if value is None:
        return Figure(text="not measured", note=need)
    return Figure(text=format_seconds(value), value=value)


def _place(seconds: float, scale: tuple[float, float]) -> float:
    return min(1.0, max(0.0, (math.log(seconds) - scale[0]) / (scale[1] - scale[0])))


def _bins(rows: Sequence[LatencyRow], scale: tuple[float, float]) -> tuple[Bin, ...]:
    counts = [0] * _BINS
    for row in rows:
        if row.ttft_s > 0:
            counts[min(_BINS - 1, int(_place(row.ttft_s, scale) * _BINS))] += 1
    highest = max(counts) or 1
    step = (scale[1] - scale[0]) / _BINS
    bins = []
    for index, count in enumerate(counts):
        if count:
            ends = (math.exp(scale[0] + index * step), math.exp(scale[0] + (index + 1) * step))
            words = f"{count} requests in {interval_text(ends, format_seconds)}"
            bins.append(Bin(start=index / _BINS, height=count / highest, words=words))
    return tuple(bins)


def _deviations(rows: Sequence[LatencyRow]) -> list[float]:
    """Median of each block over the median of the images' own medians, less one, in the order of blocks.

    Each request is first divided by the median of its image, so that a block of large images is no drift.
    """
    by_image: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        by_image.setdefault(row.sample, []).append(row.ttft_s)
    usual = {sample: statistics.median(times) for sample, times in by_image.items() if len(times) > 1}
    blocks: dict[int, list[float]] = {}
    for row in rows:
        if usual.get(row.sample):
            blocks.setdefault(row.block, []).append(row.ttft_s / usual[row.sample])
    return [statistics.median(blocks[block]) - 1 for block in sorted(blocks)]


def _drift(deviations: Sequence[float], reach: float) -> tuple[tuple[float, float], ...]:
    if len(deviations) < 2:
        return ()
    last = len(deviations) - 1
    return tuple((index / last, 0.5 - value / reach / 2) for index, value in enumerate(deviations))


def _drift_words(deviations: Sequence[float]) -> str:
    if len(deviations) < 2:
        return "not told: each image was timed once"
    return f"at most {format_percent(max(map(abs, deviations)))} over {len(deviations)} blocks"


def _growth(
    order: Sequence[str], latency: Mapping[str, list[LatencyRow]], labels: Mapping[str, str]
) -> Chart | None:
    rows = []
    for index, arm in enumerate(order):
        by_tokens: dict[int, list[float]] = {}
        for row in latency[arm]:
            if row.visual_tokens:
                by_tokens.setdefault(row.visual_tokens, []).append(row.ttft_s * 1e3)
        # names stand at different points of their lines, so that close lines do not hide each other's
        named = sorted(by_tokens)[max(1, (index + 1) % max(1, len(by_tokens) - 1)) :][:1]
        for tokens, times in sorted(by_tokens.items()):
            rows.append(
                {
                    "arm": labels[arm],
                    "tokens": tokens,
                    "ttft": statistics.median(times),
                    "n": len(times),
                    "named": tokens in named,
                    "colour": COLOURS[index % len(COLOURS)],
                    "shape": SHAPES[index % len(SHAPES)],
                }
            )
    if len({row["tokens"] for row in rows}) < 3:
        return None
    x = {
        "field": "tokens",
        "type": "quantitative",
        "title": "visual tokens of the image",
        "scale": {"zero": False},
        "axis": {"tickCount": 6, "format": "~s"},
    }
    y: dict[str, Any] = {"field": "ttft", "type": "quantitative", "title": "median TTFT, ms"}
    y |= {"scale": {"zero": True}, "axis": {"tickCount": 5, "format": "~r"}}
    colour = {"field": "colour", "type": "nominal", "scale": None, "legend": None}
    shape = {"field": "shape", "type": "nominal", "scale": None, "legend": None}
    tooltip = [
        {"field": "arm"},
        {"field": "tokens", "title": "visual tokens"},
        {"field": "ttft", "title": "median TTFT, ms", "format": ".4s"},
        {"field": "n", "title": "requests"},
    ]
    spec = {
        "data": {"values": rows},
        "width": "container",
        "height": 260,
        "layer": [
            {
                "mark": {"type": "line", "strokeWidth": 1.5},
                "encoding": {"x": x, "y": y, "color": colour, "detail": {"field": "arm"}},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1},
                "encoding": {"x": x, "y": y, "color": colour, "shape": shape, "tooltip": tooltip},
            },
            _name_layer(x, y, {"stroke": "var(--paper)", "strokeWidth": 4, "color": "var(--paper)"}),
            _name_layer(x, y, {}),
        ],
    }
    return draw(spec, "median TTFT over the number of visual tokens, one line per arm")


def _name_layer(x: dict[str, Any], y: dict[str, Any], paint: dict[str, Any]) -> dict[str, Any]:
    return {
        "transform": [{"filter": "datum.named"}],
        "mark": {"type": "text", "dy": -12, "fontSize": 11, "limit": 260, **paint},
        "encoding": {"x": x, "y": y, "text": {"field": "arm"}},
    }
