"""Rules on latency and memory. Times are compared only where both arms were timed in turns in one run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from argus_eval.core.record import Record
from argus_eval.core.results import ArmResult, Memory
from argus_eval.engine.speed_summary import QUANTITIES, SpeedTable, paired_times
from argus_eval.gate.answers import ArmAnswers
from argus_eval.gate.outcome import RuleResult
from argus_eval.gate.pairing import Pair
from argus_eval.gate.policy import LatencyRule, MemoryBudget, Policy
from argus_eval.gate.read_run import GateRun
from argus_eval.stats.intervals import FloatArray, Interval, minimum_requests, quantile_with_minimum, t_interval
from argus_eval.stats.latency import FAMILY_LEVEL, LOOK_LEVEL, LOOKS, at_look
from argus_eval.stats.verdict import Verdict

__all__ = ["judge_latency", "judge_memory", "timed_baseline"]

#: Policy name → (name of the time in records, whether it is host work, whether it needs the long output).
_TIMES = {
    "host": ("to_model_ready", True, False),
    "to_uint8_tiles": ("to_uint8_tiles", True, False),
    "ttft": ("ttft", False, False),
    "e2e": ("e2e", False, True),
    "tpot": ("tpot", False, True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ratio:
    """Baseline time / arm time with its interval; the interval is absent below 6 replicates."""

    value: float
    interval: Interval | None
    replicates: int


def timed_baseline(pair: Pair) -> ArmAnswers | None:
    """The arm of the same run that the judged arm was timed beside; ``None`` for the baseline itself."""
    if pair.within_run:
        return pair.baseline
    names = [c.baseline for c in pair.run.results.comparisons if c.arm == pair.arm.arm]
    return next((arm for arm in pair.run.arms if arm.arm in names), None)


def judge_latency(pair: Pair, policy: Policy) -> tuple[RuleResult, ...]:
    """Every latency rule of the policy on one arm; a baseline is not compared with itself."""
    own_baseline = pair.arm.role == "baseline" and not pair.within_run
    rules = [rule for rule in policy.latency if rule.at_most_s is not None or not own_baseline]
    return tuple(_latency(pair, rule, policy) for rule in rules)


def judge_memory(pair: Pair, policy: Policy) -> tuple[RuleResult, ...]:
    """Every memory budget of the policy on one arm."""
    return tuple(_memory(pair, budget) for budget in policy.memory)


def _latency(pair: Pair, rule: LatencyRule, policy: Policy) -> RuleResult:
    base = RuleResult(
        rule=rule.name,
        kind="latency",
        subject=rule.metric,
        verdict=Verdict.NOT_MEASURED,
        reason="",
        unit="s" if rule.at_most_s is not None else "ratio",
        bound=rule.at_most_s if rule.at_most_s is not None else rule.speedup_at_least,
    )
    if pair.run.results.quick:
        return replace(base, verdict=Verdict.INVALID, reason="a quick run measures no speed that may be judged")
    if rule.at_most_s is not None:
        return _absolute(pair, rule, base)
    reference = timed_baseline(pair)
    times = _times(pair.run, rule, [reference.arm, pair.arm.arm]) if reference is not None else None
    if reference is None or times is None:
        if policy.validity.interleaving == "optional":
            reason = "left out: the arm was not timed beside a baseline (validity.interleaving: optional)"
            return replace(base, verdict=Verdict.PASS, reason=reason)
        return replace(
            base, verdict=Verdict.INVALID, reason="the arm was not timed in turns with a baseline of its run"
        )
    noise = _noise(pair.run, rule, reference, policy.validity.noise_at_most)
    if noise is not None:
        return replace(base, verdict=Verdict.INVALID, reason=noise)
    images = _distinct_images(pair.run, rule, pair.arm.arm)
    if rule.quantile is not None and images < minimum_requests(rule.quantile):
        needed = minimum_requests(rule.quantile)
        return replace(base, reason=f"{images} distinct images; this quantile needs {needed}")
    return _against_bound(base, _ratio(times, rule.quantile))


def _against_bound(base: RuleResult, found: _Ratio) -> RuleResult:
    shown = replace(base, value=found.value)
    if found.interval is None:
        reason = f"{found.replicates} replicates; an interval needs {LOOKS[0]}: raise --budget"
        return replace(shown, verdict=Verdict.INCONCLUSIVE, reason=reason)
    low, high = found.interval.low, found.interval.high
    shown = replace(shown, interval=(low, high))
    words = f"{found.value:.3f}× [{low:.3f}, {high:.3f}], bound {base.bound:g}×"
    if base.bound is not None and low >= base.bound:
        return replace(shown, verdict=Verdict.PASS, reason=f"the interval clears the bound: {words}")
    if base.bound is not None and high < base.bound:
        return replace(shown, verdict=Verdict.FAIL, reason=f"the interval misses the bound: {words}")
    return replace(
        shown, verdict=Verdict.INCONCLUSIVE, reason=f"the interval contains the bound: {words}; raise --budget"
    )


def _absolute(pair: Pair, rule: LatencyRule, base: RuleResult) -> RuleResult:
    """A quantile of the arm's own times with its order-statistic interval."""
    assert rule.quantile is not None  # the policy file is checked
    records = _records(pair.run, rule, pair.arm.arm)
    name = _TIMES[rule.metric][0]
    pairs = [(value, r.image) for r in records if r.status == "ok" and (value := QUANTITIES[name](r)) is not None]
    if not pairs:
        return replace(base, reason="not timed in this run")
    found = quantile_with_minimum([v for v, _ in pairs], rule.quantile, requests=[image for _, image in pairs])
    if found is None or found.interval is None:
        images = len({image for _, image in pairs})
        needed = minimum_requests(rule.quantile)
        reason = f"{images} distinct images give no interval for this quantile (at least {needed} are needed)"
        return replace(base, value=None if found is None else found.value, reason=reason)
    low, high = found.interval.low, found.interval.high
    shown = replace(base, value=found.value, interval=(low, high))
    words = f"{found.value:.4g} s [{low:.4g}, {high:.4g}], bound {base.bound:g} s"
    if base.bound is not None and high <= base.bound:
        return replace(shown, verdict=Verdict.PASS, reason=f"the interval keeps the bound: {words}")
    if base.bound is not None and low > base.bound:
        return replace(shown, verdict=Verdict.FAIL, reason=f"the interval lies above the bound: {words}")
    return replace(shown, verdict=Verdict.INCONCLUSIVE, reason=f"the interval contains the bound: {words}")


