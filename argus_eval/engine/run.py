"""One run from plan to results: what the command line and the Python API both call."""

from __future__ import annotations

import contextlib
import pathlib
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import argus_eval
from argus_eval.backends.protocol import ArmRunner, Backend, LoadedFacts
from argus_eval.backends.resolve import load_backend
from argus_eval.config import RunConfig
from argus_eval.core.codec import to_json
from argus_eval.core.record import Record
from argus_eval.core.results import Fidelity, Results
from argus_eval.engine.accuracy import AccuracyPass, SeenData, run_accuracy, survey
from argus_eval.engine.efficiency import EfficiencyJob, measure_efficiency
from argus_eval.engine.estimate import describe
from argus_eval.engine.flip_floor import AccuracyPace, FloorJob, FloorSubset, floor_obstacle, run_floor
from argus_eval.engine.narrator import Narrator
from argus_eval.engine.plan import ModelPlan, RunPlan, make_plan
from argus_eval.engine.recompute import what_was_measured
from argus_eval.engine.sitting import needs_own_process, runs_here, worker_spec
from argus_eval.engine.summarize import MeasuredFacts, summarize
from argus_eval.engine.worker_process import WorkerProcess
from argus_eval.measure.contention import CoreUse, CoreWatch, contention_note
from argus_eval.measure.environment import capture_environment
from argus_eval.store import RunDirectory, RunWriter

__all__ = ["Finished", "busy_machine", "execute"]

_LIBRARY = "transformers"
# Importing it with torch took 5 s on an idle two-core machine and 30 s on a busy one.
_IMPORTS_S = 8.0
MANIFEST_SCHEMA = "argus-eval/manifest/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A finished run. ``plan`` gives a report its samples; ``already`` says that nothing was measured now."""

    run: RunDirectory
    results: Results
    plan: RunPlan
    already: bool


def execute(config: RunConfig, narrator: Narrator, command: str = "") -> Finished:
    """Do what ``config`` asks for, or finish what an interrupted run of the same configuration began.

    Raises:
        UsageError: a name, path or combination is wrong.
        EnvironmentError_: data, a checkpoint or the disk is not there.
        IncompleteError: an unfinished run cannot be continued because its data changed.
    """
    plan = make_plan(config)
    for banner in plan.banners:
        narrator.warn(banner)
    run = _open(config, plan, command)
    if run.is_complete():
        narrator.say(f"run {run.run_id} is finished; --fresh starts another")
        return Finished(run=run, results=run.results(), plan=plan, already=True)
    for line in describe(plan):
        narrator.say(line)
    narrator.say(f"run: {run.path}")
    with RunWriter(run) as writer:
        facts = _measure(plan, run, writer, narrator)
    environment = {**capture_environment(), "before_timing": to_json(facts.cores)}
    run.write_manifest({**run.manifest(), **what_was_measured(facts, command, environment)})
    results = summarize(
        plan,
        run.records(),
        facts,
        run_id=run.run_id,
        command=command,
        environment=environment,
        complete=True,
    )
    run.write_results(results)
    return Finished(run=run, results=results, plan=plan, already=False)


def _open(config: RunConfig, plan: RunPlan, command: str) -> RunDirectory:
    """The folder of this configuration: the newest one there is, or a new one."""
    name = config.run_name()
    existing = [path for path in _versions(config.runs_dir, name) if (path / "manifest.json").is_file()]
    if existing and not config.fresh:
        return RunDirectory(existing[-1])
    path = next(path for path in _versions(config.runs_dir, name, past_the_end=True) if not path.exists())
    return RunWriter.create(path, _manifest(config, plan, path.name, command))


def _versions(folder: pathlib.Path, name: str, *, past_the_end: bool = False) -> list[pathlib.Path]:
    """``name``, ``name-2`` … as far as they exist, and one more if asked for."""
    found = [folder / name]
    while found[-1].exists():
        found.append(folder / f"{name}-{len(found) + 1}")
    return found if past_the_end else found[:-1]


def _manifest(config: RunConfig, plan: RunPlan, run_id: str, command: str) -> dict[str, object]:
    return {
        "schema": MANIFEST_SCHEMA,
        "run_id": run_id,
        "argus_eval": argus_eval.__version__,
        "command": command,
        "config": to_json(config.identity()),
        "arms": [
            {
                "id": model.arm_id(arm),
                "role": "baseline" if arm.is_baseline else "variant",
                "model": model.facts.name,
                "recipes": list(arm.recipes),
                "weights": model.facts.weights,
                "backend": model.facts.backend,
                "dialect": model.facts.dialect,
            }
            for model in plan.models
            for arm in model.arms
        ],
        "tasks": [
            {
                "task": task.display,
                "version": task.task.spec.version,
                "requested": task.data.requested,
                "resolved": task.data.resolved,
                "source": task.data.source,
            }
            for task in plan.tasks
        ],
        "environment": capture_environment(),
        "banners": list(plan.banners),
    }


