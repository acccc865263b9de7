"""From a run's records to its results: a pure function of what is on disk and of the data it was made from."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from argus_eval.backends.protocol import LoadedFacts
from argus_eval.core.record import Record
from argus_eval.core.results import (
    ArmResult,
    Comparison,
    DataResolution,
    Fidelity,
    LossClass,
    Results,
    SpeedUp,
    TaskComparison,
    TaskResult,
    Verdict,
)
from argus_eval.engine.accuracy import SeenData
from argus_eval.engine.accuracy_comparison import PairedTask, equal_outputs, pair_task, task_comparison
from argus_eval.engine.accuracy_summary import TaskAnswers, collect_answers, task_result, without_answers
from argus_eval.engine.asking import prompt_style
from argus_eval.engine.flips import check_flips
from argus_eval.engine.output_lengths import length_guard
from argus_eval.engine.plan import ModelPlan, RunPlan, TaskPlan
from argus_eval.engine.protocol_summary import ProtocolTable, complete_efficiency
from argus_eval.engine.speed_comparison import AccuracySeen, compare_speed, inputs_equal
from argus_eval.engine.speed_summary import SpeedTable, efficiency
from argus_eval.measure.contention import CoreUse
from argus_eval.recipes.compose import ArmPlan, loss_class
from argus_eval.stats.policy import TaskScores, default_policy
from argus_eval.stats.verdict import Verdict as Decision
from argus_eval.stats.verdict import worst

__all__ = ["MeasuredFacts", "notes_of_arm", "summarize"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredFacts:
    """What became known while a run was made, per model, and per task.

    Attributes:
        loaded: model → facts of the loaded backend.
        data: task display name → what its data turned out to be.
        fidelity: arm id → what was checked of its claim.
        workloads: model → fingerprint of the images speed was measured on.
        notes: model → what of its speed was left out, and why.
        cores: model → who used the cores just before its speed was measured.
    """

    loaded: Mapping[str, LoadedFacts]
    data: Mapping[str, SeenData]
    fidelity: Mapping[str, Fidelity]
    workloads: Mapping[str, str]
    notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cores: Mapping[str, CoreUse] = field(default_factory=dict)


def summarize(
    plan: RunPlan,
    records: Iterable[Record],
    facts: MeasuredFacts,
    *,
    run_id: str,
    command: str,
    environment: Mapping[str, object],
    complete: bool,
) -> Results:
    """Every number of results.json.

    Args:
        plan: what was to be done.
        records: every record that counts, in any order.
        facts: what the records do not hold.
        run_id: name of the run.
        command: the command line that made it.
        environment: of the machine.
        complete: everything planned was measured.
    """
    accuracy: dict[str, list[Record]] = defaultdict(list)
    timed: list[Record] = []
    floor: list[Record] = []
    for record in records:
        if record.pass_name == "accuracy":
            accuracy[record.task].append(record)
        else:
            (floor if record.pass_name == "floor" else timed).append(record)
    dialects = tuple(dict.fromkeys(model.facts.dialect for model in plan.models if model.facts.dialect))
    answers = {task.display: collect_answers(task, accuracy[task.display], dialects) for task in plan.tasks}
    table = SpeedTable.of(timed)
    protocol = {model.facts.name: _protocol(model, timed) for model in plan.models}
    arms: list[ArmResult] = []
    comparisons: list[Comparison] = []
    accuracies = {model.facts.name: _compare_arms(plan, model, answers, facts) for model in plan.models}
    # Of all models at once: whatever a run compares is one family of claims.
    speed = compare_speed(
        {model.facts.name: (model, _seen(accuracies[model.facts.name])) for model in plan.models},
        table,
        facts.fidelity,
        quick=plan.config.quick,
    )
    for model in plan.models:
        name = model.facts.name
        arms.extend(_arms(plan, model, answers, (table, protocol[name]), facts))
        comparisons.extend(_comparisons(plan, model, answers, (accuracies[name], speed[name]), floor, facts))
    return Results(
        run_id=run_id,
        complete=complete,
        command=command,
        environment=environment,
        arms=tuple(arms),
        comparisons=tuple(comparisons),
        banners=plan.banners,
        quick=plan.config.quick,
    )


def _protocol(model: ModelPlan, timed: Iterable[Record]) -> ProtocolTable:
    arms = [model.arm_id(arm) for arm in model.arms]
    return ProtocolTable.of(timed, arms, arms[0], model.twin_id)


def _arms(
    plan: RunPlan,
    model: ModelPlan,
    answers: Mapping[str, TaskAnswers],
    speed: tuple[SpeedTable, ProtocolTable],
    facts: MeasuredFacts,
) -> list[ArmResult]:
    table, _ = speed
    found = []
    for arm in model.arms:
        role: Literal["baseline", "variant"] = "baseline" if arm.is_baseline else "variant"
        arm_id = model.arm_id(arm)
        tasks = tuple(_task(plan, model, task, answers[task.display], arm_id, facts) for task in plan.tasks)
        found.append(_arm(model, arm_id, role, arm.recipes, tasks, speed, facts))
    if any(table.of_arm(section, model.twin_id) for section in table.sections()):
        found.append(_arm(model, model.twin_id, "aa", (), (), speed, facts))
    return found


def _arm(
    model: ModelPlan,
    arm_id: str,
    role: Literal["baseline", "variant", "aa"],
    recipes: tuple[str, ...],
    tasks: tuple[TaskResult, ...],
    speed: tuple[SpeedTable, ProtocolTable],
    facts: MeasuredFacts,
) -> ArmResult:
    table, protocol = speed
    loaded = facts.loaded.get(model.facts.name)
    fingerprint = facts.workloads.get(model.facts.name, "")
    notes = facts.notes.get(model.facts.name, ())
    sections = [name for name in table.sections() if name != "host" and table.of_arm(name, arm_id)]
    return ArmResult(
        id=arm_id,
        role=role,
        model=model.facts.name,
        parameters=loaded.parameters if loaded else model.facts.parameters,
        weights=model.facts.weights,
        recipes=recipes,
        backend=model.facts.backend,
        tasks=tasks,
        efficiency=tuple(
            complete_efficiency(
                efficiency(table, arm_id, section, fingerprint), protocol, protocol.facts(section), arm_id, notes
            )
            for section in sections
        ),
        label=model.facts.label,
        device=loaded.device if loaded else model.facts.device,
        dtype=loaded.dtype if loaded else "",
        image_processor=loaded.image_processor if loaded else "",
        notes=notes_of_arm(loaded.notes, model, recipes) if loaded else (),
    )


def notes_of_arm(notes: tuple[str, ...], model: ModelPlan, recipes: tuple[str, ...]) -> tuple[str, ...]:
    """What a loaded model has to say, without what begins with the recipes of another arm and is for that arm."""
    others = tuple(f"{'+'.join(arm.recipes)}: " for arm in model.arms if arm.recipes and arm.recipes != recipes)
    return tuple(note for note in notes if not note.startswith(others))


def _task(
    plan: RunPlan, model: ModelPlan, task: TaskPlan, answers: TaskAnswers, arm_id: str, facts: MeasuredFacts
) -> TaskResult:
    seen = facts.data.get(task.display, SeenData(fingerprint="", n=0))
    data = DataResolution(
        requested=task.data.requested,
        resolved=task.data.resolved,
        fingerprint=seen.fingerprint,
        n=seen.n,
        source=task.data.source,
        excluded=dict(Counter(seen.bad_rows.values())),
    )
    obstacle = task.obstacle(model.facts)
    if obstacle is not None:
        return without_answers(task, data, "unsupported", obstacle)
    if not model.measures_accuracy:
        return without_answers(task, data, "not_measured", "random weights")
    if not plan.config.accuracy:
        return without_answers(task, data, "not_measured", "--efficiency-only")
    if not answers.records.get(arm_id):
        return without_answers(task, data, "not_measured", "the accuracy pass has not run")
    prompt = task.task.prompt_fingerprint(prompt_style(model.facts))
    seed = plan.config.setting("seed", 0)
    return task_result(answers, arm_id, data, prompt, seed, model.facts.dialect)


@dataclass(frozen=True, slots=True, kw_only=True)
class _ArmAccuracy:
    """One arm's accuracy against the baseline's: each task, and the default policy over them (MEASUREMENT §19).

    ``pairs``: what the verdict rests on; ``None`` where nothing was paired.
    """

    tasks: tuple[TaskComparison, ...]
    verdict: Decision
    reason: str
    pairs: int | None = None


def _compare_arms(
    plan: RunPlan, model: ModelPlan, answers: Mapping[str, TaskAnswers], facts: MeasuredFacts
) -> dict[str, _ArmAccuracy]:
    return {
        arm.name: _compare_accuracy(plan, model, arm, answers, facts) for arm in model.arms if not arm.is_baseline
    }


def _seen(accuracy: Mapping[str, _ArmAccuracy]) -> dict[str, AccuracySeen]:
    return {name: AccuracySeen(verdict=found.verdict, pairs=found.pairs) for name, found in accuracy.items()}


def _comparisons(
    plan: RunPlan,
    model: ModelPlan,
    answers: Mapping[str, TaskAnswers],
    found: tuple[Mapping[str, _ArmAccuracy], Mapping[str, Mapping[str, SpeedUp]]],
    floor: list[Record],
    facts: MeasuredFacts,
) -> list[Comparison]:
    accuracy, speed = found
    baseline = model.arm_id(model.arms[0])
    return [
        Comparison(
            baseline=baseline,
            arm=model.arm_id(arm),
            speedup=speed[arm.name],
            tasks=accuracy[arm.name].tasks,
            fidelity=_fidelity(
                facts.fidelity.get(model.arm_id(arm)), answers.values(), baseline, model.arm_id(arm)
            ),
            verdict=Verdict(accuracy[arm.name].verdict.published),
            sentence=accuracy[arm.name].reason,
            length_guard=length_guard(answers.values(), baseline, model.arm_id(arm)),
            flips=check_flips(model, arm, answers, floor, plan.config.batch_size),
        )
        for arm in model.arms
        if not arm.is_baseline
    ]


def _fidelity(found: Fidelity | None, answers: Iterable[TaskAnswers], baseline: str, arm: str) -> Fidelity | None:
    """Add the share of identical outputs, which only the accuracy pass knows."""
    counts = [equal_outputs(task, baseline, arm) for task in answers]
    total = sum(n for _, n in counts)
    if found is None or not total:
        return found
    return replace(found, tokens_equal_share=sum(equal for equal, _ in counts) / total)


def _compare_accuracy(
    plan: RunPlan,
    model: ModelPlan,
    arm: ArmPlan,
    answers: Mapping[str, TaskAnswers],
    facts: MeasuredFacts,
) -> _ArmAccuracy:
    baseline_id, arm_id = model.arm_id(model.arms[0]), model.arm_id(arm)
    if not model.measures_accuracy or not plan.config.accuracy:
        reason = "random weights" if not model.measures_accuracy else "--efficiency-only"
        return _ArmAccuracy(tasks=(), verdict=Decision.NOT_MEASURED, reason=f"accuracy not measured ({reason})")
    exact = loss_class(arm.recipes) is LossClass.L0 and inputs_equal(facts.fidelity.get(arm_id))
    seed = plan.config.setting("seed", 0)
    paired = [
        pair_task(answers[task.display], baseline_id, arm_id, seed, exact=exact)
        for task in plan.tasks
        if task.supported_by(model.facts)
    ]
    outcome = default_policy([_task_scores(task, exact) for task in paired if task.corpus is None])
    guards = dict(outcome.guards)
    compared = tuple(task_comparison(task, guards.get(task.task)) for task in paired)
    corpus = [task.corpus for task in paired if task.corpus is not None]
    failed = [task for task in corpus if task.verdict is Verdict.FAIL]
    verdict, reason = outcome.verdict, outcome.reason
    if failed and verdict is not Decision.INVALID:
        verdict, reason = Decision.FAIL, f"guard failed: {failed[0].task}: {failed[0].reason}"
    elif corpus and len(corpus) == len(paired):
        # Nothing can be pooled: the weakest task speaks for the arm.
        verdict = worst(Decision(task.verdict.value) for task in corpus)
        reason = "; ".join(f"{task.task}: {task.reason}" for task in corpus)
    pairs = sum(task.n for task in compared) or None
    return _ArmAccuracy(tasks=compared, verdict=verdict, reason=reason, pairs=pairs)


def _task_scores(task: PairedTask, exact: bool) -> TaskScores:
    return TaskScores(task=task.task, scores=task.scores, invalid=task.invalid, identical=exact and task.identical)
