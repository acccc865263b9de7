"""The first thing on a page: for each arm, whether it may be shipped, what it gains and what it costs."""

from __future__ import annotations

from dataclasses import dataclass

from argus_eval.core.results import ArmResult, Comparison, Efficiency, Results, SpeedUp, TaskComparison, Verdict
from argus_eval.core.units import format_percent
from argus_eval.report.figures import (
    NOT_MEASURED,
    Figure,
    change_figure,
    difference_figure,
    interval_text,
    latency_figure,
    memory_figure,
    metric_figure,
)
from argus_eval.report.text import printable
from argus_eval.report.wording import (
    VERDICT_MARKS,
    VERDICT_NAMES,
    VERDICT_WORDS,
    arm_label,
    headline,
    lead_sentence,
    recipe_label,
    saved_figure,
    speed_gist,
)

__all__ = ["ArmSummary", "SpeedLine", "TaskLine", "arm_summaries", "peak_bytes", "verdict_slug"]

_SPEEDS = (("TTFT", "ttft_s", "ttft"), ("End to end", "e2e_s", "e2e"), ("TPOT", "tpot_s", "tpot"))


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
    def name(self) -> str:
        """The verdict by its name."""
        return "" if self.verdict is None else VERDICT_NAMES[self.verdict]

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
    gist: str
    host_saved: Figure
    host_work: Figure
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
        """The verdict by name and in words."""
        if self.verdict is None:
            return "baseline"
        words = VERDICT_WORDS[self.verdict]
        return words if self.verdict is Verdict.NOT_MEASURED else f"{VERDICT_NAMES[self.verdict]} · {words}"

    @property
    def measured(self) -> bool:
        """Whether accuracy was measured on any task."""
        return any(line.value.measured for line in self.tasks)

    @property
    def absence(self) -> str:
        """Why accuracy was not measured on any task, in a sentence."""
        names = ", ".join(line.task for line in self.tasks[:4])
        more = f" and {len(self.tasks) - 4} more" if len(self.tasks) > 4 else ""
        reasons = "; ".join(dict.fromkeys(line.reason for line in self.tasks if line.reason))
        kind = "unsupported" if all(line.value.text == "unsupported" for line in self.tasks) else NOT_MEASURED
        return f"{kind} on {names}{more}" + (f" ({reasons})" if reasons else "")

    @property
    def slug(self) -> str:
        """The verdict's CSS class."""
        return "baseline" if self.verdict is None else verdict_slug(self.verdict)

    @property
    def tally(self) -> str:
        """How many tasks got which verdict: ``18 PASS · 2 INCONCLUSIVE``."""
        verdicts = [line.verdict for line in self.tasks if line.verdict is not None]
        counts = [(verdicts.count(verdict), VERDICT_NAMES[verdict]) for verdict in Verdict]
        return " · ".join(f"{count} {words}" for count, words in counts if count)


def verdict_slug(verdict: Verdict) -> str:
    """A CSS class: ``not-measured``."""
    return verdict.value.lower().replace("_", "-")


def arm_summaries(results: Results) -> tuple[ArmSummary, ...]:
    """Every arm but the A/A twin: first those that were compared, then the baselines they were compared with."""
    by_arm = {comparison.arm: comparison for comparison in results.comparisons}
    arms = {arm.id: arm for arm in results.arms}
    shown = sorted((arm for arm in results.arms if arm.role != "aa"), key=lambda arm: arm.id not in by_arm)
    return tuple(_summary(arm, by_arm.get(arm.id), arms) for arm in shown)


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
        sentence=lead_sentence(comparison, baseline) if comparison else "",
        gist=speed_gist(comparison) if comparison else "",
        host_saved=saved_figure(comparison) if comparison else Figure(text=NOT_MEASURED),
        host_work=latency_figure(entry.to_model_ready_s if entry else None),
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
    return f"{' → '.join(format_percent(share) for share in shares)} of TTFT" if shares else ""


def _speed_line(arm: ArmResult, comparison: Comparison | None, name: str, quantity: str, key: str) -> SpeedLine:
    entry = headline(arm, quantity)
    speedup = comparison.speedup.get(key) if comparison else None
    return SpeedLine(
        name=name if key == "ttft" else _with_length(name, entry, quantity),
        median=latency_figure(getattr(entry, quantity) if entry else None),
        change=change_figure(speedup) if comparison else None,
        sentence=_without_subject(printable(speedup.sentence)) if speedup else "",
        claim=speedup.claim if speedup else False,
        twin=_twin(speedup),
        slower=f"{format_percent(speedup.slower_share)} of images got slower"
        if speedup and speedup.slower_share is not None
        else "",
    )


def _without_subject(sentence: str) -> str:
    """``TTFT: no difference shown`` under a heading that says TTFT already."""
    subject, colon, rest = sentence.partition(": ")
    return rest if colon and len(subject) < 30 else sentence


def _with_length(name: str, entry: Efficiency | None, quantity: str) -> str:
    if entry is None or getattr(entry, quantity).p50 is None:
        return name
    return f"{name}, {entry.output_tokens} token{'s' if entry.output_tokens != 1 else ''}"


def _twin(speedup: SpeedUp | None) -> str:
    if speedup is None:
        return f"A/A {NOT_MEASURED}"
    if speedup.aa.ratio is None:
        return "A/A unknown: too few replicates"
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
