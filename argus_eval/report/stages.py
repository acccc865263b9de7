"""Where the time to the first token goes: stages laid end to end, and what no stage accounts for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from argus_eval.core.results import ArmResult, Efficiency, Results
from argus_eval.core.timing import stage_order
from argus_eval.core.units import format_percent, format_seconds
from argus_eval.report.wording import arm_label, arm_name, baseline_of, headline

__all__ = ["RESIDUAL_LIMIT", "StageBar", "Waterfall", "stages_hidden", "waterfalls"]

#: Above this share of TTFT without a stage the chart is marked unreliable (MEASUREMENT §2).
RESIDUAL_LIMIT = 0.10
_AFTER_FIRST_TOKEN = frozenset({"decode", "detokenize"})
_HOST = frozenset({"read", "image_decode", "image_process", "template", "tokenize", "transfer", "connect", "send"})


@dataclass(frozen=True, slots=True, kw_only=True)
class StageBar:
    """One stage: where its bar starts and how long it is, as shares of the longest time on the page.

    ``change`` is against the baseline's stage of the same name; empty for the baseline itself.
    """

    name: str
    value: float
    text: str
    share: str
    start: float
    width: float
    kind: str
    sub: bool
    change: str
    change_value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waterfall:
    """The stages of one arm."""

    label: str
    name: str
    role: str
    bars: tuple[StageBar, ...]
    total: str
    total_value: float
    residual: str
    unreliable: bool


def waterfalls(results: Results) -> tuple[Waterfall, ...]:
    """One waterfall for each arm whose stages were measured, all on one scale."""
    entries = [
        (arm, entry)
        for arm in results.arms
        if arm.role != "aa" and (entry := _staged(arm)) is not None and entry.ttft_s.p50
    ]
    scale = max((_extent(entry) for _, entry in entries), default=0.0)
    return tuple(_waterfall(arm, entry, _baseline_stages(results, arm), scale) for arm, entry in entries)


def stages_hidden(results: Results) -> str:
    """Why no stages are drawn although they were timed, in a sentence; empty where they are drawn."""
    prices = [
        entry.instrumentation
        for arm in results.arms
        for entry in arm.efficiency
        if entry.stages_s and entry.instrumentation is not None and entry.instrumentation.hides_stages
    ]
    if not prices or waterfalls(results):
        return ""
    worst = max(prices, key=lambda price: price.upper)
    bound = worst.upper
    if worst.requests and worst.paired_ci is not None:
        bound = max(bound, worst.paired_ci[1])
    return (
        f"Stages were timed and are not shown: timing them may have cost up to {format_percent(bound)} of TTFT, "
        "and 2 % are allowed."
    )


def _staged(arm: ArmResult) -> Efficiency | None:
    """The entry whose stages are drawn: none where timing them cost more than it tells, in whatever pass
    (MEASUREMENT §4); a pass that did not ask the price has the same timers.
    """
    if any(entry.instrumentation is not None and entry.instrumentation.hides_stages for entry in arm.efficiency):
        return None
    entry = headline(arm)
    if entry is not None and entry.stages_s:
        return entry
    return next((other for other in arm.efficiency if other.stages_s), None)


def _extent(entry: Efficiency) -> float:
    return max(entry.ttft_s.p50 or 0.0, sum(value for _, value in _before_first_token(entry.stages_s)))


def _before_first_token(stages: Mapping[str, float]) -> list[tuple[str, float]]:
    return [(name, value) for name, value in stages.items() if "." not in name and name not in _AFTER_FIRST_TOKEN]


def _baseline_stages(results: Results, arm: ArmResult) -> Mapping[str, float] | None:
    baseline = baseline_of(results, arm)
    entry = _staged(baseline) if baseline else None
    return entry.stages_s if entry else None


def _waterfall(arm: ArmResult, entry: Efficiency, before: Mapping[str, float] | None, scale: float) -> Waterfall:
    bars: list[StageBar] = []
    clock, starts = 0.0, dict[str, float]()
    for name in sorted(entry.stages_s, key=stage_order):
        if name.partition(".")[0] in _AFTER_FIRST_TOKEN:
            continue
        parent, _, child = name.partition(".")
        value = entry.stages_s[name]
        start = starts.get(parent, clock) if child else clock
        bars.append(_bar(name, value, start, entry, before, scale))
        if child:
            starts[parent] = start + value
        else:
            starts[name] = clock
            clock += value
    ttft = entry.ttft_s.p50 or 0.0
    if entry.residual is not None and entry.residual > 0:
        bars.append(_bar("unaccounted", entry.residual * ttft, clock, entry, None, scale, kind="rest"))
    return Waterfall(
        label=arm_label(arm),
        name=arm_name(arm),
        role=arm.role,
        bars=tuple(bars),
        total=format_seconds(ttft),
        total_value=ttft,
        residual=format_percent(entry.residual) if entry.residual is not None else "not measured",
        unreliable=entry.residual is not None and abs(entry.residual) > RESIDUAL_LIMIT,
    )


def _bar(
    name: str,
    value: float,
    start: float,
    entry: Efficiency,
    before: Mapping[str, float] | None,
    scale: float,
    *,
    kind: str | None = None,
) -> StageBar:
    ttft = entry.ttft_s.p50 or 0.0
    change = value - before[name] if before is not None and name in before else None
    words = "" if change is None else format_seconds(change)
    return StageBar(
        name=name.rpartition(".")[2].replace("_", " "),
        value=value,
        text=format_seconds(value),
        share=format_percent(value / ttft) if ttft else "",
        start=start / scale,
        width=value / scale,
        kind=kind or ("host" if name.partition(".")[0] in _HOST else "device"),
        sub="." in name,
        change=f"+{words}" if change is not None and change > 0 else words,
        change_value=change,
    )
