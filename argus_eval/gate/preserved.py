"""The answer to ``assert run.preserves_accuracy(…)``: true or false, and in its text the reason."""

from __future__ import annotations

from dataclasses import dataclass

from argus_eval.gate.outcome import CheckOutcome
from argus_eval.gate.policy import EVERYTHING, AccuracyRule, Over, Policy, Validity
from argus_eval.gate.wording import rule_line, verdict_words
from argus_eval.stats.policy import GUARD_MARGIN
from argus_eval.stats.preservation import Margin
from argus_eval.stats.verdict import Verdict

__all__ = ["AccuracyPreserved", "preservation_policy"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AccuracyPreserved:
    """True only where preservation was shown; INCONCLUSIVE and INVALID are not.

    ``repr`` is one line that a failing assertion prints; ``str`` has every rule.
    """

    outcome: CheckOutcome

    def __bool__(self) -> bool:
        return self.verdict.preserved

    @property
    def verdict(self) -> Verdict:
        """Of the worst arm."""
        return self.outcome.verdict

    def __repr__(self) -> str:
        worst = next(arm for arm in self.outcome.arms if arm.verdict is self.verdict)
        rules = [rule for rule in worst.rules if rule.counted is self.verdict and rule.verdict is self.verdict]
        words = rule_line(rules[0]) if rules else "nothing judged"
        return f"<{verdict_words(self.verdict)}: {worst.arm}: {words}>"

    def __str__(self) -> str:
        lines = []
        for arm in self.outcome.arms:
            lines.append(f"{verdict_words(arm.verdict)}: {arm.arm} against {arm.baseline}")
            lines += [f"  {verdict_words(r.verdict)}: {r.rule}: {rule_line(r)}" for r in arm.rules]
            lines += [f"  note: {note}" for note in arm.notes]
        return "\n".join(lines)


def preservation_policy(
    margin: Margin, *, tasks: tuple[str, ...] = EVERYTHING, confidence: float = 0.95, allow_synthetic: str = ""
) -> Policy:
    """The default policy with another margin: the mean of the tasks must pass, each is a guard at three points.

    A guard is never stricter than the rule on the mean.
    """
    guard = Margin(absolute=max(GUARD_MARGIN.absolute, margin.absolute), keep=margin.keep)
    return Policy(
        name="preserves_accuracy",
        accuracy=(
            AccuracyRule(over=Over.GROUP, tasks=tasks, margin=margin, confidence=confidence),
            AccuracyRule(over=Over.GUARDS, tasks=tasks, margin=guard, confidence=confidence),
        ),
        validity=Validity(allow_synthetic=allow_synthetic),
    )
