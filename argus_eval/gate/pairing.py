"""Which arms are compared with which, and what their joined answers are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from argus_eval.core.results import Comparison, LossClass
from argus_eval.engine.speed_comparison import inputs_equal
from argus_eval.errors import UsageError
from argus_eval.gate.answers import ArmAnswers
from argus_eval.gate.join import JoinedTask, join_task
from argus_eval.gate.read_run import GateRun, find_arm

__all__ = ["Pair", "pairs_across", "pairs_within"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pair:
    """A baseline and an arm, joined task by task.

    Attributes:
        baseline, arm: the two arms.
        run: the arm's run.
        tasks: display name → both sides joined, where both have the task.
        one_sided: display name → which side lacks the task.
        unsupported: tasks that one of the models was not made for; they stay out of everything.
        comparison: what the run itself says of the two, where they are arms of one run.
    """

    baseline: ArmAnswers
    arm: ArmAnswers
    run: GateRun
    tasks: Mapping[str, JoinedTask]
    one_sided: Mapping[str, str]
    unsupported: tuple[str, ...]
    comparison: Comparison | None

    @property
    def exact(self) -> bool:
        """The arm is L0 and its inputs were verified by hash to be the baseline's."""
        fidelity = self.comparison.fidelity if self.comparison is not None else None
        return fidelity is not None and fidelity.loss_class is LossClass.L0 and inputs_equal(fidelity)

    @property
    def broken(self) -> str | None:
        """How a claim of exactness failed, if it did."""
        fidelity = self.comparison.fidelity if self.comparison is not None else None
        return fidelity.broken if fidelity is not None else None

    @property
    def within_run(self) -> bool:
        """Both arms belong to one run: only then may times be compared."""
        return self.baseline.role != "stored" and any(arm is self.baseline for arm in self.run.arms)

    def available(self, task: str) -> int | None:
        """Samples the whole benchmark has; ``None`` where only a part was taken."""
        return None if self.run.limited else self.tasks[task].arm.planned


def pairs_within(run: GateRun, baseline: str | None = None, arm: str | None = None) -> tuple[Pair, ...]:
    """Every variant of a run against the baseline of its model, or one chosen arm against another.

    Raises:
        UsageError: there is nothing to compare.
    """
    arms = [find_arm(run.arms, arm, "--arm")] if arm else [a for a in run.arms if a.role == "variant"]
    if baseline is not None:
        reference = find_arm(run.arms, baseline, "--baseline")
        arms = arms if arm else [a for a in run.arms if a is not reference]
        found = [(reference, other) for other in arms]
    else:
        found = [(_baseline_of(run.arms, other, run.run_id), other) for other in arms]
    if not found:
        raise UsageError(
            f"{run.run_id}: the run has one arm; name a second run or a stored baseline to compare it with"
        )
    if any(reference is other for reference, other in found):
        raise UsageError(f"{run.run_id}: {found[0][1].arm} cannot be compared with itself")
    return tuple(_pair(reference, other, run) for reference, other in found)


def pairs_across(
    references: Sequence[ArmAnswers], run: GateRun, baseline: str | None = None, arm: str | None = None
) -> tuple[Pair, ...]:
    """Every arm of ``run``, or the chosen one, against one arm from elsewhere.

    Args:
        references: arms of another run, or of a stored baseline.
        run: whose arms are judged.
        baseline: which of the references; the baseline of the arm's model where ``None``.
        arm: which arm of the run; every one where ``None``.
    """
    arms = [find_arm(run.arms, arm, "--arm")] if arm else list(run.arms)
    chosen = find_arm(references, baseline, "the baseline's arm") if baseline else None
    return tuple(_pair(chosen or _baseline_of(references, other, "the baseline"), other, run) for other in arms)


def _baseline_of(arms: Sequence[ArmAnswers], arm: ArmAnswers, where: str) -> ArmAnswers:
    candidates = [other for other in arms if other.role in ("baseline", "stored")]
    same_model = [other for other in candidates if other.model == arm.model]
    found = same_model or candidates or list(arms)
    if len(found) != 1:
        names = ", ".join(other.arm for other in arms)
        raise UsageError(f"{where}: which arm is the baseline of {arm.arm}? choose one of {names}")
    return found[0]


def _pair(baseline: ArmAnswers, arm: ArmAnswers, run: GateRun) -> Pair:
    # In the order of the arm, so that a stored baseline gives the digits that its run gives.
    names = list(dict.fromkeys((*arm.tasks, *baseline.tasks)))
    sides = {name: (baseline.tasks.get(name), arm.tasks.get(name)) for name in names}
    unsupported = [
        name for name, both in sides.items() if any(side is not None and not side.supported for side in both)
    ]
    tasks, one_sided = {}, {}
    for name, (before, after) in sides.items():
        if name in unsupported:
            continue
        if before is None or after is None:
            missing, there = (baseline, arm) if before is None else (arm, baseline)
            one_sided[name] = f"{there.source} has the task, {missing.source} has not"
        else:
            tasks[name] = join_task(before, after)
    return Pair(
        baseline=baseline,
        arm=arm,
        run=run,
        tasks=tasks,
        one_sided=one_sided,
        unsupported=tuple(unsupported),
        comparison=run.comparison(baseline.arm, arm.arm) if baseline.source == arm.source else None,
    )
