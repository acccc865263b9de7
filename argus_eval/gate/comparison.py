"""Two arms side by side: differences with intervals and no verdict, for ``argus-eval compare``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from argus_eval.core.results import ArmResult, Efficiency, Fidelity, Interval, Quantiles, Results
from argus_eval.gate.accuracy import corpus_difference, named_tasks
from argus_eval.gate.answers import without_mark
from argus_eval.gate.join import JoinedTask
from argus_eval.gate.pairing import Pair
from argus_eval.gate.read_run import GateRun
from argus_eval.stats.pairs import PairedScores, pool
from argus_eval.stats.preservation import Margin, exact_mcnemar, preservation
from argus_eval.tasks.catalog import group_names

__all__ = [
    "LEVEL",
    "ArmComparison",
    "Flip",
    "GroupDelta",
    "MemoryDelta",
    "SpeedDelta",
    "TaskDelta",
    "compare_pair",
]

#: Confidence of every interval of a difference
LEVEL = 0.95
_LONGEST_TEXT = 2_000
#: Quantity → field of the efficiency entry, and whether it is read from the longest output.
_QUANTITIES = {
    "host": ("to_model_ready_s", False),
    "to_uint8_tiles": ("to_uint8_tiles_s", False),
    "ttft": ("ttft_s", False),
    "e2e": ("e2e_s", True),
    "tpot": ("tpot_s", True),
}
_NOT_INTERLEAVED = "measured in different runs: shown, never claimed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """One sample whose score changed. Texts are ``None`` where only hashes were stored."""

    sample: str
    baseline_score: float
    arm_score: float
    baseline_text: str | None
    arm_text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDelta:
    """The paired difference on one task.

    Attributes:
        baseline, arm: the metric on the samples of each side.
        difference, interval: arm − baseline on the pairs, with a 95 % interval.
        mcnemar_p: exact, two-sided; ignores that samples share images.
        flips: every sample whose score changed, losses first.
        only_baseline, only_arm: samples without a partner.
        problems: why this is no valid comparison; empty where it is one.
        absence: why there is no number.
    """

    task: str
    metric: str
    baseline: float | None
    arm: float | None
    difference: float | None
    interval: Interval | None
    n: int
    images: int
    lost: int
    gained: int
    mcnemar_p: float | None
    equal_outputs: int
    unparsed_baseline: int
    unparsed_arm: int
    errors: int
    flips: tuple[Flip, ...]
    only_baseline: tuple[str, ...]
    only_arm: tuple[str, ...]
    problems: tuple[str, ...]
    absence: str | None
    method: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDelta:
    """The mean over tasks, each weighing the same; "macro" is all of them."""

    group: str
    tasks: tuple[str, ...]
    difference: float
    interval: Interval | None
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedDelta:
    """One time under both arms, seconds (medians), and baseline / arm.

    ``claim`` is the run's own; across runs it is always false.
    """

    quantity: str
    baseline_s: float | None
    arm_s: float | None
    ratio: float | None
    interval: Interval | None
    claim: bool
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryDelta:
    """One peak under both arms, bytes."""

    kind: str
    baseline_bytes: int | None
    arm_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmComparison:
    """Everything about two arms.

    Attributes:
        baseline, arm: their ids. baseline_source, arm_source: where they come from.
        within_run: arms of one run, timed in turns.
        tasks, groups: accuracy. speed, memory: efficiency. fidelity: of the arm's own claim.
        one_sided: task → which side lacks it. unsupported: tasks a model was not made for.
        environment: what differs between the machines and libraries of two runs.
    """

    baseline: str
    baseline_source: str
    arm: str
    arm_source: str
    within_run: bool
    tasks: tuple[TaskDelta, ...]
    groups: tuple[GroupDelta, ...]
    speed: tuple[SpeedDelta, ...]
    memory: tuple[MemoryDelta, ...]
    fidelity: Fidelity | None
    one_sided: Mapping[str, str]
    unsupported: tuple[str, ...]
    environment: tuple[str, ...]


def compare_pair(pair: Pair, reference: GateRun | None) -> ArmComparison:
    """Describe two arms.

    Args:
        pair: the arms, joined.
        reference: the run of the baseline; ``None`` for a stored one.
    """
    before = None if reference is None else _result(reference, pair.baseline.arm)
    after = _result(pair.run, pair.arm.arm)
    return ArmComparison(
        baseline=pair.baseline.arm,
        baseline_source=pair.baseline.source,
        arm=pair.arm.arm,
        arm_source=pair.arm.source,
        within_run=pair.within_run,
        tasks=tuple(_task(task) for task in pair.tasks.values()),
        groups=_groups(pair.tasks),
        speed=_speed(pair, before, after),
        memory=_memory(before, after),
        fidelity=pair.comparison.fidelity if pair.comparison is not None else None,
        one_sided=dict(pair.one_sided),
        unsupported=pair.unsupported,
        environment=()
        if reference is None or pair.within_run
        else _environment(reference.results, pair.run.results),
    )


def _task(task: JoinedTask) -> TaskDelta:
    scores = task.scores if task.absence is None else None
    difference, interval, method = None, None, None
    if scores is not None and scores.n:
        difference, interval, method = _difference(scores)
    elif task.absence is None and task.n:
        tested = corpus_difference(task, alpha=(1 - LEVEL) / 2)
        difference, method = tested.difference, tested.method
        interval = (tested.interval.low, tested.interval.high) if tested.interval else None
    lost, gained = (scores.lost, scores.gained) if scores is not None else (0, 0)
    sign = 1 if task.arm.higher_is_better or difference is None else -1
    if sign < 0 and difference is not None:
        difference, interval = -difference, None if interval is None else (-interval[1], -interval[0])
    return TaskDelta(
        task=task.task,
        metric=task.metric,
        baseline=task.baseline.value,
        arm=task.arm.value,
        difference=difference,
        interval=interval,
        n=task.n,
        images=len(set(task.clusters.tolist())),
        lost=lost,
        gained=gained,
        mcnemar_p=exact_mcnemar(lost, gained) if scores is not None and scores.n else None,
        equal_outputs=task.equal_outputs,
        unparsed_baseline=int(task.baseline.unparsed[task.before].sum()),
        unparsed_arm=int(task.arm.unparsed[task.after].sum()),
        errors=task.join.errors,
        flips=() if scores is None else _flips(task, scores),
        only_baseline=task.only_baseline,
        only_arm=task.only_arm,
        # Synthetic data are named by the task; a gate refuses them, a comparison shows them.
        problems=() if task.absence else task.invalid(allow_synthetic=True),
        absence=task.absence,
        method=None if method is None else str(method),
    )


def _difference(scores: PairedScores) -> tuple[float | None, Interval | None, str | None]:
    tested = preservation(scores, Margin(), alpha=(1 - LEVEL) / 2)
    interval = tested.interval
    return tested.difference, None if interval is None else (interval.low, interval.high), tested.method


def _flips(task: JoinedTask, scores: PairedScores) -> tuple[Flip, ...]:
    moved = (scores.arm != scores.baseline).nonzero()[0]
    ordered = sorted(moved.tolist(), key=lambda place: (scores.arm[place] - scores.baseline[place], place))
    higher = task.arm.higher_is_better
    return tuple(
        Flip(
            sample=task.arm.samples[task.after[place]],
            baseline_score=_printed(float(scores.baseline[place]), higher),
            arm_score=_printed(float(scores.arm[place]), higher),
            baseline_text=_text(task.baseline.texts, int(task.before[place])),
            arm_text=_text(task.arm.texts, int(task.after[place])),
        )
        for place in ordered
    )


def _printed(score: float, higher_is_better: bool) -> float:
    return score if higher_is_better else 1 - score


def _text(texts: Sequence[str | None] | None, place: int) -> str | None:
    text = None if texts is None else texts[place]
    return None if text is None else text[:_LONGEST_TEXT]


def _groups(tasks: Mapping[str, JoinedTask]) -> tuple[GroupDelta, ...]:
    """The catalogue's groups of which at least two tasks were scored, and the mean over all of them."""
    scored: dict[str, PairedScores] = {}
    for name, task in tasks.items():
        scores = task.scores if task.absence is None else None
        if scores is not None and scores.n:
            scored[name] = scores
    if not scored:
        return ()
    found = []
    for group in group_names():
        names, _ = named_tasks([group], scored)
        if group != "all" and 1 < len(names) < len(scored):
            found.append(_group(group, {name: scored[name] for name in names}))
    return (*found, _group("macro", scored))