def _measure(plan: RunPlan, run: RunDirectory, writer: RunWriter, narrator: Narrator) -> MeasuredFacts:
    """Every pass of every model, one model in memory at a time."""
    done = {record.key: record for record in run.records()}
    loaded: dict[str, LoadedFacts] = {}
    data: dict[str, SeenData] = {}
    fidelity: dict[str, Fidelity] = {}
    workloads: dict[str, str] = {}
    notes: dict[str, tuple[str, ...]] = {}
    cores: dict[str, CoreUse] = {}
    for model in plan.models:
        narrator.say(f"starting {model.facts.label}")
        imported, began_s = _LIBRARY in sys.modules, time.perf_counter()
        backend = load_backend(
            model.facts,
            weights=model.weights,
            dtype=plan.config.dtype,
            runs_dir=plan.config.runs_dir,
            seed=plan.config.setting("seed", 0),
            folder=run.path,
            timed=plan.config.efficiency,
        )
        start_s = process_start_s(time.perf_counter() - began_s, imported=imported)
        with contextlib.ExitStack() as processes:
            processes.callback(backend.close)
            loaded[model.facts.name] = backend.loaded
            runners = _runners(plan, model, backend, processes)
            data.update(_accuracy(plan, model, runners, done, writer, narrator))
            if plan.config.efficiency and model.facts.measures_speed:
                job = _efficiency_job(plan, model, backend, runners, done, start_s)
                cores[model.facts.name] = CoreWatch().use()
                busy = busy_machine(model, cores[model.facts.name])
                for line in busy:
                    narrator.warn(line)
                measured = measure_efficiency(job, writer, narrator)
                fidelity.update(measured.fidelity)
                workloads[model.facts.name] = measured.workload
                notes[model.facts.name] = (*busy, *measured.notes)
            # A server tells more while it is used.
            loaded[model.facts.name] = backend.loaded
    for task in plan.tasks:
        if task.display not in data:
            data[task.display] = survey(task)
    return MeasuredFacts(
        loaded=loaded, data=data, fidelity=fidelity, workloads=workloads, notes=notes, cores=cores
    )


def busy_machine(model: ModelPlan, use: CoreUse) -> tuple[str, ...]:
    """The note on a busy machine, where the model runs in our threads."""
    torch = sys.modules.get("torch")
    note = contention_note(use, torch.get_num_threads()) if torch is not None and runs_here(model) else None
    return () if note is None else (note,)


def process_start_s(load_s: float, *, imported: bool) -> float:
    """What a process of its own takes until the model is there.

    Args:
        load_s: what loading took here.
        imported: the libraries were there before, as in the second run of a notebook; a new process imports them.
    """
    return load_s + (_IMPORTS_S if imported else 0.0)


def _runners(
    plan: RunPlan, model: ModelPlan, backend: Backend, processes: contextlib.ExitStack
) -> dict[str, ArmRunner]:
    """Every arm, ready to answer; those that change their whole process live in one of their own."""
    found: dict[str, ArmRunner] = {}
    for arm in model.arms:
        arm_id = model.arm_id(arm)
        if needs_own_process(model, arm.recipes):
            spec = worker_spec(plan, model, {arm_id: arm.recipes})
            found[arm_id] = processes.enter_context(WorkerProcess(spec)).arms[arm_id]
        else:
            found[arm_id] = backend.runner(arm.recipes)
    return found


def _efficiency_job(
    plan: RunPlan,
    model: ModelPlan,
    backend: Backend,
    runners: Mapping[str, ArmRunner],
    done: Mapping[str, Record],
    start_s: float,
) -> EfficiencyJob:
    speed_models = sum(other.facts.measures_speed for other in plan.models)
    clock: Callable[[], float] = time.perf_counter
    return EfficiencyJob(
        plan=plan,
        model=model,
        runners=runners,
        fresh=backend.runner,
        twin=backend.twin,
        start_s=start_s,
        done=done,
        budget_s=plan.config.budget_s / speed_models,
        clock_s=clock,
    )


def _accuracy(
    plan: RunPlan,
    model: ModelPlan,
    runners: Mapping[str, ArmRunner],
    done: Mapping[str, Record],
    writer: RunWriter,
    narrator: Narrator,
) -> dict[str, SeenData]:
    """The accuracy pass of every task the model supports, and its flip floor; what the data turned out to be."""
    found: dict[str, SeenData] = {}
    if not plan.config.accuracy or not model.measures_accuracy:
        return found
    finished = {key: record.hashes.get("sample", "") for key, record in done.items()}
    wants_floor = floor_obstacle(model, plan.config.batch_size) is None
    subset = FloorSubset(seed=plan.config.setting("seed", 0)) if wants_floor else None
    began_s = time.perf_counter()
    for task in plan.tasks:
        if not task.supported_by(model.facts):
            narrator.warn(
                f"{task.display}: {model.facts.name} was not made for {task.task.spec.needs}: unsupported"
            )
            continue
        job = AccuracyPass(
            plan=task,
            model=model.facts,
            runners=runners,
            batch_size=plan.config.batch_size,
            done=finished,
            subset=subset,
        )
        seen = run_accuracy(job, writer, narrator)
        for key, reason in list(seen.bad_rows.items())[:5]:
            narrator.warn(f"{task.display}: row {key} left out: {reason}")
        if len(seen.bad_rows) > 5:
            narrator.warn(f"{task.display}: {len(seen.bad_rows)} rows left out in all")
        found[task.display] = seen
    if subset is not None:
        kept = sum(record.pass_name == "accuracy" and record.arm in runners for record in done.values())
        answers = sum(seen.n for seen in found.values()) * len(runners)
        pace = AccuracyPace(spent_s=time.perf_counter() - began_s, made=answers - kept, answers=answers)
        arm = model.arm_id(model.arms[0])
        floor = FloorJob(arm=arm, runner=runners[arm], samples=subset.chosen(), done=done, pace=pace)
        run_floor(floor, writer, narrator, time.perf_counter)
    return found
