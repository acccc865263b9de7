"""The numbers of a finished run, as results.json holds them (schema ``argus-eval/results/1``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from argus_eval.core.loss_class import LossClass

__all__ = [
    "SCHEMA",
    "ArmResult",
    "BatchRate",
    "CacheAudit",
    "Comparison",
    "DataResolution",
    "DriftSeen",
    "Efficiency",
    "Fidelity",
    "FlipCheck",
    "FlipShare",
    "Instrumentation",
    "LengthGuard",
    "LossClass",
    "Memory",
    "MetricValue",
    "NaturalEnd",
    "ProcessSpread",
    "Quantiles",
    "Results",
    "SpeedUp",
    "TaskComparison",
    "TaskResult",
    "Verdict",
    "WarmUp",
]

SCHEMA = "argus-eval/results/1"
Interval = tuple[float, float]


class Verdict(StrEnum):
    """What a comparison of accuracies decided (MEASUREMENT §18)."""

    PASS = "PASS"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    INVALID = "INVALID"
    NOT_MEASURED = "NOT_MEASURED"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricValue:
    """One metric of one task. ``value`` is ``None`` unless ``status`` is "scored".

    ``ceiling`` is what the reference itself scores after being written and read in the model's box dialect.
    """

    value: float | None
    ci: Interval | None
    n: int
    status: Literal["scored", "not_measured", "unsupported"]
    primary: bool
    higher_is_better: bool
    reason: str | None = None
    ceiling: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DataResolution:
    """Which data was asked for and which was used. ``n`` counts samples that were planned.

    ``excluded`` counts rows that no sample could be made of, by reason.
    """

    requested: str
    resolved: str
    fingerprint: str
    n: int
    source: str = ""
    excluded: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unparsed:
    """Answers that could not be read; they count as wrong as well."""

    n: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskResult:
    """Accuracy of one arm on one task. ``errors`` are requests that failed; they are left out of means.

    ``first_error``: what the first of them said.

    ``notes`` must be said beside the numbers: where scores come from, what was left out, what may be compared.
    """

    task: str
    data: DataResolution
    metrics: Mapping[str, MetricValue]
    unparsed: Unparsed = field(default_factory=Unparsed)
    errors: int = 0
    repairs: Mapping[str, int] = field(default_factory=dict)
    prompt_fingerprint: str = ""
    notes: tuple[str, ...] = ()
    first_error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantiles:
    """Absolute quantiles in seconds; ``None`` where there are too few distinct requests."""

    p50: float | None = None
    ci: Interval | None = None
    p90: float | None = None
    p99: float | None = None
    n: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Peaks in bytes; measured in a process of its own, ``None`` where they were not.

    ``pinned_peak_bytes``: page-locked memory of the host, which a device copies from.
    """

    host_peak_bytes: int | None = None
    device_peak_bytes: int | None = None
    device_reserved_bytes: int | None = None
    pinned_peak_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrumentation:
    """What stage timers add to TTFT, as shares of it.

    Attributes:
        cost, upper: from opening and closing the same spans once more after each request, in the arm where that
            weighs most: the median of requests, its one-sided upper 95 % bound. From the pairs where no request
            tells.
        requests: that ``cost`` rests on; 0 where it is from the pairs.
        pairs: requests made with timers and without, one beside the other.
        paired_cost, paired_ci: what these differ by, one-sided 95 % bounds; ``None`` for fewer than two rows.
        hides_stages: stage times are not to be shown: ``upper`` lies above 2 %, or the pairs do and show a cost.
    """

    cost: float
    upper: float
    pairs: int
    hides_stages: bool
    requests: int = 0
    paired_cost: float | None = None
    paired_ci: Interval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftSeen:
    """Total relative change of the baseline's sentinel requests over a pass; ``flagged`` outside ±2 %."""

    total: float
    ci: Interval
    n: int
    flagged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheAudit:
    """The same image a second time against its first: ``ratio`` first / second, above 1 where a cache helps."""

    ratio: float
    ci: Interval | None
    images: int
    cached: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmUp:
    """Requests before anything was measured; ``settled``: nothing was compiled any more and no trend was seen."""

    requests: int
    settled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSpread:
    """How far processes differ: variance of a mean over them, as a multiple of what blocks inside one show.

    ``negligible``: the upper bound shows that blocks may stand in for processes on this machine.
    """

    inflation: float
    upper: float
    processes: int
    blocks: int
    negligible: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRate:
    """One size of the throughput sweep: images in a batch, or requests under way at a server.

    ``None`` where it could not be measured: ``out_of_memory``, or ``reason``, what the first failed request said.
    """

    batch: int
    requests_per_s: float | None
    ci: Interval | None
    rounds: int
    out_of_memory: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthGuard:
    """Mean output lengths at natural stop; ``flagged``: the arm leaves 90–110 % of a baseline of 16 or more."""

    baseline_tokens: float
    arm_tokens: float
    flagged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NaturalEnd:
    """Whole answers that ended where the model ended them, with their mean length; nothing is claimed of them.

    ``cut``: answers that reached the task's limit. ``as_long``: the mean length keeps the rule of the length guard
    against the baseline's on the same images; ``None`` where lengths are unknown.
    """

    e2e_s: Quantiles
    output_tokens: float | None
    cut: int
    as_long: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """The images a latency was measured on."""

    fingerprint: str
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Efficiency:
    """Measured speed of one arm under one regime.

    Attributes (those that do not say it themselves):
        e2e_s: to the last of ``output_tokens``; absent for one token, whose end is its TTFT.
        replicate_unit: what one of ``replicates`` is: a process of its own, or a block of one process.
        stages_s: medians; not to be shown where ``instrumentation.hides_stages``.
        residual: median share of TTFT that no stage accounts for; above 0.1 the stage chart is unreliable.
        throughput: "requests_per_s" and "output_tokens_per_s" of the best batch size.
        reruns: blocks that were measured again because the machine throttled.
        requests: whole requests that were timed. errors: those that failed. first_error: what the first one said.
        stopped: why no further replicate was made ("narrow enough", "last look reached", "time budget spent").
    """

    regime: str
    workload: Workload
    output_tokens: int
    replicates: int
    ttft_s: Quantiles
    e2e_s: Quantiles
    tpot_s: Quantiles
    stages_s: Mapping[str, float]
    to_uint8_tiles_s: Quantiles
    to_model_ready_s: Quantiles
    residual: float | None
    throughput: Mapping[str, float | None] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    energy_j: float | None = None
    shortfalls: tuple[str, ...] = ()
    host_share_of_ttft: float | None = None
    replicate_unit: Literal["process", "block"] = "block"
    process_spread: ProcessSpread | None = None
    warmup: WarmUp | None = None
    instrumentation: Instrumentation | None = None
    drift: DriftSeen | None = None
    cache_audit: CacheAudit | None = None
    reruns: int = 0
    throughput_sweep: tuple[BatchRate, ...] = ()
    natural: NaturalEnd | None = None
    stopped: str | None = None
    requests: int = 0
    errors: int = 0
    first_error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmResult:
    """One model with one set of recipes."""

    id: str
    role: Literal["baseline", "variant", "aa"]
    model: str
    parameters: int | None
    weights: Literal["trained", "random", "none"]
    recipes: tuple[str, ...]
    backend: str
    tasks: tuple[TaskResult, ...]
    efficiency: tuple[Efficiency, ...]
    label: str = ""
    device: str = ""
    dtype: str = ""
    image_processor: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinResult:
    """What the baseline's twin shows: the noise of this run."""

    ratio: float | None
    ci: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedUp:
    """Paired speed-up of an arm over its baseline for one quantity; above 1 is faster.

    ``detectable``: the smallest such ratio that a run with this noise and this many comparisons claims in four of
    five; ``None`` where nothing could have been claimed. ``saved_s``: ``geomean`` in seconds of the baseline's
    usual request (geometric mean), ``saved_ci_s`` its ``ci``. ``shown``: the direction that was shown beyond the
    noise of the twin, whatever the accuracy; ``None`` where no difference was.
    """

    median: float | None
    geomean: float | None
    p90: float | None
    ci: Interval | None
    slower_share: float | None
    aa: TwinResult
    claim: bool
    sentence: str
    saved_s: float | None = None
    saved_ci_s: Interval | None = None
    detectable: float | None = None
    shown: Literal["faster", "slower"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskComparison:
    """Paired accuracy difference on one task and one metric."""

    task: str
    metric: str
    difference: float | None
    ci: Interval | None
    flips: Mapping[str, int]
    verdict: Verdict
    identical: bool
    n: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fidelity:
    """What was checked of a recipe's own claim. ``broken`` says how the claim failed, if it did."""

    loss_class: LossClass = field(metadata={"json": "class"})
    n: int
    ids_equal: bool | None
    pixels_max_abs_diff: float | None
    tokens_equal_share: float | None
    pixels_hash_equal: bool | None = None
    logits_max_abs_diff: float | None = None
    first_token_kl: float | None = None
    broken: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipShare:
    """Answers that changed: ``changed`` of ``n``, on ``images`` images; each end of ``ci`` is a 95 % bound."""

    changed: int
    n: int
    images: int
    rate: float
    ci: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipCheck:
    """Answers that changed under an arm beside those that the baseline changes by itself (MEASUREMENT §20).

    ``floor``: the baseline one by one against the baseline in the run's batches; ``None`` where it was not
    measured, and ``reason`` says why. ``verdict`` of "at most one point beyond the floor", which an L1 arm has to
    keep and an L2 arm never promised.
    """

    loss_class: LossClass = field(metadata={"json": "class"})
    arm: FlipShare
    floor: FlipShare | None
    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One arm against its baseline. ``flips`` is ``None`` where hashes decide (L0) or nothing was answered."""

    baseline: str
    arm: str
    speedup: Mapping[str, SpeedUp]
    tasks: tuple[TaskComparison, ...]
    fidelity: Fidelity | None
    verdict: Verdict = Verdict.NOT_MEASURED
    sentence: str = ""
    length_guard: LengthGuard | None = None
    flips: FlipCheck | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Everything results.json says."""

    run_id: str
    complete: bool
    command: str
    environment: Mapping[str, object]
    arms: tuple[ArmResult, ...]
    comparisons: tuple[Comparison, ...]
    schema: str = SCHEMA
    banners: tuple[str, ...] = ()
    quick: bool = False
