"""How latencies are measured within what the budget has left: by processes, or by blocks of this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from argus_eval.backends.protocol import ArmRunner
from argus_eval.core.units import format_duration
from argus_eval.engine.budget import MINIMUM_ROWS
from argus_eval.engine.passes import PassSettings, Window, host_pass, latency_pass
from argus_eval.engine.processes import (
    OpenProcess,
    ProcessDesign,
    ProcessJob,
    describe_design,
    plan_processes,
    run_processes,
)
from argus_eval.engine.sitting import Sitting, needs_own_process, runs_here
from argus_eval.engine.timed_pass import TimedPass, run_timed_pass
from argus_eval.engine.worker_process import WorkerProcess
from argus_eval.errors import EnvironmentError_
from argus_eval.measure.memory import room_for_a_copy

__all__ = ["BEFORE", "LONG_TOKENS", "UNTIL", "measure_latency", "pass_windows"]

# Ends of the passes as shares of the time for them: host work, short answers (TTFT), long answers.
_HOST_END, _SHORT_END = 0.2, 0.65
# Where the host pass ends while it has fewer than ten replicates; the short one may then take all that is left.
_HOST_REACH = 0.35
_WARMUP_SHARES = {"host": 0.025, "short": 0.075, "long": 0.05}
_HOST_IMAGES = 66
#: Tokens of a long answer
LONG_TOKENS = 64
_COLD_PROCESSES = 10
#: Share of the budget that may be spent when latencies are done; throughput has the rest.
UNTIL = 0.9
#: What claims, memory and the cache audit are allowed before latencies begin.
BEFORE = 0.25
# A long pass that is worth its warm-up has rows for a median; their cost was seen once, before the warm-up.
_FEWEST_LONG_ROWS, _CAUTION = MINIMUM_ROWS + 1, 1.3


def pass_windows(budget_s: float, began: float, until: float, long_row_s: float) -> dict[str, Window]:
    """How passes in one process share the budget between ``began`` and ``until``, shares of it.

    Long answers have their part where three images fit into it. Where they do not, TTFT, which every run is asked
    for first, has that time too, and "long" is absent.

    Args:
        budget_s: of the whole measurement. began, until: shares of it.
        long_row_s: one image under every arm with a long answer; 0 where it is not known.
    """
    width = max(0.0, until - began)
    warmup_s = {name: share * budget_s for name, share in _WARMUP_SHARES.items()}
    ends = {name: began + width * end for name, end in (("host", _HOST_END), ("short", _SHORT_END))}
    reach = {"host": began + width * _HOST_REACH, "short": began + width}
    if (1 - _SHORT_END) * width * budget_s >= _FEWEST_LONG_ROWS * _CAUTION * long_row_s:
        ends["long"] = reach["long"] = began + width
    else:
        ends["short"] = began + width
        warmup_s["short"] += warmup_s.pop("long")
    return {name: Window(share=end, reach=reach[name], warmup_s=warmup_s[name]) for name, end in ends.items()}


def measure_latency(sitting: Sitting, shared: Mapping[str, ArmRunner], until: float) -> None:
    """Host work, TTFT and time per token of every arm, up to the share ``until`` of the budget.

    Args:
        sitting: the measurement.
        shared: arms that can live together in this process, the baseline first.
        until: share of the budget that may be spent when this ends; minimums are made in any case.
    """
    design = _design(sitting, until)
    if design is None:
        _in_blocks(sitting, shared, until)
        return
    try:
        if not _in_processes(sitting, design, until):
            sitting.leave_out("processes took too long to be replicates; raise --budget")
            _in_blocks(sitting, shared, until)
    except EnvironmentError_ as problem:
        began = any(r.process is not None for r in sitting.job.done.values())
        if began or len(design.groups) > 1:
            raise
        sitting.leave_out(f"processes cannot be replicates here: {problem}")
        _in_blocks(sitting, shared, until)


def _design(sitting: Sitting, until: float) -> ProcessDesign | None:
    """Groups of arms that share a process and how many replicates to aim for; ``None`` for blocks in here."""
    job, arms = sitting.job, tuple(sitting.job.recipes())
    if not runs_here(job.model):
        return None
    alone = any(needs_own_process(job.model, recipes) for recipes in job.recipes().values())
    if job.plan.config.regime == "cold-process":
        return ProcessDesign(groups=tuple((arm,) for arm in arms), aim=_COLD_PROCESSES, cold=True)
    groups = tuple((arm,) for arm in arms) if alone else (arms,)
    left_s = sitting.watch.left_s(until)
    aim = plan_processes(left_s, sitting.start_s, sitting.cost.short_s, len(groups))
    timed = [r for r in job.done.values() if r.arm in arms and r.pass_name in ("latency", "host")]
    if timed and not alone:
        # An interrupted run goes on as it began.
        return ProcessDesign(groups=groups, aim=aim or 6) if any(r.process is not None for r in timed) else None
    if alone:
        # Nothing else can measure them; with too short a budget there are few replicates and no claim.
        return ProcessDesign(groups=groups, aim=aim or 6)
    if aim is None:
        return None
    if not room_for_a_copy():
        sitting.leave_out("processes cannot be replicates here: there is no room for the model a second time")
        return None
    return ProcessDesign(groups=groups, aim=aim)


def _in_processes(sitting: Sitting, design: ProcessDesign, until: float) -> bool:
    job = sitting.job

    def start(arms: tuple[str, ...]) -> OpenProcess:
        worker = WorkerProcess(job.spec(arms))
        return OpenProcess(arms=worker.arms, close=worker.close, collect=worker.collect)

    processes = ProcessJob(
        model=job.model.facts.name,
        design=design,
        open=start,
        passes=_passes(sitting, pass_windows(job.budget_s, 0.0, 1.0, 0.0), only_short=design.cold),
        arms=tuple(job.recipes()),
        workload=sitting.workload,
        done=job.done,
        warmup_s=sum(_WARMUP_SHARES.values()) * job.budget_s,
        until=until,
        seed=_settings(sitting).seed,
    )
    sitting.narrator.say(describe_design(processes, sitting.start_s))
    return run_processes(processes, sitting.writer, sitting.watch, sitting.narrator)


def _in_blocks(sitting: Sitting, shared: Mapping[str, ArmRunner], until: float) -> None:
    job, watch = sitting.job, sitting.watch
    baseline = next(iter(shared))
    arms = {baseline: shared[baseline], job.model.twin_id: job.twin(), **shared}
    windows = pass_windows(job.budget_s, watch.spent_s() / job.budget_s, until, sitting.cost.long_s)
    passes = _passes(sitting, windows)(arms)
    for name, timed in passes.items():
        if name == "long" and watch.left_s(until) < _FEWEST_LONG_ROWS * sitting.cost.long_s:
            sitting.leave_out(f"latency, {timed.tokens} tokens: left out, the budget is spent; raise --budget")
            continue
        run_timed_pass(timed, sitting.workload, sitting.writer, watch, sitting.narrator)
    if "long" not in passes:
        _leave_out_long(sitting, until)


def _leave_out_long(sitting: Sitting, until: float) -> None:
    """Say with which budget long answers have their part, where what comes before them takes all that it may."""
    tokens = sitting.job.plan.config.setting("latency.tokens", LONG_TOKENS)
    needed_s = _FEWEST_LONG_ROWS * _CAUTION * sitting.cost.long_s / ((1 - _SHORT_END) * (until - BEFORE))
    budget = format_duration(max(needed_s, sitting.job.budget_s + 1))
    sitting.leave_out(f"latency, {tokens} tokens: left out, the budget is too short; --budget {budget} allows it")


def _settings(sitting: Sitting) -> PassSettings:
    config = sitting.job.plan.config
    return PassSettings(
        model=sitting.job.model.facts.name,
        regime=config.regime,
        seed=config.setting("seed", 0),
        done=sitting.job.done,
        distinct=sitting.distinct,
    )


def _passes(
    sitting: Sitting, windows: Mapping[str, Window], *, only_short: bool = False
) -> Callable[[Mapping[str, ArmRunner]], dict[str, TimedPass]]:
    """The passes that have a window, as functions of the arms that live in one process."""
    config, settings = sitting.job.plan.config, _settings(sitting)
    images = config.setting("host.images", _HOST_IMAGES)
    tokens = config.setting("latency.tokens", LONG_TOKENS)

    def build(arms: Mapping[str, ArmRunner]) -> dict[str, TimedPass]:
        found: dict[str, TimedPass] = {}
        # A server does its host work where nobody sees it.
        if runs_here(sitting.job.model) and not only_short:
            found["host"] = host_pass(settings, arms, windows["host"], images=images)
        found["short"] = latency_pass(settings, arms, windows["short"], tokens=1)
        if "long" in windows and not only_short:
            found["long"] = latency_pass(settings, arms, windows["long"], tokens=tokens)
        return found

    return build
