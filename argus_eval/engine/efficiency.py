"""Everything that is measured of one model's speed, within one budget.

Order: recipes' claims, memory, cache audit, latencies, answers at their natural end, throughput, energy. Each part
may use a share of the budget; what does not fit is left out and named. Latencies come from processes where the
budget pays for them, from blocks of the run's own process where it does not (MEASUREMENT §9).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from argus_eval.backends.protocol import ArmRunner
from argus_eval.core.results import Fidelity
from argus_eval.core.units import format_duration
from argus_eval.engine.budget import Stopwatch
from argus_eval.engine.cache_audit import AUDIT_ROUNDS, audit_result, run_audit
from argus_eval.engine.energy_pass import WINDOW_S, run_energy
from argus_eval.engine.fidelity import check_fidelity, claims_of
from argus_eval.engine.latency import LONG_TOKENS, UNTIL, measure_latency
from argus_eval.engine.memory_pass import measure_memory, memory_key
from argus_eval.engine.narrator import Narrator
from argus_eval.engine.natural_pass import FEWEST_ROWS, run_natural
from argus_eval.engine.row_cost import probe_row_cost
from argus_eval.engine.sitting import EfficiencyJob, Sitting, needs_own_process, runs_here
from argus_eval.engine.throughput_pass import run_throughput
from argus_eval.engine.worker_messages import TWIN
from argus_eval.engine.workload import WorkItem, Workload, make_workload
from argus_eval.errors import EnvironmentError_, SampleError
from argus_eval.measure.energy import energy_counter
from argus_eval.measure.memory import room_for_a_copy
from argus_eval.store import RunWriter

__all__ = ["EfficiencyJob", "MeasuredEfficiency", "measure_efficiency", "time_natural_ends"]

# Shares of the budget. Checking claims stops after the first; how many images it covered is in the results.
_FIDELITY_SHARE, _MEMORY_SHARE, _AUDIT_SHARE, _NATURAL_SHARE = 0.1, 0.15, 0.05, 0.05
_WORKLOAD_IMAGES = 96
_MEMORY_REQUESTS, _MEMORY_TOKENS = 4, 16
# A sweep that cannot even answer so many images one by one says nothing.
_FEWEST_FOR_A_SWEEP = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredEfficiency:
    """What is not in the records: fidelity by arm id, the workload's fingerprint, what was left out and why."""

    fidelity: Mapping[str, Fidelity]
    workload: str
    notes: tuple[str, ...] = ()


def measure_efficiency(job: EfficiencyJob, writer: RunWriter, narrator: Narrator) -> MeasuredEfficiency:
    """Everything that the budget allows; at least three rows of host work and of TTFT for every arm."""
    config = job.plan.config
    workload = make_workload(
        job.plan.tasks,
        job.model.facts,
        images=config.setting("workload.images", _WORKLOAD_IMAGES),
        seed=config.setting("seed", 0),
        folder=config.workload,
    )
    watch = Stopwatch(budget_s=job.budget_s, clock_s=job.clock_s, spent_before_s=_spent_before(job))
    watch.start()
    sitting = Sitting(
        job=job, workload=workload, writer=writer, watch=watch, narrator=narrator, start_s=job.start_s
    )
    fidelity = _fidelity(job, workload, watch)
    sitting.cost = probe_row_cost(
        next(iter(job.runners.values())),
        workload.warmup[0],
        arms=len(job.recipes()),
        long_tokens=config.setting("latency.tokens", LONG_TOKENS),
    )
    _memory(sitting)
    shared = {
        arm: job.fresh(recipes)
        for arm, recipes in job.recipes().items()
        if recipes != TWIN and not needs_own_process(job.model, recipes)
    }
    _audit(sitting, shared)
    measure_latency(sitting, shared, until=UNTIL)
    time_natural_ends(sitting, shared)
    _throughput(sitting, shared)
    _energy(sitting, shared)
    return MeasuredEfficiency(fidelity=fidelity, workload=workload.fingerprint, notes=tuple(sitting.notes))


def _spent_before(job: EfficiencyJob) -> float:
    """Seconds of the budget that an interrupted run spent on this model."""
    arms = job.recipes()
    return max((record.at_s or 0.0 for record in job.done.values() if record.arm in arms), default=0.0)


def _fidelity(job: EfficiencyJob, workload: Workload, watch: Stopwatch) -> dict[str, Fidelity]:
    baseline = job.runners[job.model.arm_id(job.model.arms[0])]
    deadline_s = watch.spent_s() + _FIDELITY_SHARE * job.budget_s
    return check_fidelity(
        baseline,
        job.runners,
        claims_of(job.model),
        workload.items,
        out_of_time=lambda: watch.spent_s() > deadline_s,
    )