def _ratio(times: FloatArray, quantile: float | None) -> _Ratio:
    """Ratio of the means or quantiles of each replicate; ``times`` has shape (2, replicates, images)."""
    used = at_look(times.shape[1]) or times.shape[1]
    logs = np.log(times[:, :used])
    per_replicate = logs.mean(axis=2) if quantile is None else np.quantile(logs, quantile, axis=2)
    effects = per_replicate[0] - per_replicate[1]
    interval = t_interval(effects, LOOK_LEVEL) if used >= LOOKS[0] else None
    return _Ratio(
        value=math.exp(float(effects.mean())),
        interval=None if interval is None else interval.map(math.exp),
        replicates=times.shape[1],
    )


def _noise(run: GateRun, rule: LatencyRule, baseline: ArmAnswers, at_most: float) -> str | None:
    """Why this run is too restless to judge times; ``None`` where it is quiet enough."""
    twin = next((a.id for a in run.results.arms if a.role == "aa" and a.model == baseline.model), None)
    times = None if twin is None else _times(run, rule, [baseline.arm, twin])
    if times is None:
        return "no A/A twin of the baseline was timed, so the noise of this run is unknown"
    used = at_look(times.shape[1])
    if used is None:
        return None
    logs = np.log(times[:, :used]).mean(axis=2)
    interval = t_interval(logs[0] - logs[1], FAMILY_LEVEL)
    assert interval is not None  # a look has at least six replicates
    reach = math.expm1(max(abs(interval.low), abs(interval.high)))
    if reach <= at_most:
        return None
    ends = interval.map(math.exp)
    return (
        f"two builds of the baseline differ by up to {100 * reach:.1f} % (A/A [{ends.low:.3f}, {ends.high:.3f}]); "
        f"the policy allows {100 * at_most:g} %"
    )


def _records(run: GateRun, rule: LatencyRule, arm: str) -> list[Record]:
    table = SpeedTable.of(run.timed)
    section = _section(table, rule)
    return [] if section is None else list(table.of_arm(section, arm))


def _times(run: GateRun, rule: LatencyRule, arms: Sequence[str]) -> FloatArray | None:
    table = SpeedTable.of(run.timed)
    section = _section(table, rule)
    if section is None or not all(table.of_arm(section, arm) for arm in arms):
        return None
    return paired_times(table, section, arms, _TIMES[rule.metric][0])


def _distinct_images(run: GateRun, rule: LatencyRule, arm: str) -> int:
    return len({record.image for record in _records(run, rule, arm)})


def _section(table: SpeedTable, rule: LatencyRule) -> str | None:
    """The timed pass that measures a quantity: TTFT from the shortest output, end to end from the longest."""
    _, host, long = _TIMES[rule.metric]
    if host:
        return "host" if "host" in table.sections() else None
    lengths = sorted(
        (int(name.partition("/")[2]), name) for name in table.sections() if name.startswith("cold-image/")
    )
    return None if not lengths else lengths[-1 if long else 0][1]


def _memory(pair: Pair, budget: MemoryBudget) -> RuleResult:
    arm = _peak(_result_of(pair.run, pair.arm.arm), budget)
    base = RuleResult(
        rule=budget.name,
        kind="memory",
        subject=budget.kind,
        verdict=Verdict.NOT_MEASURED,
        reason="peak memory was not measured",
        unit="bytes" if budget.at_most_bytes is not None else "ratio",
        bound=budget.at_most_bytes if budget.at_most_bytes is not None else budget.at_most_ratio,
        value=None,
    )
    if arm is None:
        return base
    value: float = arm
    if budget.at_most_ratio is not None:
        reference = timed_baseline(pair)
        before = None if reference is None else _peak(_result_of(pair.run, reference.arm), budget)
        if before is None:
            return replace(base, reason="peak memory of a baseline of the same run was not measured")
        value = arm / before
    kept = base.bound is not None and value <= base.bound
    words = f"{value:,.0f} bytes" if base.unit == "bytes" else f"{value:.3f}×"
    return replace(
        base,
        value=value,
        verdict=Verdict.PASS if kept else Verdict.FAIL,
        reason=f"{words}, {'within' if kept else 'above'} the bound of {base.bound:,.6g}",
    )


def _result_of(run: GateRun, arm: str) -> ArmResult | None:
    return next((found for found in run.results.arms if found.id == arm), None)


def _peak(arm: ArmResult | None, budget: MemoryBudget) -> int | None:
    """The largest peak over regimes."""
    name = {"host": "host_peak_bytes", "device": "device_peak_bytes", "device_reserved": "device_reserved_bytes"}
    memories: list[Memory] = [] if arm is None else [entry.memory for entry in arm.efficiency]
    peaks = [peak for memory in memories if (peak := getattr(memory, name[budget.kind])) is not None]
    return max(peaks, default=None)
