"""How numbers, intervals and absences read, on the page and in the terminal alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from argus_eval.core.results import (
    ArmResult,
    Comparison,
    Efficiency,
    MetricValue,
    Quantiles,
    Results,
    SpeedUp,
    Verdict,
)
from argus_eval.core.units import format_bytes, format_percent, format_ratio, format_seconds
from argus_eval.report.text import printable

__all__ = [
    "NOT_MEASURED",
    "Figure",
    "VERDICT_MARKS",
    "VERDICT_NAMES",
    "VERDICT_WORDS",
    "arm_label",
    "baseline_of",
    "change_figure",
    "difference_figure",
    "energy_figure",
    "headline",
    "host_saving",
    "interval_text",
    "latency_figure",
    "memory_figure",
    "metric_figure",
    "points",
    "primary",
    "recipe_label",
    "saved_figure",
    "share_figure",
    "short_labels",
]

NOT_MEASURED = "not measured"
Interval = tuple[float, float]

VERDICT_NAMES = {verdict: verdict.value.replace("_", " ") for verdict in Verdict}
VERDICT_WORDS = {
    Verdict.PASS: "accuracy preserved",
    Verdict.FAIL: "accuracy lost",
    Verdict.INCONCLUSIVE: "not decided",
    Verdict.INVALID: "invalid comparison",
    Verdict.NOT_MEASURED: "accuracy not measured",
}
#: One shape a verdict, so that none is told by colour alone.
VERDICT_MARKS = {
    Verdict.PASS: "✓",
    Verdict.FAIL: "✕",
    Verdict.INCONCLUSIVE: "?",
    Verdict.INVALID: "!",
    Verdict.NOT_MEASURED: "–",
}

#: Host totals, the one to lead with first (CONTRACTS: stages).
HOST_TOTALS = ("to_model_ready", "to_uint8_tiles")
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
    form = _plain if name in _OPEN_SCALE else format_percent
    text = form(metric.value)
    interval = interval_text(metric.ci, form, text)
    return Figure(text=text, value=metric.value, interval=interval, note=f"n = {metric.n}")


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


def share_figure(share: float | None) -> Figure:
    """A part of a whole."""
    return _absent() if share is None else Figure(text=format_percent(share), value=share)


def energy_figure(energy_j: float | None) -> Figure:
    """Joules of one answer."""
    return _absent() if energy_j is None else Figure(text=f"{_plain(energy_j)} J", value=energy_j)


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
        note="" if speedup.claim else "no claim",
    )


def host_saving(comparison: Comparison) -> tuple[str, SpeedUp] | None:
    """The host total to lead with, by name, and what the arm did to it."""
    for name in HOST_TOTALS:
        found = comparison.speedup.get(name)
        if found is not None and found.saved_s is not None:
            return name, found
    return None


def saved_figure(comparison: Comparison) -> Figure:
    """Host time saved per image with its interval; the note says where nothing may be claimed of it."""
    found = host_saving(comparison)
    if found is None or found[1].saved_s is None:
        return _absent()
    saving = found[1]
    text = format_seconds(saving.saved_s)
    return Figure(
        text=text,
        value=saving.saved_s,
        interval=interval_text(saving.saved_ci_s, format_seconds, text),
        note="" if saving.claim else "no claim",
    )


def headline(arm: ArmResult, quantity: str = "ttft_s") -> Efficiency | None:
    """The entry to print a quantity from: cold images first, and among those the one that measured it.

    TTFT and the host totals come from the shortest output, end-to-end and TPOT from the longest.
    """
    longest = quantity in ("e2e_s", "tpot_s")
    ranked = sorted(
        arm.efficiency,
        key=lambda entry: (
            entry.regime != "cold-image",
            getattr(entry, quantity).p50 is None,
            -entry.output_tokens if longest else entry.output_tokens,
        ),
    )
    return ranked[0] if ranked else None


def primary(metrics_of: ArmResult, task: str) -> tuple[str, MetricValue] | None:
    """Name and value of the primary metric of ``task``; ``None`` where the arm has no such task."""
    for result in metrics_of.tasks:
        if result.task == task:
            for name, metric in result.metrics.items():
                if metric.primary:
                    return name, metric
    return None


def arm_label(arm: ArmResult) -> str:
    """What the arm is called everywhere: random weights say so in it."""
    return printable(arm.label or arm.id)


def short_labels(results: Results) -> dict[str, str]:
    """Arm id → name for tables: the recipes alone where every arm has the same model and label suffix."""
    plain = {arm.id: recipe_label(arm) for arm in results.arms}
    if len({arm.model for arm in results.arms}) == 1 and len(set(plain.values())) == len(plain):
        return plain
    return {arm.id: arm_label(arm) for arm in results.arms}


def recipe_label(arm: ArmResult) -> str:
    """The recipes of an arm in words."""
    if arm.role == "aa":
        return "baseline, second time (A/A)"
    return printable(" + ".join(arm.recipes)) if arm.recipes else "baseline"


def baseline_of(results: Results, arm: ArmResult) -> ArmResult | None:
    """The arm that ``arm`` is compared with."""
    for comparison in results.comparisons:
        if comparison.arm == arm.id:
            return next((other for other in results.arms if other.id == comparison.baseline), None)
    return None


def _plain(value: float) -> str:
    return f"{value:.3f}".replace("-", "−")


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "−")
