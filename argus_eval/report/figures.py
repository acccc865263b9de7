"""Numbers as they read, on the page and in the terminal alike: value, unit, interval, or why there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from argus_eval.core.results import MetricValue, Quantiles, SpeedUp
from argus_eval.core.units import format_bytes, format_percent, format_ratio, format_seconds
from argus_eval.report.text import printable

__all__ = [
    "NOT_MEASURED",
    "Figure",
    "change_figure",
    "claim_note",
    "difference_figure",
    "interval_text",
    "latency_figure",
    "memory_figure",
    "metric_figure",
    "points",
]

NOT_MEASURED = "not measured"
Interval = tuple[float, float]

#: Metrics whose scale is not [0, 1].
_OPEN_SCALE = frozenset({"CIDEr"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number as it reads. ``value`` is the one in results.json, ``None`` where nothing was measured.

    ``interval`` and ``note`` are words that stand after ``text``; either may be empty.
    """

    text: str
    value: float | None = None
    interval: str = ""
    note: str = ""

    @property
    def measured(self) -> bool:
        """Whether there is a number."""
        return self.value is not None

    def __str__(self) -> str:
        return " ".join(part for part in (self.text, self.interval) if part)


def _absent(note: str = "") -> Figure:
    return Figure(text=NOT_MEASURED, note=note)


def interval_text(ci: Interval | None, form: Callable[[float], str], text: str = "") -> str:
    """``[low, high]``; the unit is left out where it is the same as that of ``text`` before it.

    >>> interval_text((0.0408, 0.0434), format_seconds, "42.1 ms"), interval_text(None, format_seconds)
    ('[40.8, 43.4]', '')
    """
    if ci is None:
        return ""
    ends = [form(min(ci)), form(max(ci))]
    unit = text.rpartition(" ")[2]
    if text and all(end.rpartition(" ")[2] == unit for end in ends):
        ends = [end.removesuffix(f" {unit}") for end in ends]
    return f"[{ends[0]}, {ends[1]}]"


def points(difference: float) -> str:
    """A signed difference of two shares.

    >>> points(-0.0041)
    '−0.4 points'
    """
    return format_percent(difference, signed=True).removesuffix("%") + "points"


def latency_figure(quantiles: Quantiles | None) -> Figure:
    """A median with its interval."""
    if quantiles is None or quantiles.p50 is None:
        return _absent()
    return Figure(
        text=format_seconds(quantiles.p50),
        value=quantiles.p50,
        interval=interval_text(quantiles.ci, format_seconds, format_seconds(quantiles.p50)),
        note=f"n = {quantiles.n}" if quantiles.n else "",
    )


def metric_figure(metric: MetricValue | None, name: str = "") -> Figure:
    """A score with its interval, or why there is none."""
    if metric is None:
        return _absent()
    if metric.value is None:
        words = "unsupported" if metric.status == "unsupported" else NOT_MEASURED
        return Figure(text=words, note=printable(metric.reason or ""))
    # A sum of points (MME) or a score of another tool need not be a share.
    form = format_percent if name not in _OPEN_SCALE and -1 <= metric.value <= 1 else _plain
    text = form(metric.value)
    interval = interval_text(metric.ci, form, text)
    ceiling = f", at most {form(metric.ceiling)} in this dialect" if metric.ceiling is not None else ""
    return Figure(text=text, value=metric.value, interval=interval, note=f"n = {metric.n}{ceiling}")


def difference_figure(difference: float | None, ci: Interval | None, metric: str = "") -> Figure:
    """A paired difference of accuracies with its interval."""
    if difference is None:
        return _absent()
    form = _signed if metric in _OPEN_SCALE else points
    text = form(difference)
    return Figure(text=text, value=difference, interval=interval_text(ci, form, text))


def memory_figure(peak_bytes: int | None) -> Figure:
    """A peak."""
    return _absent() if peak_bytes is None else Figure(text=format_bytes(peak_bytes), value=peak_bytes)


def change_figure(speedup: SpeedUp | None) -> Figure:
    """The median per-image ratio as a change of time with its interval: ``−47.3 % (1.90×)``.

    The note says what may be said of it: nothing where the claim rule allows the gain, else why it does not.
    """
    if speedup is None or speedup.median is None:
        return _absent(speedup.sentence if speedup else "")
    change = format_percent(1 / speedup.median - 1, signed=True)
    return Figure(
        text=f"{change} ({format_ratio(speedup.median)})",
        value=speedup.median,
        interval=interval_text(speedup.ci, format_ratio),
        note=claim_note(speedup),
    )


def claim_note(speedup: SpeedUp) -> str:
    """What may be said of a measured change besides its size; empty for a gain."""
    if speedup.claim:
        return ""
    match speedup.shown:
        case "slower":
            return "a loss, beyond the noise"
        case "faster":
            return "no claim: accuracy not shown"
        case None:
            return "no gain shown"


def _plain(value: float) -> str:
    return f"{value:.3f}".replace("-", "−")


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "−")
