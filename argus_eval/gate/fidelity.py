"""Does an arm still do what the baseline does: its own claim, and the share of answers that changed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from argus_eval.core.results import LossClass
from argus_eval.gate.accuracy import incomparable, named_tasks
from argus_eval.gate.answers import without_mark
from argus_eval.gate.join import JoinedTask
from argus_eval.gate.outcome import RuleResult
from argus_eval.gate.pairing import Pair
from argus_eval.gate.policy import FlipRule, Policy
from argus_eval.stats.flips import flip_rate
from argus_eval.stats.verdict import Verdict

__all__ = ["MOST_ROUNDING", "judge_claim", "judge_flips"]

#: Largest difference of a normalised pixel that rounding explains. One step of uint8 is at most 1 / 255 / 0.225 =
#: 0.017 under the usual normalisations; two resizes that round differently stay within a few of them.
MOST_ROUNDING = 0.1


def judge_claim(pair: Pair) -> RuleResult | None:
    """What is wrong with the arm's own claim; ``None`` where it holds or nothing was claimed.

    A claim of equality (L0) that does not hold makes the comparison invalid. A claim of equal mathematics (L1)
    whose pixels differ by more than rounding is a failure, whatever the accuracy of a weak model says.
    """
    base = RuleResult(rule="exactness", kind="validity", subject="exactness", verdict=Verdict.INVALID, reason="")
    if pair.broken is not None:
        return replace(base, reason=f"broken claim: {pair.broken}")
    found = pair.comparison.fidelity if pair.comparison is not None else None
    if found is None or found.loss_class is not LossClass.L1 or found.pixels_max_abs_diff is None:
        return None
    if found.pixels_max_abs_diff <= MOST_ROUNDING:
        return None
    reason = (
        f"claims L1 (the same mathematics), but a pixel differs by {found.pixels_max_abs_diff:.3g} after "
        f"normalising; rounding explains {MOST_ROUNDING:g}"
    )
    return replace(base, verdict=Verdict.FAIL, reason=reason)


def judge_flips(pair: Pair, policy: Policy) -> tuple[RuleResult, ...]:
    """Every flip rule of the policy on one pair of arms."""
    return tuple(_judge(pair, rule, policy) for rule in policy.flips)


def _judge(pair: Pair, rule: FlipRule, policy: Policy) -> RuleResult:
    names, missing = named_tasks(rule.tasks, (*pair.tasks, *pair.one_sided))
    base = RuleResult(
        rule=rule.name,
        kind="accuracy",
        subject=", ".join(map(without_mark, names)) or rule.name,
        verdict=Verdict.NOT_MEASURED,
        reason="",
        unit="share",
        bound=rule.at_most,
    )
    wrong = incomparable(pair, names, policy)
    if wrong:
        return replace(base, verdict=Verdict.INVALID, reason="; ".join(wrong))
    absent = [f"{name}: {pair.tasks[name].absence}" for name in names if pair.tasks[name].absence]
    if missing or absent or not names:
        lacking = [f"the run has no task {name}" for name in missing] + absent
        return replace(base, reason="; ".join(lacking) or "no task of the run can be compared")
    tasks = [pair.tasks[name] for name in names]
    rate = flip_rate(
        np.concatenate([_changed(task) for task in tasks]),
        np.concatenate([task.clusters for task in tasks]),
        level=rule.confidence,
    )
    if rate is None:
        return replace(base, reason="no pair")
    low, high = max(0.0, rate.interval.low), rate.interval.high
    words = (
        f"{rate.flips:,} of {rate.n:,} answers changed; with {100 * rule.confidence:g} % confidence between "
        f"{100 * low:.2g} % and {100 * high:.2g} %; at most {100 * rule.at_most:g} % may"
    )
    verdict = (
        Verdict.PASS if high <= rule.at_most else Verdict.FAIL if low > rule.at_most else Verdict.INCONCLUSIVE
    )
    if verdict is Verdict.PASS and pair.exact and rate.flips == 0:
        verdict = Verdict.PASS_IDENTICAL
    return replace(base, verdict=verdict, reason=words, value=rate.rate, interval=(low, high))


def _changed(task: JoinedTask) -> np.ndarray:
    """Which pairs were answered differently; shape (pairs,)."""
    return ~task.same_output