def _memory(sitting: Sitting) -> None:
    """Peaks of every arm but the twin, each in a process of its own, if processes are cheap enough."""
    job, watch = sitting.job, sitting.watch
    owed = [arm for arm, recipes in job.recipes().items() if recipes != TWIN and memory_key(arm) not in job.done]
    each_s = sitting.start_s + _MEMORY_REQUESTS * sitting.cost.short_s
    if not owed:
        return
    if not runs_here(job.model):
        sitting.leave_out("memory left out: it is the server's")
        return
    if len(owed) * each_s > _MEMORY_SHARE * job.budget_s:
        needed = format_duration(len(owed) * each_s / _MEMORY_SHARE)
        sitting.leave_out(f"memory left out: its processes would take too long; --budget {needed} allows it")
        return
    if not room_for_a_copy():
        sitting.leave_out("memory left out: there is no room for the model a second time")
        return
    requests = [item.with_length(_MEMORY_TOKENS) for item in sitting.workload.items[:_MEMORY_REQUESTS]]
    for count, arm in enumerate(owed, start=1):
        start_s = watch.spent_s()
        try:
            sitting.writer.append([measure_memory(arm, job.spec([arm]), requests, start_s)])
        except (EnvironmentError_, SampleError) as problem:
            sitting.leave_out(f"memory of {arm} not measured: {problem}")
            continue
        sitting.start_s = watch.spent_s() - start_s
        sitting.narrator.progress(f"memory {job.model.facts.name}", count, len(owed))


def _audit(sitting: Sitting, arms: Mapping[str, ArmRunner]) -> None:
    """Find out which arms remember images; none of theirs may then come twice."""
    job, workload = sitting.job, sitting.workload
    kept = [record for record in job.done.values() if record.pass_name == "audit"]
    if not kept:
        cost_s = len(workload.audit) * AUDIT_ROUNDS * sitting.cost.short_s
        if not workload.audit:
            sitting.leave_out("cache audit left out: there are too few images for it")
            return
        if cost_s > _AUDIT_SHARE * job.budget_s:
            sitting.leave_out("cache audit left out: the budget is too short; raise --budget")
            return
        for item in workload.warmup[:2]:
            _run_once(arms, item)
        kept = run_audit(job.model.facts.name, arms, workload.audit, sitting.watch)
        sitting.writer.append(kept)
    cached = [arm for arm in arms if (found := audit_result(kept, arm)) is not None and found.cached]
    for arm in cached:
        sitting.narrator.say(f"{arm} is faster on an image it has seen: no image is shown to an arm twice")
    sitting.distinct = bool(cached) and job.plan.config.regime == "cold-image"


def _run_once(arms: Mapping[str, ArmRunner], item: WorkItem) -> None:
    for runner in arms.values():
        try:
            runner.time(item.with_length(1), stages=False)
        except SampleError:
            continue


def time_natural_ends(sitting: Sitting, arms: Mapping[str, ArmRunner]) -> None:
    """Answers at their natural end, where their length and the images' novelty mean something."""
    job, watch, config = sitting.job, sitting.watch, sitting.job.plan.config
    if any(record.pass_name == "natural" and record.arm in arms for record in job.done.values()):
        return
    obstacle = _no_natural_end(sitting)
    if obstacle is not None:
        sitting.leave_out(f"natural end of answers not timed: {obstacle}")
        return
    # What is left is shared with throughput.
    until_s = watch.spent_s() + min(_NATURAL_SHARE * job.budget_s, watch.left_s() / 2)
    records = run_natural(arms, sitting.workload, watch, until_s=until_s, seed=config.setting("seed", 0))
    if sum(record.role == "measured" for record in records) < FEWEST_ROWS * len(arms):
        sitting.leave_out(f"natural end of answers: fewer than {FEWEST_ROWS} images in its time; raise --budget")
    sitting.writer.append(records)


def _no_natural_end(sitting: Sitting) -> str | None:
    job = sitting.job
    if not job.model.measures_accuracy:
        return "random weights do not know when to stop"
    if not runs_here(job.model):
        return "a server's answers of the accuracy pass are timed one by one"
    if sitting.distinct or job.plan.config.regime != "cold-image":
        return "the images have been seen, and caches are in play"
    return None


def _throughput(sitting: Sitting, arms: Mapping[str, ArmRunner]) -> None:
    """The sweep of batch sizes, with whatever the budget has left."""
    job, watch = sitting.job, sitting.watch
    if any(record.pass_name == "throughput" and record.arm in arms for record in job.done.values()):
        return
    if watch.left_s() < _FEWEST_FOR_A_SWEEP * sitting.cost.short_s:
        sitting.leave_out("throughput left out: the budget is spent; raise --budget")
        return
    sitting.narrator.say(f"throughput {job.model.facts.name}: at most {format_duration(max(watch.left_s(), 1.0))}")
    records = run_throughput(arms, sitting.workload.items, watch, until_s=job.budget_s, clock_s=job.clock_s)
    sitting.writer.append(records)


def _energy(sitting: Sitting, arms: Mapping[str, ArmRunner]) -> None:
    """Energy of a long answer, where there is a counter and time for windows of five seconds."""
    job, watch = sitting.job, sitting.watch
    counter = energy_counter(job.model.facts.device)
    if counter is None or any(r.pass_name == "energy" and r.arm in arms for r in job.done.values()):
        return
    if not job.model.measures_accuracy:
        sitting.leave_out("energy not measured: random weights give no answers")
        return
    if watch.left_s() < 1.2 * WINDOW_S * (len(arms) + 1):
        sitting.leave_out("energy left out: the budget is spent; raise --budget")
        return
    tokens = job.plan.config.setting("latency.tokens", LONG_TOKENS)
    sitting.writer.append(run_energy(arms, sitting.workload.items, counter, watch, tokens=tokens))