def _group(name: str, tasks: Mapping[str, PairedScores]) -> GroupDelta:
    pooled = pool(list(tasks.values()))
    difference, interval, _ = _difference(pooled)
    assert difference is not None  # every task has a pair
    return GroupDelta(
        group=name, tasks=tuple(map(without_mark, tasks)), difference=difference, interval=interval, n=pooled.n
    )


def _result(run: GateRun, arm: str) -> ArmResult | None:
    return next((found for found in run.results.arms if found.id == arm), None)


def _speed(pair: Pair, before: ArmResult | None, after: ArmResult | None) -> tuple[SpeedDelta, ...]:
    found = []
    claims = pair.comparison.speedup if pair.comparison is not None else {}
    for quantity, (field, longest) in _QUANTITIES.items():
        left, right = _median(before, field, longest), _median(after, field, longest)
        own = claims.get(quantity)
        if left is None and right is None and own is None:
            continue
        ratio = left / right if left and right else None
        found.append(
            SpeedDelta(
                quantity=quantity,
                baseline_s=left,
                arm_s=right,
                ratio=own.median if own is not None else ratio,
                interval=own.ci if own is not None else None,
                claim=own is not None and own.claim,
                sentence=own.sentence if own is not None else _NOT_INTERLEAVED if not pair.within_run else "",
            )
        )
    return tuple(found)


