"""What records say of the measuring itself: price of timers, drift, warm-up, processes (MEASUREMENT §4–13)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from argus_eval.core.record import Record
from argus_eval.core.results import DriftSeen, Efficiency, Instrumentation, ProcessSpread, WarmUp
from argus_eval.engine.cache_audit import audit_result
from argus_eval.engine.energy_pass import energy_result
from argus_eval.engine.memory_pass import memory_result
from argus_eval.engine.natural_pass import natural_result
from argus_eval.engine.throughput_pass import throughput_result
from argus_eval.engine.timed_pass import why_stop
from argus_eval.engine.timer_price import timer_price
from argus_eval.stats.drift import drift
from argus_eval.stats.latency import StopReason
from argus_eval.stats.processes import process_variance

__all__ = ["ProtocolFacts", "ProtocolTable", "complete_efficiency"]

_MOST_RESIDUAL, _MOST_RERUNS = 0.1, 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolFacts:
    """What one model's pass of one output length shows of its own making."""

    from_processes: bool
    spread: ProcessSpread | None
    warmup: WarmUp | None
    instrumentation: Instrumentation | None
    drift: DriftSeen | None
    reruns: int
    blocks: int
    stopped: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolTable:
    """Every record of the efficiency passes of one model, the baseline's and its twin's ids with them."""

    records: Sequence[Record]
    baseline: str
    twin: str

    @classmethod
    def of(cls, records: Iterable[Record], arms: Iterable[str], baseline: str, twin: str) -> ProtocolTable:
        """Those of ``arms`` out of all."""
        wanted = {*arms, baseline, twin}
        chosen = [record for record in records if record.arm in wanted and record.pass_name != "accuracy"]
        return cls(records=chosen, baseline=baseline, twin=twin)

    def facts(self, section: str) -> ProtocolFacts:
        """Of the latency section ("cold-image/1")."""
        records = [r for r in self.records if r.pass_name == "latency" and r.regime == section]
        measured = [record for record in records if record.role == "measured"]
        return ProtocolFacts(
            from_processes=bool(measured) and all(record.process is not None for record in measured),
            spread=self._spread(measured),
            warmup=_warmup(records),
            instrumentation=timer_price(records),
            drift=self._drift(records),
            reruns=len({r.block for r in measured if r.values.get("reruns") or r.values.get("throttled")}),
            blocks=len({record.block for record in measured}),
            stopped=self._stopped(measured),
        )

    def _stopped(self, measured: Sequence[Record]) -> str | None:
        """Why there are no further replicates, by the rule that measuring itself followed.

        Blocks end with their own pass; processes make all passes, and go on until every one is narrow enough.
        """
        if not measured:
            return None
        judged: Sequence[Record] = measured
        if all(record.process is not None for record in measured):
            judged = [r for r in self.records if r.role == "measured" and r.pass_name in ("host", "latency")]
        effects: dict[tuple[str, str], dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
        times = {(r.regime, r.arm, r.block, r.image): value for r in judged if (value := _judged_by(r))}
        for (section, arm, block, image), value in times.items():
            before = times.get((section, self.baseline, block, image))
            if arm != self.baseline and before:
                effects[section, arm][block].append(float(np.log(before / value)))
        replicate = {record.block: record.replicate for record in judged}
        means = [_replicate_means(blocks, replicate) for blocks in effects.values()]
        return str(why_stop(means, len({record.replicate for record in measured})) or StopReason.BUDGET)

    def _drift(self, records: Sequence[Record]) -> DriftSeen | None:
        seen = [r for r in records if r.role == "sentinel" and r.arm == self.baseline and r.times_ns.ttft]
        found = drift([r.at_s or 0.0 for r in seen], [(r.times_ns.ttft or 0) / 1e9 for r in seen])
        if found is None:
            return None
        return DriftSeen(
            total=found.total, ci=(found.interval.low, found.interval.high), n=found.n, flagged=found.flagged
        )

    def _spread(self, measured: Sequence[Record]) -> ProcessSpread | None:
        """Variance of A/A block effects between processes against that inside them."""
        effects: dict[int, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
        baseline = _ttft(measured, self.baseline)
        for place, ttft in _ttft(measured, self.twin).items():
            process, block, _ = place
            if process is not None and place in baseline:
                effects[process][block].append(float(np.log(baseline[place]) - np.log(ttft)))
        means = [[float(np.mean(ratios)) for ratios in blocks.values()] for blocks in effects.values()]
        fewest = min(map(len, means), default=0)
        if fewest < 2:
            return None
        found = process_variance(np.array([blocks[:fewest] for blocks in means]))
        if found is None or not np.isfinite(found.upper):
            return None
        return ProcessSpread(
            inflation=found.inflation,
            upper=found.upper,
            processes=found.processes,
            blocks=found.blocks,
            negligible=found.negligible,
        )


def _judged_by(record: Record) -> int | None:
    """The time by which a pass decides whether it is narrow enough."""
    if record.status != "ok":
        return None
    if record.pass_name == "host":
        return record.times_ns.to_model_ready
    return record.times_ns.ttft if record.regime.endswith("/1") else record.times_ns.e2e


def _replicate_means(blocks: Mapping[int, Sequence[float]], replicate: Mapping[int, int]) -> list[float]:
    found: dict[int, list[float]] = defaultdict(list)
    for block, ratios in blocks.items():
        found[replicate[block]].extend(ratios)
    return [float(np.mean(found[number])) for number in sorted(found)]


def complete_efficiency(
    entry: Efficiency, table: ProtocolTable, facts: ProtocolFacts, arm: str, notes: Sequence[str]
) -> Efficiency:
    """Add what belongs to an arm beside its latencies: memory, throughput, energy, audit, and what is missing."""
    throughput, sweep = throughput_result(table.records, arm)
    memory = memory_result(table.records, arm)
    energy_j = energy_result(table.records, arm)
    audit = audit_result(table.records, arm)
    natural = natural_result(table.records, arm, table.baseline)
    # The twin is the baseline over again: it is there for its latencies only.
    owed = arm != table.twin
    absent = {
        "memory": memory.host_peak_bytes is None,
        "cache audit": audit is None,
        "throughput": not throughput,
        "energy": energy_j is None,
        "natural end": natural is None,
    }
    unexplained = [
        f"{what} not measured{': no counter was read' if what == 'energy' else ''}"
        for what, missing in absent.items()
        if missing and owed and not any(note.startswith(what) for note in notes)
    ]
    shortfalls = [*entry.shortfalls, *_doubts(entry, facts), *unexplained, *notes]
    return replace(
        entry,
        throughput=throughput,
        throughput_sweep=sweep,
        memory=memory,
        energy_j=energy_j,
        cache_audit=audit,
        natural=natural,
        replicate_unit="process" if facts.from_processes else "block",
        process_spread=facts.spread,
        warmup=facts.warmup,
        instrumentation=facts.instrumentation,
        drift=facts.drift,
        reruns=facts.reruns,
        stopped=facts.stopped,
        shortfalls=tuple(dict.fromkeys(shortfalls)),
    )


def _doubts(entry: Efficiency, facts: ProtocolFacts) -> list[str]:
    found = []
    if not facts.from_processes:
        found.append("replicates are blocks of one process; variance between processes was not measured")
    if facts.warmup is not None and not facts.warmup.settled:
        found.append(f"warm-up ended by its share of the budget after {facts.warmup.requests} requests, unsettled")
    price = facts.instrumentation
    if price is None and entry.stages_s:
        found.append("price of stage timers not measured")
    elif price is not None and price.hides_stages:
        found.append(f"stages are hidden: their timers may cost up to {price.upper:.1%} (2 % allowed)")
    if entry.residual is not None and abs(entry.residual) > _MOST_RESIDUAL:
        found.append(f"stage chart unreliable: {entry.residual:.0%} of TTFT belongs to no stage")
    if facts.drift is None:
        found.append("drift not judged: fewer than 6 sentinel requests")
    elif facts.drift.flagged:
        low, high = facts.drift.ci
        found.append(f"drift of the machine not excluded: {low:+.1%} to {high:+.1%} over the pass")
    if facts.blocks and facts.reruns > _MOST_RERUNS * facts.blocks:
        found.append(f"the machine throttled in {facts.reruns} of {facts.blocks} blocks")
    return found


def _ttft(records: Sequence[Record], arm: str) -> dict[tuple[int | None, int, str], int]:
    return {
        (record.process, record.block, record.image): record.times_ns.ttft
        for record in records
        if record.arm == arm and record.status == "ok" and record.times_ns.ttft
    }


def _warmup(records: Sequence[Record]) -> WarmUp | None:
    made = [record for record in records if record.role == "warmup"]
    if not made:
        return None
    return WarmUp(requests=len(made), settled=all(record.values.get("settled", 1.0) for record in made))
