"""Everything that is measured of one model's speed, within one budget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from argus_eval.backends.protocol import ArmRunner
from argus_eval.core.record import Record
from argus_eval.core.response import Response
from argus_eval.core.results import Fidelity
from argus_eval.core.timing import Timing
from argus_eval.engine.budget import AIM_REPLICATES, Stopwatch
from argus_eval.engine.fidelity import check_fidelity, claims_of
from argus_eval.engine.narrator import Narrator
from argus_eval.engine.plan import ModelPlan, RunPlan
from argus_eval.engine.timed_pass import Measure, TimedPass, run_timed_pass
from argus_eval.engine.workload import WorkItem, Workload, make_workload
from argus_eval.errors import SampleError
from argus_eval.store import RunWriter

__all__ = ["EfficiencyJob", "MeasuredEfficiency", "measure_efficiency"]

# Ends of the passes as shares of the budget: host work, short answers (TTFT), long answers (time per token).
_HOST_ENDS, _SHORT_ENDS, _LONG_ENDS = 0.25, 0.7, 1.0
# Checking claims stops after this share of the budget; how many images it covered is in the results.
_FIDELITY_SHARE = 0.1
_HOST_REPLICATES = 6
_WORKLOAD_IMAGES, _HOST_IMAGES, _LONG_TOKENS = 96, 66, 64


@dataclass(frozen=True, slots=True, kw_only=True)
class EfficiencyJob:
    """One model's share of the efficiency measurement.

    Attributes:
        plan: the whole run. model: the model.
        runners: arm id → runner, the baseline first.
        twin: builds the A/A arm from scratch.
        done: records that an interrupted run left.
        budget_s: wall time for everything here.
        clock_s: seconds of a monotonic clock.
    """

    plan: RunPlan
    model: ModelPlan
    runners: Mapping[str, ArmRunner]
    twin: Callable[[], ArmRunner]
    done: Mapping[str, Record]
    budget_s: float
    clock_s: Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredEfficiency:
    """What is not in the records: fidelity by arm id, and the fingerprint of the workload."""

    fidelity: Mapping[str, Fidelity]
    workload: str


def measure_efficiency(job: EfficiencyJob, writer: RunWriter, narrator: Narrator) -> MeasuredEfficiency:
    """Fidelity, host work, TTFT, time per token, in this order and within the budget."""
    config = job.plan.config
    seed = config.setting("seed", 0)
    images = config.setting("workload.images", _WORKLOAD_IMAGES)
    workload = make_workload(job.plan.tasks, job.model.facts, images=images, seed=seed)
    arms = {**dict(list(job.runners.items())[:1]), job.model.twin_id: job.twin(), **job.runners}
    watch = Stopwatch(budget_s=job.budget_s, clock_s=job.clock_s, spent_before_s=_spent_before(job))
    watch.start()
    fidelity = _fidelity(job, workload, watch)
    host_images = config.setting("host.images", _HOST_IMAGES)
    long_tokens = config.setting("latency.tokens", _LONG_TOKENS)
    for timed in (
        _timed(job, arms, _host(arms), "host", 0, share=_HOST_ENDS, rows=-(-host_images // _HOST_REPLICATES)),
        _timed(job, arms, _latency(arms, 1), "latency", 1, share=_SHORT_ENDS),
        _timed(job, arms, _latency(arms, long_tokens), "latency", long_tokens, share=_LONG_ENDS),
    ):
        if timed.tokens > 1 and not _worth_starting(watch, job):
            narrator.say(f"latency, {timed.tokens} tokens: left out, the budget is spent; raise --budget")
            continue
        run_timed_pass(timed, workload, writer, watch, narrator)
    return MeasuredEfficiency(fidelity=fidelity, workload=workload.fingerprint)


def _worth_starting(watch: Stopwatch, job: EfficiencyJob) -> bool:
    """A long answer takes longer than a short one: without time for a few short rows it cannot fit."""
    return watch.left_s() > 0.15 * job.budget_s


def _spent_before(job: EfficiencyJob) -> float:
    """Seconds an interrupted run spent on this model, from its records."""
    spent_ns = 0
    for record in job.done.values():
        if record.arm in job.runners or record.arm == job.model.twin_id:
            times = record.times_ns
            if record.pass_name != "accuracy":
                spent_ns += times.e2e or times.to_model_ready or 0
    return spent_ns / 1e9


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


def _timed(
    job: EfficiencyJob,
    arms: Mapping[str, ArmRunner],
    measure: Measure,
    name: Literal["latency", "host"],
    tokens: int,
    *,
    share: float,
    rows: int = 11,
) -> TimedPass:
    host = name == "host"
    return TimedPass(
        name=name,
        model=job.model.facts.name,
        regime="host" if host else "cold-image",
        arms=tuple(arms),
        measure=measure,
        quantity="to_model_ready" if host else "ttft",
        share=share,
        most_rows=rows,
        aim=_HOST_REPLICATES if host else AIM_REPLICATES,
        in_any_case=tokens <= 1,
        done=job.done,
        tokens=tokens,
        seed=job.plan.config.setting("seed", 0),
    )


def _host(arms: Mapping[str, ArmRunner]) -> Measure:
    def measure(arm: str, item: WorkItem) -> tuple[Timing, Response | None]:
        return arms[arm].host(item.with_length(1)), None

    return measure


def _latency(arms: Mapping[str, ArmRunner], tokens: int) -> Measure:
    def measure(arm: str, item: WorkItem) -> tuple[Timing, Response | None]:
        # Hashed after the clock has stopped: every measured request can be compared with the baseline's.
        response = arms[arm].time(item.with_length(tokens), hashes=True)
        if response.timing is None or response.timing.ttft_ns is None:
            raise SampleError("the backend gave no time to first token")
        return response.timing, response

    return measure
