"""What may stand in one table: accuracies over the same samples, speeds over the same images and hardware."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from argus_eval.core.results import ArmResult, Comparison, Efficiency, MetricValue, Results, TaskResult
from argus_eval.leaderboard.entries import Entry
from argus_eval.report.published import PublishedScore
from argus_eval.report.wording import headline

__all__ = ["AccuracyRow", "AccuracyTable", "SpeedRow", "SpeedTable", "accuracy_tables", "hardware", "speed_tables"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyRow:
    """One arm's primary metric on one task."""

    entry: Entry
    arm: ArmResult
    task: TaskResult
    metric: MetricValue
    comparison: Comparison | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyTable:
    """Arms that answered the same samples to the same prompt. ``published`` are reference rows over the split."""

    task: str
    metric: str
    fingerprint: str
    n: int
    rows: tuple[AccuracyRow, ...]
    published: tuple[PublishedScore, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedRow:
    """One arm's headline latency."""

    entry: Entry
    arm: ArmResult
    efficiency: Efficiency
    comparison: Comparison | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedTable:
    """Arms timed on the same images, in the same regime, on the same class of hardware."""

    hardware: str
    regime: str
    fingerprint: str
    images: int
    rows: tuple[SpeedRow, ...]


def accuracy_tables(entries: Sequence[Entry], published: Iterable[PublishedScore]) -> tuple[AccuracyTable, ...]:
    """One table for each task, data fingerprint, prompt and metric, the best first; only arms with a score."""
    groups: dict[tuple[str, str, str, str], list[AccuracyRow]] = {}
    for entry in entries:
        comparisons = {comparison.arm: comparison for comparison in entry.results.comparisons}
        for arm in _arms(entry.results):
            for task in arm.tasks:
                for name, metric in task.metrics.items():
                    if metric.primary and metric.value is not None:
                        key = (task.task, task.data.fingerprint, task.prompt_fingerprint, name)
                        row = AccuracyRow(
                            entry=entry, arm=arm, task=task, metric=metric, comparison=comparisons.get(arm.id)
                        )
                        groups.setdefault(key, []).append(row)
    known = list(published)
    tables = []
    for (task_name, fingerprint, _, metric_name), rows in sorted(groups.items(), key=lambda item: item[0]):
        best_first = sorted(rows, key=_merit)
        references = [score for score in known if score.task == task_name and score.metric == metric_name]
        tables.append(
            AccuracyTable(
                task=task_name,
                metric=metric_name,
                fingerprint=fingerprint,
                n=max(row.metric.n for row in rows),
                rows=tuple(best_first),
                published=tuple(sorted(references, key=lambda score: (score.model, score.value))),
            )
        )
    return tuple(tables)


def speed_tables(entries: Sequence[Entry]) -> tuple[SpeedTable, ...]:
    """One table for each class of hardware, regime and set of images; the fastest first."""
    groups: dict[tuple[str, str, str], list[SpeedRow]] = {}
    for entry in entries:
        comparisons = {comparison.arm: comparison for comparison in entry.results.comparisons}
        for arm in _arms(entry.results):
            found = headline(arm)
            if found is None or found.ttft_s.p50 is None:
                continue
            key = (hardware(entry.results, arm), found.regime, found.workload.fingerprint)
            row = SpeedRow(entry=entry, arm=arm, efficiency=found, comparison=comparisons.get(arm.id))
            groups.setdefault(key, []).append(row)
    return tuple(
        SpeedTable(
            hardware=key[0],
            regime=key[1],
            fingerprint=key[2],
            images=max(row.efficiency.workload.n for row in rows),
            rows=tuple(sorted(rows, key=lambda row: row.efficiency.ttft_s.p50 or 0.0)),
        )
        for key, rows in sorted(groups.items(), key=lambda item: item[0])
    )


def hardware(results: Results, arm: ArmResult) -> str:
    """The class of machine a latency belongs to: device and precision, processor and how many cores were used."""
    host = _mapping(results.environment.get("host"))
    device = _mapping(results.environment.get("device"))
    accelerator = device.get("name") if arm.device not in ("", "cpu") else None
    parts = [str(accelerator or arm.device or "unknown device")]
    parts.append(str(host.get("cpu") or "unknown processor"))
    cores = host.get("cores_used") or host.get("cores")
    parts.append(f"{cores} cores" if cores else "unknown cores")
    if arm.dtype:
        parts.append(arm.dtype)
    return " · ".join(parts)


def _arms(results: Results) -> list[ArmResult]:
    return [arm for arm in results.arms if arm.role != "aa"]


def _merit(row: AccuracyRow) -> float:
    value = row.metric.value or 0.0
    return -value if row.metric.higher_is_better else value


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