def _median(arm: ArmResult | None, field: str, longest: bool) -> float | None:
    """The median of a time on cold images; TTFT from the shortest output, the end from the longest."""
    entries = [] if arm is None else [e for e in arm.efficiency if _quantiles(e, field).p50 is not None]
    entries.sort(key=lambda e: (e.regime != "cold-image", -e.output_tokens if longest else e.output_tokens))
    return _quantiles(entries[0], field).p50 if entries else None


def _quantiles(entry: Efficiency, field: str) -> Quantiles:
    found = getattr(entry, field)
    assert isinstance(found, Quantiles)
    return found


def _memory(before: ArmResult | None, after: ArmResult | None) -> tuple[MemoryDelta, ...]:
    found = []
    for kind in ("host_peak_bytes", "device_peak_bytes", "device_reserved_bytes"):
        left, right = _peak(before, kind), _peak(after, kind)
        if left is not None or right is not None:
            found.append(MemoryDelta(kind=kind.removesuffix("_bytes"), baseline_bytes=left, arm_bytes=right))
    return tuple(found)


def _peak(arm: ArmResult | None, kind: str) -> int | None:
    entries = [] if arm is None else arm.efficiency
    return max((p for entry in entries if (p := getattr(entry.memory, kind)) is not None), default=None)


def _environment(before: Results, after: Results) -> tuple[str, ...]:
    """What differs between the machines: times of two runs may differ for these reasons alone."""
    left, right = _facts(before.environment), _facts(after.environment)
    return tuple(
        f"{name}: {left.get(name, 'unknown')} → {right.get(name, 'unknown')}"
        for name in sorted({*left, *right})
        if left.get(name) != right.get(name)
    )


def _facts(environment: Mapping[str, object]) -> dict[str, str]:
    """Processor, device, interpreter and package versions; load and free memory change by the minute."""
    host, packages, device = (environment.get(key) for key in ("host", "packages", "device"))
    facts = {"python": str(environment.get("python")), "platform": str(environment.get("platform"))}
    if isinstance(host, Mapping):
        facts |= {key: str(host.get(key)) for key in ("cpu", "cores_used")}
    if isinstance(device, Mapping):
        facts["device"] = str(device.get("name"))
    if isinstance(packages, Mapping):
        facts |= {str(name): str(version) for name, version in packages.items()}
    return facts
