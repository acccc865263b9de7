"""How latencies are measured within what the budget has left: by processes, or by blocks of this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from argus_eval.backends.protocol import ArmRunner
from argus_eval.engine.passes import PassSettings, host_pass, latency_pass
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

__all__ = ["UNTIL", "block_window_s", "measure_latency"]

# Ends of the passes as shares of the time for them: host work, short answers (TTFT), long answers.
_HOST_ENDS, _SHORT_ENDS, _LONG_ENDS = 0.2, 0.65, 1.0
_WARMUP_SHARE = 0.15
_HOST_IMAGES, _LONG_TOKENS = 66, 64
_COLD_PROCESSES = 10
#: Share of the budget that may be spent when latencies are done; throughput has the rest.
UNTIL = 0.9
# What claims, memory and the cache audit are allowed before latencies begin.
_BEFORE = 0.25


def block_window_s(name: str, budget_s: float) -> float:
    """Seconds that the pass "host", "short" or "long" has at least in a run of blocks with this budget."""
    ends = (0.0, _HOST_ENDS, _SHORT_ENDS, _LONG_ENDS)
    index = ("host", "short", "long").index(name)
    return (ends[index + 1] - ends[index]) * (UNTIL - _BEFORE) * budget_s


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
    aim = plan_processes(left_s, sitting.start_s, sitting.row_s, len(groups))
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
        return OpenProcess(arms=worker.arms, close=worker.close)

    processes = ProcessJob(
        model=job.model.facts.name,
        design=design,
        open=start,
        passes=_passes(sitting, only_short=design.cold),
        arms=tuple(job.recipes()),
        workload=sitting.workload,
        done=job.done,
        warmup_s=_WARMUP_SHARE * job.budget_s / (design.aim * len(design.groups)),
        until=until,
        seed=_settings(sitting).seed,
    )
    sitting.narrator.say(describe_design(processes, sitting.start_s))
    return run_processes(processes, sitting.writer, sitting.watch, sitting.narrator)


def _in_blocks(sitting: Sitting, shared: Mapping[str, ArmRunner], until: float) -> None:
    job, watch = sitting.job, sitting.watch
    baseline = next(iter(shared))
    arms = {baseline: shared[baseline], job.model.twin_id: job.twin(), **shared}
    began = watch.spent_s() / job.budget_s
    window = max(0.0, until - began)
    ends = {"host": _HOST_ENDS, "short": _SHORT_ENDS, "long": _LONG_ENDS}
    shares = {name: began + window * end for name, end in ends.items()}
    for name, timed in _passes(sitting, shares=shares)(arms).items():
        if name == "long" and watch.left_s(until) <= 0.15 * window * job.budget_s:
            # A long answer takes longer than a short one: without time for a few short rows it cannot fit.
            sitting.leave_out(f"latency, {timed.tokens} tokens: left out, the budget is spent; raise --budget")
            continue
        run_timed_pass(timed, sitting.workload, sitting.writer, watch, sitting.narrator)


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
    sitting: Sitting, *, shares: Mapping[str, float] | None = None, only_short: bool = False
) -> Callable[[Mapping[str, ArmRunner]], dict[str, TimedPass]]:
    """The passes as functions of the arms that live in one process."""
    config, settings = sitting.job.plan.config, _settings(sitting)
    images = config.setting("host.images", _HOST_IMAGES)
    tokens = config.setting("latency.tokens", _LONG_TOKENS)
    ends = shares or dict.fromkeys(("host", "short", "long"), 1.0)
    warmup_s = _WARMUP_SHARE * sitting.job.budget_s / 3

    def build(arms: Mapping[str, ArmRunner]) -> dict[str, TimedPass]:
        short = latency_pass(settings, arms, tokens=1, share=ends["short"], warmup_s=warmup_s)
        if only_short:
            return {"short": short}
        long = latency_pass(settings, arms, tokens=tokens, share=ends["long"], warmup_s=warmup_s)
        if not runs_here(sitting.job.model):
            # A server does its host work where nobody sees it.
            return {"short": short, "long": long}
        host = host_pass(settings, arms, images=images, share=ends["host"], warmup_s=warmup_s / 2)
        return {"host": host, "short": short, "long": long}

    return build
