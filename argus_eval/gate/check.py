"""A run under a policy: every rule on every arm."""

from __future__ import annotations

from collections.abc import Sequence

from argus_eval.gate.accuracy import judge_accuracy
from argus_eval.gate.fidelity import judge_claim, judge_flips
from argus_eval.gate.join import JoinedTask
from argus_eval.gate.outcome import ArmCheck, CheckOutcome, RuleResult, TaskFacts
from argus_eval.gate.pairing import Pair
from argus_eval.gate.policy import Policy
from argus_eval.gate.speed import judge_latency, judge_memory
from argus_eval.stats.preservation import exact_mcnemar
from argus_eval.stats.verdict import Verdict

__all__ = ["check_pairs"]


def check_pairs(pairs: Sequence[Pair], policy: Policy, *, extend: bool = False) -> CheckOutcome:
    """Judge every pair; the worst arm decides.

    Args:
        pairs: a baseline and an arm each, all arms of one run.
        policy: what is asked for.
        extend: a second look is allowed where the first one does not decide.

    Raises:
        UsageError: an extension over a metric that no single sample has.
    """
    return CheckOutcome(
        run_id=pairs[0].run.run_id,
        policy=policy.name,
        baseline=pairs[0].baseline.source,
        arms=tuple(_check(pair, policy, extend) for pair in pairs),
        inconclusive=policy.inconclusive,
        allow_synthetic=policy.validity.allow_synthetic,
        extended=extend,
    )


def _check(pair: Pair, policy: Policy, extend: bool) -> ArmCheck:
    validity = _validity(pair, policy)
    rules = [
        *(rule for rule in validity if not rule.verdict.preserved),
        *judge_accuracy(pair, policy, extend=extend),
        *judge_flips(pair, policy),
        *judge_latency(pair, policy),
        *judge_memory(pair, policy),
        *(rule for rule in validity if rule.verdict.preserved),
    ]
    notes = [f"left out: {task} (unsupported)" for task in pair.unsupported]
    if policy.validity.allow_synthetic and any(task.arm.synthetic for task in pair.tasks.values()):
        notes.append(f"synthetic data: {policy.validity.allow_synthetic}")
    return ArmCheck(
        arm=pair.arm.arm,
        baseline=pair.baseline.label,
        rules=tuple(rules),
        tasks=tuple(task_facts(task) for task in pair.tasks.values() if not task.absence),
        notes=tuple(notes),
    )


def _validity(pair: Pair, policy: Policy) -> list[RuleResult]:
    """What concerns the arm as a whole; what concerns a task is found where the task is judged."""
    found = []

    def add(rule: str, verdict: Verdict, reason: str, subject: str = "") -> None:
        about = subject or rule
        found.append(RuleResult(rule=rule, kind="validity", subject=about, verdict=verdict, reason=reason))

    if policy.validity.complete and not pair.run.results.complete:
        add("complete", Verdict.INVALID, "the run is not finished; the command that began it finishes it")
    claim = judge_claim(pair)
    if claim is not None:
        found.append(claim)
    for task in pair.tasks.values():
        scores = None if task.absence else task.scores
        if scores is not None and bool((scores.arm != scores.baseline).any()) and task.identical:
            add("records", Verdict.INVALID, "equal answers have different scores", task.task)
    limit = policy.validity.unparsed_at_most
    if limit is not None:
        for task in pair.tasks.values():
            if not task.absence and task.n:
                count = int(task.arm.unparsed[task.after].sum())
                verdict = Verdict.PASS if count <= limit * task.n else Verdict.FAIL
                share = f"{count:,} of {task.n:,} answers could not be read"
                add("unparsed", verdict, f"{share}; the policy allows {100 * limit:g} %", task.task)
    return found


def task_facts(task: JoinedTask) -> TaskFacts:
    """What is shown beside a verdict."""
    scores = task.scores
    lost, gained = (scores.lost, scores.gained) if scores is not None else (0, 0)
    return TaskFacts(
        task=task.task,
        metric=task.metric,
        baseline=task.baseline.value,
        arm=task.arm.value,
        n=task.n,
        images=len(set(task.clusters.tolist())),
        lost=lost,
        gained=gained,
        mcnemar_p=exact_mcnemar(lost, gained) if scores is not None else None,
        equal_outputs=task.equal_outputs,
        unparsed_baseline=int(task.baseline.unparsed[task.before].sum()),
        unparsed_arm=int(task.arm.unparsed[task.after].sum()),
        errors=task.join.errors,
    )
