"""What a gate asks for: rules on accuracy, latency and memory, and what makes a comparison valid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from argus_eval.stats.policy import GROUP_MARGIN, GUARD_MARGIN
from argus_eval.stats.preservation import Margin
from argus_eval.stats.validity import MOST_ERRORS

__all__ = [
    "DEFAULT_POLICY",
    "EVERYTHING",
    "AccuracyRule",
    "Extension",
    "FlipRule",
    "LatencyMetric",
    "LatencyRule",
    "MemoryBudget",
    "Over",
    "Policy",
    "Validity",
]

#: In place of task names: every task that the run measured.
EVERYTHING = ("all",)

LatencyMetric = Literal["host", "to_uint8_tiles", "ttft", "e2e", "tpot"]


class Over(StrEnum):
    """What an accuracy rule is about."""

    TASK = "task"  #: one task, which must PASS
    GROUP = "group"  #: the mean over tasks, each weighing the same, which must PASS
    GUARDS = "guards"  #: each of the tasks; only FAIL blocks, Holm over them


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyRule:
    """How much accuracy may be lost.

    Attributes:
        over: one task, the mean of a group, or each task of one.
        tasks: names of tasks and of the catalogue's groups; ``("all",)`` for every task of the run.
        margin: what may be lost.
        confidence: of each one-sided bound.
        minimum_pairs: with fewer pairs nothing passes.
    """

    over: Over
    tasks: tuple[str, ...] = EVERYTHING
    margin: Margin
    confidence: float = 0.95
    minimum_pairs: int = 0

    @property
    def name(self) -> str:
        """How results call it."""
        return f"{self.over.value} {', '.join(self.tasks)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipRule:
    """How many answers may change, whether they become right, wrong or neither.

    Equal accuracy can hide changes that cancel, or a model that hardly looks at the image; a recipe that promises
    the same mathematics (L1) has to keep the answers.

    Attributes:
        tasks: as in an accuracy rule; counted together.
        at_most: share of answers; the upper bound of the rate has to keep it.
        confidence: of each one-sided bound.
    """

    tasks: tuple[str, ...] = EVERYTHING
    at_most: float
    confidence: float = 0.95

    @property
    def name(self) -> str:
        """How results call it."""
        return f"flips {', '.join(self.tasks)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyRule:
    """What a time must be; the whole interval has to lie on the right side of the bound.

    Attributes:
        metric: host work, TTFT, end to end, time per output token.
        quantile: 0.5, 0.9 …; ``None`` for the mean (of the paired log-ratios).
        speedup_at_least: bound of baseline time / arm time; 1.0 asks for "not slower".
        at_most_s: bound of the time itself, seconds; needs a quantile.
    """

    metric: LatencyMetric
    quantile: float | None = None
    speedup_at_least: float | None = None
    at_most_s: float | None = None

    @property
    def name(self) -> str:
        """How results call it."""
        which = self.metric if self.quantile is None else f"{self.metric} p{100 * self.quantile:g}"
        if self.at_most_s is not None:
            return f"{which} at most {self.at_most_s:g} s"
        return f"{which} speed-up at least {self.speedup_at_least:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryBudget:
    """What peak memory may be.

    Attributes:
        kind: of the host, of the device, or reserved on the device.
        at_most_bytes: absolute bound.
        at_most_ratio: bound of arm / baseline.
    """

    kind: Literal["host", "device", "device_reserved"]
    at_most_bytes: int | None = None
    at_most_ratio: float | None = None

    @property
    def name(self) -> str:
        """How results call it."""
        if self.at_most_bytes is not None:
            return f"{self.kind} memory at most {self.at_most_bytes:,} bytes"
        return f"{self.kind} memory at most {self.at_most_ratio:g}× the baseline's"


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """When a verdict may be given at all.

    Attributes:
        allow_synthetic: why bundled synthetic data may stand for a benchmark; "" where they may not.
        errors_at_most: share of requests that may fail for reasons of infrastructure.
        unparsed_at_most: share of an arm's answers that may be unreadable; more is a FAIL. ``None`` for any.
        complete: the run must be finished.
        interleaving: "required": a latency rule on an arm that was not timed beside its baseline is INVALID;
            "optional": it is left out and said so.
        noise_at_most: how far from 1 the A/A twin's 95 % interval may reach before latency rules are INVALID.
        fingerprints: task → the data set fingerprint it must have.
    """

    allow_synthetic: str = ""
    errors_at_most: float = MOST_ERRORS
    unparsed_at_most: float | None = None
    complete: bool = True
    interleaving: Literal["required", "optional"] = "required"
    noise_at_most: float = 0.10
    fingerprints: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """A second look that is declared before the first one; each has half of the error.

    Attributes:
        first: share of the images in the first look.
        seed: of the permutation that orders the images.
    """

    first: float = 0.5
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Everything a gate asks for.

    Attributes:
        name: file it was read from, or "default".
        accuracy, flips, latency, memory: the rules.
        validity: when a verdict may be given.
        extension: a second look, if one is declared.
        inconclusive: whether what is not decided fails the gate or only warns.
    """

    name: str = "default"
    accuracy: tuple[AccuracyRule, ...] = ()
    flips: tuple[FlipRule, ...] = ()
    latency: tuple[LatencyRule, ...] = ()
    memory: tuple[MemoryBudget, ...] = ()
    validity: Validity = field(default_factory=Validity)
    extension: Extension | None = None
    inconclusive: Literal["fail", "warn"] = "fail"


#: MEASUREMENT §19: the mean over all tasks must PASS at one point, each task is a guard at three.
DEFAULT_POLICY = Policy(
    accuracy=(
        AccuracyRule(over=Over.GROUP, margin=GROUP_MARGIN),
        AccuracyRule(over=Over.GUARDS, margin=GUARD_MARGIN),
    )
)
