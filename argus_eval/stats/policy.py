"""The default policy: one group that has to pass, and a guard on each of its tasks.

The mean over a group that was declared beforehand must PASS at one point; each task is a guard at three points
where only FAIL blocks, with Holm over the guards (MEASUREMENT §19). Order: INVALID > FAIL > INCONCLUSIVE > PASS.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from argus_eval.stats.multiple import holm
from argus_eval.stats.pairs import PairedScores, pool
from argus_eval.stats.preservation import ALPHA, Margin, Preservation, preservation
from argus_eval.stats.verdict import Verdict, worst

__all__ = ["GROUP_MARGIN", "GUARD_MARGIN", "PolicyOutcome", "TaskScores", "default_policy"]

GROUP_MARGIN = Margin(absolute=0.01)
GUARD_MARGIN = Margin(absolute=0.03)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TaskScores:
    """One task of the group.

    Attributes:
        task: its name.
        scores: the paired scores in [0, 1]; None where accuracy was not measured.
        invalid: what makes the comparison invalid (`argus_eval.stats.validity`); empty where it is sound.
        identical: the arm is L0, verified by hash, and all its outputs equal the baseline's.
        available: pairs the whole benchmark has; None where unknown.
    """

    task: str
    scores: PairedScores | None
    invalid: tuple[str, ...] = ()
    identical: bool = False
    available: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyOutcome:
    """What the policy decides.

    Attributes:
        verdict: over everything.
        reason: what decided it.
        group: the mean over tasks; None where the comparison is invalid or nothing was measured.
        guards: one result a measured task, in the given order; FAIL holds after Holm.
    """

    verdict: Verdict
    reason: str
    group: Preservation | None
    guards: tuple[tuple[str, Preservation], ...]


def default_policy(
    tasks: Sequence[TaskScores],
    *,
    group_margin: Margin = GROUP_MARGIN,
    guard_margin: Margin = GUARD_MARGIN,
    alpha: float = ALPHA,
) -> PolicyOutcome:
    """Decide whether an arm preserves the accuracy of a group of tasks.

    Args:
        tasks: every task of the group, the unmeasured ones too; metrics outside [0, 1] stay out.
        group_margin: for the mean over tasks.
        guard_margin: for each task.
        alpha: one-sided error of the group's verdict, and of all guards together.
    """
    invalid = [f"{task.task}: {reason}" for task in tasks for reason in task.invalid]
    if invalid:
        return PolicyOutcome(verdict=Verdict.INVALID, reason="; ".join(invalid), group=None, guards=())
    measured = [(task, task.scores) for task in tasks if task.scores is not None and task.scores.n > 0]
    if not measured:
        reason = "accuracy was not measured on any task of the group"
        return PolicyOutcome(verdict=Verdict.NOT_MEASURED, reason=reason, group=None, guards=())

    available = [task.available for task, _ in measured if task.available is not None]
    group = preservation(
        pool([scores for _, scores in measured]),
        group_margin,
        identical=all(task.identical for task, _ in measured),
        available=sum(available) if len(available) == len(measured) else None,
        alpha=alpha,
    )
    guards = _guards(measured, guard_margin, alpha)
    missing = [task.task for task in tasks if task.scores is None or task.scores.n == 0]
    failed = [name for name, guard in guards if guard.verdict is Verdict.FAIL]
    verdict = worst(
        [group.verdict, *([Verdict.FAIL] if failed else []), *([Verdict.NOT_MEASURED] if missing else [])]
    )
    return PolicyOutcome(
        verdict=verdict, reason=_reason(verdict, group, failed, missing), group=group, guards=guards
    )


def _guards(
    measured: Sequence[tuple[TaskScores, PairedScores]], margin: Margin, alpha: float
) -> tuple[tuple[str, Preservation], ...]:
    results = [
        preservation(scores, margin, identical=task.identical, available=task.available, alpha=alpha)
        for task, scores in measured
    ]
    adjusted = holm([1.0 if result.p_fail is None else result.p_fail for result in results])
    return tuple(
        (task.task, _after_holm(result, float(p), alpha))
        for (task, _), result, p in zip(measured, results, adjusted, strict=True)
    )


def _after_holm(result: Preservation, adjusted: float, alpha: float) -> Preservation:
    if result.verdict is not Verdict.FAIL or adjusted < alpha:
        return result
    reason = f"upper bound misses the margin on its own, but not among all guards (p = {adjusted:.2g} after Holm)"
    return replace(result, verdict=Verdict.INCONCLUSIVE, reason=reason)


def _reason(verdict: Verdict, group: Preservation, failed: Sequence[str], missing: Sequence[str]) -> str:
    if failed:
        return f"guard failed: {', '.join(failed)}" + (
            f"; group: {group.reason}" if group.verdict is Verdict.FAIL else ""
        )
    if verdict is Verdict.NOT_MEASURED:
        return f"not measured: {', '.join(missing)}"
    return f"group of {group.n:,} pairs: {group.reason}"
