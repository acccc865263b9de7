"""From a run's records to its results: a pure function of what is on disk and of the data it was made from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
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
    TwinResult,
    Verdict,
)
from argus_eval.engine.accuracy_summary import (
    PairedTask,
    TaskAnswers,
    collect_answers,
    equal_outputs,
    pair_task,
    task_comparison,
    task_result,
    without_answers,
)
from argus_eval.engine.asking import prompt_style
from argus_eval.engine.plan import ModelPlan, RunPlan, TaskPlan
from argus_eval.engine.speed_summary import SpeedTable, efficiency, paired_speedup, paired_times, saving
from argus_eval.recipes.compose import ArmPlan, loss_class
from argus_eval.stats.claims import Claim, Contrast, judge_all
from argus_eval.stats.latency import Speedup
from argus_eval.stats.policy import TaskScores, default_policy
from argus_eval.stats.verdict import AccuracyStatus, worst
from argus_eval.stats.verdict import Verdict as Decision

__all__ = ["MeasuredFacts", "summarize"]

#: (name in results, section prefix, quantity, word in sentences)
_CONTRASTS = (
    ("host", "host", "to_model_ready", "host work"),
    ("to_uint8_tiles", "host", "to_uint8_tiles", "bytes to tiles"),
    ("ttft", "short", "ttft", "TTFT"),
    ("e2e", "long", "e2e", "end-to-end"),
    ("tpot", "long", "tpot", "time per output token"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredFacts:
    """What became known while a run was made, per model, and per task.

    Attributes:
        loaded: model → facts of the loaded backend.
        data: task display name → fingerprint and number of samples.
        fidelity: arm id → what was checked of its claim.
        workloads: model → fingerprint of the images speed was measured on.
    """

    loaded: Mapping[str, LoadedFacts]
    data: Mapping[str, tuple[str, int]]
    fidelity: Mapping[str, Fidelity]
    workloads: Mapping[str, str]


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
    for record in records:
        (accuracy[record.task] if record.pass_name == "accuracy" else timed).append(record)
    answers = {task.display: collect_answers(task, accuracy[task.display]) for task in plan.tasks}
    table = SpeedTable.of(timed)
    arms: list[ArmResult] = []
    comparisons: list[Comparison] = []
    for model in plan.models:
        arms.extend(_arms(plan, model, answers, table, facts))
        comparisons.extend(_comparisons(plan, model, answers, table, facts))
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


def _arms(
    plan: RunPlan,
    model: ModelPlan,
    answers: Mapping[str, TaskAnswers],
    table: SpeedTable,
    facts: MeasuredFacts,
) -> list[ArmResult]:
    found = []
    for arm in model.arms:
        role: Literal["baseline", "variant"] = "baseline" if arm.is_baseline else "variant"
        arm_id = model.arm_id(arm)
        tasks = tuple(_task(plan, model, task, answers[task.display], arm_id, facts) for task in plan.tasks)
        found.append(_arm(model, arm_id, role, arm.recipes, tasks, table, facts))
    if any(table.of_arm(section, model.twin_id) for section in table.sections()):
        found.append(_arm(model, model.twin_id, "aa", (), (), table, facts))
    return found


def _arm(
    model: ModelPlan,
    arm_id: str,
    role: Literal["baseline", "variant", "aa"],
    recipes: tuple[str, ...],
    tasks: tuple[TaskResult, ...],
    table: SpeedTable,
    facts: MeasuredFacts,
) -> ArmResult:
    loaded = facts.loaded.get(model.facts.name)
    fingerprint = facts.workloads.get(model.facts.name, "")
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
        efficiency=tuple(efficiency(table, arm_id, section, fingerprint) for section in sections),
        label=model.facts.label,
        device=loaded.device if loaded else model.facts.device,
        dtype=loaded.dtype if loaded else "",
        image_processor=loaded.image_processor if loaded else "",
        notes=loaded.notes if loaded else (),
    )


def _task(
    plan: RunPlan, model: ModelPlan, task: TaskPlan, answers: TaskAnswers, arm_id: str, facts: MeasuredFacts
) -> TaskResult:
    fingerprint, n = facts.data.get(task.display, ("", 0))
    data = DataResolution(
        requested=task.data.requested,
        resolved=task.data.resolved,
        fingerprint=fingerprint,
        n=n,
        source=task.data.source,
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
    return task_result(answers, arm_id, data, prompt, plan.config.setting("seed", 0))


def _comparisons(
    plan: RunPlan,
    model: ModelPlan,
    answers: Mapping[str, TaskAnswers],
    table: SpeedTable,
    facts: MeasuredFacts,
) -> list[Comparison]:
    variants = [arm for arm in model.arms if not arm.is_baseline]
    accuracy = {arm.name: _compare_accuracy(plan, model, arm, answers, facts) for arm in variants}
    verdicts = {name: found[1] for name, found in accuracy.items()}
    speed = _compare_speed(model, variants, table, facts, verdicts)
    if plan.config.quick:
        speed = {name: _without_claims(found) for name, found in speed.items()}
    return [
        Comparison(
            baseline=model.arm_id(model.arms[0]),
            arm=model.arm_id(arm),
            speedup=speed[arm.name],
            tasks=accuracy[arm.name][0],
            fidelity=_fidelity(
                facts.fidelity.get(model.arm_id(arm)),
                answers.values(),
                model.arm_id(model.arms[0]),
                model.arm_id(arm),
            ),
            verdict=Verdict(accuracy[arm.name][1].published),
            sentence=accuracy[arm.name][2],
        )
        for arm in variants
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
) -> tuple[tuple[TaskComparison, ...], Decision, str]:
    """Each task's paired difference, and the verdict of the default policy over them (MEASUREMENT §19)."""
    baseline_id, arm_id = model.arm_id(model.arms[0]), model.arm_id(arm)
    if not model.measures_accuracy or not plan.config.accuracy:
        reason = "random weights" if not model.measures_accuracy else "--efficiency-only"
        return (), Decision.NOT_MEASURED, f"accuracy not measured ({reason})"
    exact = loss_class(arm.recipes) is LossClass.L0 and _inputs_equal(facts.fidelity.get(arm_id))
    seed = plan.config.setting("seed", 0)
    paired = [
        pair_task(answers[task.display], baseline_id, arm_id, seed)
        for task in plan.tasks
        if task.supported_by(model.facts)
    ]
    outcome = default_policy([_task_scores(task, exact) for task in paired if task.corpus is None])
    guards = dict(outcome.guards)
    compared = tuple(task_comparison(task, guards.get(task.task)) for task in paired)
    corpus = [task.corpus for task in paired if task.corpus is not None]
    failed = [task for task in corpus if task.verdict is Verdict.FAIL]
    if failed and outcome.verdict is not Decision.INVALID:
        return compared, Decision.FAIL, f"guard failed: {failed[0].task}: {failed[0].reason}"
    if corpus and len(corpus) == len(paired):
        # Nothing can be pooled: the weakest task speaks for the arm.
        weakest = worst(Decision(task.verdict.value) for task in corpus)
        return compared, weakest, "; ".join(f"{task.task}: {task.reason}" for task in corpus)
    return compared, outcome.verdict, outcome.reason


