"""The first thing on a page: for each arm, whether it may be shipped, what it gains and what it costs."""

from __future__ import annotations

from dataclasses import dataclass

from argus_eval.core.results import ArmResult, Comparison, Results, SpeedUp, TaskComparison, Verdict
from argus_eval.core.units import format_percent
from argus_eval.report.text import printable
from argus_eval.report.wording import (
    NOT_MEASURED,
    VERDICT_MARKS,
    VERDICT_WORDS,
    Figure,
    arm_label,
    change_figure,
    difference_figure,
    headline,
    interval_text,
    latency_figure,
    memory_figure,
    metric_figure,
    recipe_label,
    saved_figure,
)

__all__ = ["ArmSummary", "SpeedLine", "TaskLine", "arm_summaries", "peak_bytes", "verdict_slug"]

_SPEEDS = (("TTFT", "ttft_s", "ttft"), ("end to end", "e2e_s", "e2e"), ("TPOT", "tpot_s", "tpot"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedLine:
    """One latency of an arm: the median, and how it changed against the baseline where there is one."""

    name: str
    median: Figure
    change: Figure | None
    sentence: str
    claim: bool
    twin: str
    slower: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLine:
    """Accuracy of an arm on a task, and its change."""

    task: str
    metric: str
    value: Figure
    change: Figure | None
    verdict: Verdict | None
    identical: bool
    reason: str
    lost: int | None
    gained: int | None
    n: int
    unparsed: int
    errors: int

    @property
    def words(self) -> str:
        """The verdict in words."""
        if self.verdict is None:
            return ""
        words = VERDICT_WORDS[self.verdict]
        return f"{words}, all answers identical" if self.identical else words

    @property
    def mark(self) -> str:
        """The verdict's sign."""
        return "" if self.verdict is None else VERDICT_MARKS[self.verdict]

    @property
    def slug(self) -> str:
        """The verdict's CSS class."""
        return "" if self.verdict is None else verdict_slug(self.verdict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmSummary:
    """One row of the strip."""

    id: str
    label: str
    recipes: str
    role: str
    verdict: Verdict | None
    sentence: str
    host_saved: Figure
    host_share: str
    speeds: tuple[SpeedLine, ...]
    tasks: tuple[TaskLine, ...]
    memory: Figure
    memory_change: str
    n_requests: int
    n_replicates: int
    broken: str
    notes: tuple[str, ...]

    @property
    def mark(self) -> str:
        """The verdict's sign."""
        return "◆" if self.verdict is None else VERDICT_MARKS[self.verdict]

    @property
    def words(self) -> str:
        """The verdict in words."""
        return "baseline" if self.verdict is None else VERDICT_WORDS[self.verdict]

    @property
    def slug(self) -> str:
        """The verdict's CSS class."""
        return "baseline" if self.verdict is None else verdict_slug(self.verdict)

    @property
    def tally(self) -> str:
        """How many tasks got which verdict: ``18 accuracy preserved · 2 not decided``."""
        verdicts = [line.verdict for line in self.tasks if line.verdict is not None]
        counts = [(verdicts.count(verdict), VERDICT_WORDS[verdict]) for verdict in Verdict]
        return " · ".join(f"{count} {words}" for count, words in counts if count)


def verdict_slug(verdict: Verdict) -> str:
    """A CSS class: ``not-measured``."""
    return verdict.value.lower().replace("_", "-")


def arm_summaries(results: Results) -> tuple[ArmSummary, ...]:
    """Every arm but the A/A twin, each baseline before the arms compared with it."""
    by_arm = {comparison.arm: comparison for comparison in results.comparisons}
    arms = {arm.id: arm for arm in results.arms}
    return tuple(_summary(arm, by_arm.get(arm.id), arms) for arm in results.arms if arm.role != "aa")


def peak_bytes(arm: ArmResult) -> int | None:
    """Peak memory of an arm: the device's where it was measured, else the host's."""
    for name in ("device_peak_bytes", "host_peak_bytes"):
        known = [peak for entry in arm.efficiency if (peak := getattr(entry.memory, name)) is not None]
        if known:
            return int(max(known))
    return None


def _summary(arm: ArmResult, comparison: Comparison | None, arms: dict[str, ArmResult]) -> ArmSummary:
    entry = headline(arm)
    baseline = arms.get(comparison.baseline) if comparison else None
    fidelity = comparison.fidelity if comparison else None
    return ArmSummary(
        id=arm.id,
        label=arm_label(arm),
        recipes=recipe_label(arm),
        role=arm.role,
        verdict=comparison.verdict if comparison else None,
        sentence=printable(comparison.sentence) if comparison else "",
        host_saved=saved_figure(comparison) if comparison else Figure(text=NOT_MEASURED),
        host_share=_host_share(arm, baseline),
        speeds=tuple(_speed_line(arm, comparison, *names) for names in _SPEEDS),
        tasks=tuple(_task_lines(arm, comparison)),
        memory=memory_figure(peak_bytes(arm)),
        memory_change=_memory_change(arm, baseline),
        n_requests=entry.workload.n if entry else 0,
        n_replicates=entry.replicates if entry else 0,
        broken=f"{fidelity.loss_class.value}: {printable(fidelity.broken)}"
        if fidelity and fidelity.broken
        else "",
        notes=tuple(map(printable, arm.notes)),
    )


def _host_share(arm: ArmResult, baseline: ArmResult | None) -> str:
    shares = [
        entry.host_share_of_ttft
        for entry in (headline(baseline) if baseline else None, headline(arm))
        if entry is not None and entry.host_share_of_ttft is not None
    ]
    return f"host work is {' → '.join(format_percent(share) for share in shares)} of TTFT" if shares else ""


def _speed_line(arm: ArmResult, comparison: Comparison | None, name: str, quantity: str, key: str) -> SpeedLine:
    entry = headline(arm, quantity)
    speedup = comparison.speedup.get(key) if comparison else None
    return SpeedLine(
        name=name,
        median=latency_figure(getattr(entry, quantity) if entry else None),
        change=change_figure(speedup) if comparison else None,
        sentence=printable(speedup.sentence) if speedup else "",
        claim=speedup.claim if speedup else False,
        twin=_twin(speedup),
        slower=f"{format_percent(speedup.slower_share)} of images got slower"
        if speedup and speedup.slower_share is not None
        else "",
    )


def _twin(speedup: SpeedUp | None) -> str:
    if speedup is None or speedup.aa.ratio is None:
        return f"A/A {NOT_MEASURED}"
    interval = interval_text(speedup.aa.ci, lambda end: f"{end:.3f}")
    return f"A/A {speedup.aa.ratio:.3f}× {interval}".strip()


def _task_lines(arm: ArmResult, comparison: Comparison | None) -> list[TaskLine]:
    rows: dict[tuple[str, str], TaskComparison] = (
        {(row.task, row.metric): row for row in comparison.tasks} if comparison else {}
    )
    lines = []
    for task in arm.tasks:
        for name, metric in task.metrics.items():
            if not metric.primary:
                continue
            row = rows.get((task.task, name))
            lines.append(
                TaskLine(
                    task=printable(task.task),
                    metric=printable(name),
                    value=metric_figure(metric, name),
                    change=difference_figure(row.difference, row.ci, name) if row else None,
                    verdict=row.verdict if row else None,
                    identical=row.identical if row else False,
                    reason=printable((row.reason if row else "") or metric.reason or ""),
                    lost=row.flips.get("lost") if row else None,
                    gained=row.flips.get("gained") if row else None,
                    n=metric.n,
                    unparsed=task.unparsed.n,
                    errors=task.errors,
                )
            )
    return lines


def _memory_change(arm: ArmResult, baseline: ArmResult | None) -> str:
    here, before = peak_bytes(arm), peak_bytes(baseline) if baseline else None
    if here is None or not before:
        return ""
    return format_percent(here / before - 1, signed=True)
