"""What a gate decided, rule by rule."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from argus_eval.core.results import Interval
from argus_eval.errors import ExitCode
from argus_eval.stats.preservation import Preservation
from argus_eval.stats.verdict import Verdict, worst

__all__ = ["ArmCheck", "CheckOutcome", "RuleResult", "TaskFacts"]

Kind = Literal["accuracy", "latency", "memory", "validity"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """One rule on one subject.

    Attributes:
        rule: its name. kind: what it is about.
        subject: task, group, or quantity.
        verdict: what was shown. reason: the same in words.
        guard: only FAIL and INVALID count.
        value, interval: of what was tested, in the unit of ``unit``.
        unit: "score", "ratio", "s", "bytes", "share".
        bound: what the interval had to clear.
        preservation: the test behind an accuracy rule.
    """

    rule: str
    kind: Kind
    subject: str
    verdict: Verdict
    reason: str
    guard: bool = False
    value: float | None = None
    interval: Interval | None = None
    unit: str = "score"
    bound: float | None = None
    preservation: Preservation | None = None

    @property
    def counted(self) -> Verdict:
        """The verdict as it enters the arm's."""
        if self.guard and self.verdict is Verdict.INCONCLUSIVE:
            return Verdict.PASS
        return self.verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFacts:
    """What is shown beside the verdict of a task."""

    task: str
    metric: str
    baseline: float | None
    arm: float | None
    n: int
    images: int
    lost: int
    gained: int
    mcnemar_p: float | None
    equal_outputs: int
    unparsed_baseline: int
    unparsed_arm: int
    errors: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmCheck:
    """One arm under a policy."""

    arm: str
    baseline: str
    rules: tuple[RuleResult, ...]
    tasks: tuple[TaskFacts, ...]
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """INVALID > FAIL > INCONCLUSIVE > NOT_MEASURED > PASS > PASS (identical)."""
        found = [rule.counted for rule in self.rules if rule.kind != "validity" or not rule.verdict.preserved]
        return worst(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOutcome:
    """What ``argus-eval check`` decided.

    Attributes:
        run_id: the run. policy: name of the policy. baseline: what the run was compared with.
        arms: each arm's rules.
        inconclusive: whether what is not decided fails the gate or only warns.
        allow_synthetic: why synthetic data were allowed; "" where they were not.
        extended: the second look was allowed.
    """

    run_id: str
    policy: str
    baseline: str
    arms: tuple[ArmCheck, ...]
    inconclusive: Literal["fail", "warn"]
    allow_synthetic: str = ""
    extended: bool = False
    notes: tuple[str, ...] = field(default=())

    @property
    def verdict(self) -> Verdict:
        """Of the worst arm."""
        return worst(arm.verdict for arm in self.arms)

    @property
    def exit_code(self) -> ExitCode:
        """0 passed · 1 failed · 3 inconclusive · 4 invalid or not measured."""
        counted = [rule.counted for arm in self.arms for rule in arm.rules]
        verdicts = [arm.verdict for arm in self.arms]
        if self.inconclusive == "warn":
            # What is left once warnings are set aside may still be unmeasured.
            verdicts = [verdict for verdict in counted if verdict is not Verdict.INCONCLUSIVE]
            if counted and not verdicts:
                return ExitCode.DONE
        match worst(verdicts):
            case Verdict.PASS | Verdict.PASS_IDENTICAL:
                return ExitCode.DONE
            case Verdict.FAIL:
                return ExitCode.GATE_FAILED
            case Verdict.INCONCLUSIVE:
                return ExitCode.INCONCLUSIVE
            case _:
                return ExitCode.INCOMPLETE