def _task_scores(task: PairedTask, exact: bool) -> TaskScores:
    return TaskScores(task=task.task, scores=task.scores, invalid=task.invalid, identical=exact and task.identical)


def _inputs_equal(found: Fidelity | None) -> bool:
    return bool(found and found.n and found.ids_equal and found.pixels_hash_equal and found.broken is None)


def _compare_speed(
    model: ModelPlan,
    variants: Sequence[ArmPlan],
    table: SpeedTable,
    facts: MeasuredFacts,
    verdicts: Mapping[str, Decision],
) -> dict[str, dict[str, SpeedUp]]:
    """Paired speed-ups of all variants, judged together."""
    arms = [model.arm_id(model.arms[0]), model.twin_id, *(model.arm_id(arm) for arm in variants)]
    sections = _sections(table)
    drafts: list[tuple[str, str, Contrast, SpeedUp]] = []
    for name, section, quantity, word in _CONTRASTS:
        times = paired_times(table, sections.get(section, ""), arms, quantity)
        if times is None:
            continue
        twin = paired_speedup(times, 1)
        for index, arm in enumerate(variants, start=2):
            found = paired_speedup(times, index)
            status = _accuracy_status(facts.fidelity.get(model.arm_id(arm)), verdicts[arm.name], arm)
            contrast = Contrast(metric=word, arm=arm.name, speedup=found, twin=twin, accuracy=status)
            saved = saving(times[0], times[index])
            draft = _draft(found, saved.mean_s, saved.ci_s)
            drafts.append((arm.name, name, contrast, draft))
    claims = judge_all([contrast for _, _, contrast, _ in drafts])
    result: dict[str, dict[str, SpeedUp]] = {arm.name: {} for arm in variants}
    for (arm_name, name, _, draft), claim in zip(drafts, claims, strict=True):
        result[arm_name][name] = _judged(draft, claim)
    return result


def _sections(table: SpeedTable) -> dict[str, str]:
    """Which latency section is the short one (TTFT) and which the long one (time per token)."""
    lengths = sorted(
        (int(name.partition("/")[2]), name) for name in table.sections() if name != "host" and "/" in name
    )
    found = {"host": "host"}
    if lengths:
        found["short"] = lengths[0][1]
    if len(lengths) > 1:
        found["long"] = lengths[-1][1]
    return found


def _accuracy_status(found: Fidelity | None, verdict: Decision, arm: ArmPlan) -> AccuracyStatus:
    """What stands behind an arm's accuracy when its speed is judged.

    Inputs that are bit-equal on every image prove more than any sample of answers could, whatever class the
    recipes claim; without them an L0 arm is broken and the others need the verdict.
    """
    if verdict in (Decision.FAIL, Decision.INVALID):
        return AccuracyStatus.of(verdict)
    if _inputs_equal(found):
        return AccuracyStatus.HASH_EQUAL
    if loss_class(arm.recipes) is LossClass.L0:
        return AccuracyStatus.HASH_DIFFERS
    return AccuracyStatus.of(verdict)


def _draft(found: Speedup, saved_s: float, saved_ci_s: tuple[float, float] | None) -> SpeedUp:
    return SpeedUp(
        median=found.median,
        geomean=found.geomean,
        p90=found.p90,
        ci=(found.interval.low, found.interval.high) if found.interval else None,
        slower_share=found.slower_share,
        aa=TwinResult(ratio=None, ci=None),
        claim=False,
        sentence="",
        saved_s=saved_s,
        saved_ci_s=saved_ci_s,
    )


def _judged(draft: SpeedUp, claim: Claim) -> SpeedUp:
    twin = TwinResult(ratio=None, ci=None)
    if claim.aa is not None:
        twin = TwinResult(ratio=claim.aa.ratio, ci=(claim.aa.interval.low, claim.aa.interval.high))
    sentence = claim.sentence if claim.claim else f"{claim.sentence} ({claim.reason})"
    return replace(draft, aa=twin, claim=claim.claim, sentence=sentence)


def _without_claims(found: Mapping[str, SpeedUp]) -> dict[str, SpeedUp]:
    """A quick run is a smoke test: its numbers are shown, nothing is claimed."""
    return {
        name: replace(value, claim=False, sentence="quick run: nothing is claimed")
        for name, value in found.items()
    }
