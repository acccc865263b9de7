"""What a page needs from the records, kept small: one compact row each, full records only of what is shown.

The first reading keeps numbers (score, flags, TTFT); it decides what is interesting. The second picks the full
records of the samples that were chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from argus_eval.core.record import Record
from argus_eval.core.results import Results

__all__ = ["EXAMPLES_A_TASK", "AccuracyRow", "Digest", "LatencyRow", "digest_records", "pick_records"]

#: Samples a task that are worth a place although nothing is remarkable about them.
EXAMPLES_A_TASK = 12

SampleKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class AccuracyRow:
    """One answer without its text. ``score`` is the primary metric's, ``None`` where it has none.

    ``cluster`` stands for the image: answers to one image are not independent.
    """

    score: float | None
    unparsed: bool
    error: bool
    text_hash: int
    cluster: int


@dataclass(frozen=True, slots=True)
class LatencyRow:
    """One measured request: TTFT in seconds, the block it ran in, how many visual tokens it had."""

    sample: SampleKey
    block: int
    order: int
    ttft_s: float
    visual_tokens: int | None


@dataclass(slots=True)
class Digest:
    """Everything of the records that tables and charts use. ``examples`` are the first samples of each task."""

    accuracy: dict[SampleKey, dict[str, AccuracyRow]] = field(default_factory=dict)
    latency: dict[str, list[LatencyRow]] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many records there are, of every pass and status."""
        return sum(self.counts.values())


def digest_records(results: Results, records: Iterable[Record]) -> Digest:
    """Read the records once. Latency rows are those that count: measured, not warm-up, of the headline regime."""
    primaries = _primary_names(results)
    wanted = _headline_sections(results)
    digest = Digest()
    for record in records:
        slot = f"{record.pass_name} {record.status}"
        digest.counts[slot] = digest.counts.get(slot, 0) + 1
        if record.status == "discarded" or record.role != "measured":
            continue
        seen = digest.examples.setdefault(record.task, [])
        if len(seen) < EXAMPLES_A_TASK and record.sample not in seen:
            seen.append(record.sample)
        match record.pass_name:
            case "accuracy":
                rows = digest.accuracy.setdefault((record.task, record.sample), {})
                rows[record.arm] = _accuracy_row(record, primaries.get((record.arm, record.task)))
            case "latency":
                if record.times_ns.ttft is not None and record.regime in wanted:
                    digest.latency.setdefault(record.arm, []).append(_latency_row(record, record.times_ns.ttft))
            case "host":
                pass  # its numbers are in the results; no page shows a single one
    return digest


def pick_records(
    records: Callable[[], Iterator[Record]], wanted: Iterable[SampleKey]
) -> Mapping[SampleKey, list[Record]]:
    """The records of the chosen samples: each answer, and of the latency pass the slowest request an arm."""
    chosen: dict[SampleKey, dict[tuple[str, str], Record]] = {key: {} for key in wanted}
    if not chosen:
        return {}
    for record in records():
        found = chosen.get((record.task, record.sample))
        if found is None or record.status == "discarded" or record.role != "measured":
            continue
        slot = (record.pass_name, record.arm)
        before = found.get(slot)
        if before is None or (record.times_ns.ttft or 0) > (before.times_ns.ttft or 0):
            found[slot] = record
    return {key: list(found.values()) for key, found in chosen.items()}


def _headline_sections(results: Results) -> frozenset[str]:
    """What records of the headline measurement have as their regime: ``cold-image/1``, the shortest output."""
    entries = [entry for arm in results.arms for entry in arm.efficiency]
    if not entries:
        return frozenset()
    first = min(entries, key=lambda entry: (entry.regime != "cold-image", entry.regime, entry.output_tokens))
    return frozenset({first.regime, f"{first.regime}/{first.output_tokens}"})


def _primary_names(results: Results) -> dict[tuple[str, str], str]:
    return {
        (arm.id, task.task): name
        for arm in results.arms
        for task in arm.tasks
        for name, metric in task.metrics.items()
        if metric.primary
    }


def _accuracy_row(record: Record, metric: str | None) -> AccuracyRow:
    prediction = record.prediction or {}
    return AccuracyRow(
        score=record.scores.get(metric) if metric is not None else None,
        unparsed="unparsed" in prediction,
        error=record.status == "error",
        text_hash=hash(record.text),
        cluster=hash(record.image or record.sample),
    )


def _latency_row(record: Record, ttft_ns: int) -> LatencyRow:
    return LatencyRow(
        sample=(record.task, record.sample),
        block=record.block,
        order=record.order,
        ttft_s=ttft_ns * 1e-9,
        visual_tokens=record.lengths.get("visual_tokens"),
    )
