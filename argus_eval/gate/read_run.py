"""A run's accuracy records as columns, checked against what its results say they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from argus_eval.core.fingerprint import sha256_hex
from argus_eval.core.record import Record
from argus_eval.core.results import ArmResult, Comparison, MetricValue, Results, TaskResult
from argus_eval.data.fingerprint import data_fingerprint
from argus_eval.engine.accuracy_comparison import item_scores
from argus_eval.engine.accuracy_summary import collect_answers
from argus_eval.engine.plan import RunPlan, TaskPlan, make_plan
from argus_eval.engine.scoring import corpus_metrics_of
from argus_eval.errors import ArgusEvalError, UnknownNameError, UsageError
from argus_eval.gate.answers import ArmAnswers, ArmTask, Corpus, short_name
from argus_eval.store import RunDirectory

__all__ = ["GateRun", "find_arm", "no_plan", "plan_of", "read_run"]

#: The run's plan, made again from its manifest; ``None`` where its data are gone. Called only if it is needed.
PlanSource = Callable[[], RunPlan | None]


@dataclass(frozen=True, kw_only=True, eq=False)
class GateRun:
    """One finished run as a gate sees it.

    Attributes:
        directory: the run.
        results: its numbers.
        arms: every arm that answers questions (the A/A twin does not), in the order of the results.
        limited: fewer samples were taken than the data have, so that more could be had.
    """

    directory: RunDirectory
    results: Results
    arms: tuple[ArmAnswers, ...]
    limited: bool

    @property
    def run_id(self) -> str:
        """The folder's name."""
        return self.results.run_id or self.directory.run_id

    def comparison(self, baseline: str, arm: str) -> Comparison | None:
        """What the run itself says of two of its arms."""
        found = (c for c in self.results.comparisons if c.baseline == baseline and c.arm == arm)
        return next(found, None)

    @cached_property
    def timed(self) -> tuple[Record, ...]:
        """Every timed record that counts."""
        return tuple(r for r in self.directory.records() if r.pass_name != "accuracy" and r.role == "measured")


def plan_of(run: RunDirectory) -> RunPlan | None:
    """The plan of a run; ``None`` where its data or checkpoint cannot be reached any more."""
    from argus_eval.config import config_from_manifest

    try:
        return make_plan(config_from_manifest(run.manifest()))
    except ArgusEvalError:
        return None


def no_plan() -> RunPlan | None:
    """For runs whose data are known to be out of reach."""
    return None


def read_run(run: RunDirectory, plan: PlanSource | None = None) -> GateRun:
    """Read a finished run.

    Args:
        run: the run.
        plan: where its data can be had again, which metrics over all samples need; its manifest where ``None``.

    Raises:
        IncompleteError: it has no results yet.
        UsageError: a file cannot be read.
    """
    results = run.results()
    grouped: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in run.records():
        if record.pass_name == "accuracy":
            grouped[record.arm, record.task].append(record)
    source = _Once(plan or (lambda: plan_of(run)))
    limit = _limit(run.manifest())
    arms = []
    for arm in results.arms:
        if arm.role != "aa":
            tasks = {
                task.task: _task(arm, task, grouped[arm.id, task.task], source)
                for task in arm.tasks
                if task.metrics
            }
            arms.append(_arm(results, arm, tasks))
    limited = limit is not None and any((t.planned or 0) >= limit for a in arms for t in a.tasks.values())
    return GateRun(directory=run, results=results, arms=tuple(arms), limited=limited)


def find_arm(arms: Sequence[ArmAnswers], name: str, flag: str) -> ArmAnswers:
    """An arm by its id, or by its name without the model where that is unique.

    Raises:
        UnknownNameError: there is none.
        UsageError: several models have it.
    """
    found = [arm for arm in arms if arm.arm == name] or [
        arm for arm in arms if short_name(arm.arm, arm.model) == name
    ]
    if not found:
        raise UnknownNameError("arm", name, [arm.arm for arm in arms], where=flag)
    if len(found) > 1:
        raise UsageError(f"{flag} {name!r}: several models have it: {', '.join(arm.arm for arm in found)}")
    return found[0]


class _Once:
    """A plan that is made when it is first asked for, and kept."""

    def __init__(self, source: PlanSource) -> None:
        self._source, self._made = source, False
        self._plan: RunPlan | None = None

    def task(self, display: str) -> TaskPlan | None:
        if not self._made:
            self._plan, self._made = self._source(), True
        tasks = self._plan.tasks if self._plan is not None else ()
        return next((task for task in tasks if task.display == display), None)


def _limit(manifest: Mapping[str, object]) -> int | None:
    config = manifest.get("config")
    limit = config.get("limit") if isinstance(config, dict) else None
    return limit if isinstance(limit, int) else None


def _arm(results: Results, arm: ArmResult, tasks: Mapping[str, ArmTask]) -> ArmAnswers:
    return ArmAnswers(
        source=results.run_id,
        arm=arm.id,
        model=arm.model,
        role=arm.role,
        weights=arm.weights,
        recipes=arm.recipes,
        tasks=tasks,
    )


def _task(arm: ArmResult, task: TaskResult, records: Sequence[Record], plan: _Once) -> ArmTask:
    """One task's records as columns."""
    name, metric = next(
        ((name, value) for name, value in task.metrics.items() if value.primary), next(iter(task.metrics.items()))
    )
    first: dict[str, Record] = {}
    duplicates = []
    for record in records:
        if record.sample in first:
            duplicates.append(record.sample)
        else:
            first[record.sample] = record
    kept = list(first.values())
    found = ArmTask(
        task=task.task,
        metric=name,
        higher_is_better=metric.higher_is_better,
        requested=task.data.requested,
        resolved=task.data.resolved,
        fingerprint=task.data.fingerprint,
        prompt=task.prompt_fingerprint,
        planned=task.data.n or None,
        samples=tuple(first),
        images=np.array([record.image or record.sample for record in kept], dtype=np.str_),
        contents=tuple(record.hashes.get("sample", "") for record in kept),
        outputs=tuple(map(_output, kept)),
        texts=tuple(record.text if record.text is not None else record.error for record in kept),
        answered=np.array([record.status == "ok" for record in kept], dtype=np.bool_),
        unparsed=np.array(["unparsed" in (record.prediction or {}) for record in kept], dtype=np.bool_),
        duplicates=tuple(dict.fromkeys(duplicates)),
        absence=_absence(arm, task, metric, kept),
        supported=metric.status != "unsupported",
    )
    if found.absence is not None:
        return found
    return _scored(replace(found, problems=_problems(task, found)), kept, name, plan)


def _absence(arm: ArmResult, task: TaskResult, metric: MetricValue, kept: Sequence[Record]) -> str | None:
    status, reason = metric.status, metric.reason
    if arm.weights == "random":
        return "random weights: accuracy was not measured"
    if status == "unsupported":
        return reason or "unsupported"
    if kept or (status == "scored" and task.data.n):
        return None
    return reason or "accuracy was not measured"


def _output(record: Record) -> str:
    if record.status != "ok":
        return ""
    tokens = record.hashes.get("tokens")
    return tokens or f"sha256:{sha256_hex((record.text or '').encode('utf-8', 'surrogatepass'))}"


def _problems(task: TaskResult, found: ArmTask) -> tuple[str, ...]:
    """Records that are not the data set which the results name."""
    reasons = []
    if found.planned is not None and found.n != found.planned:
        reasons.append(f"{found.n:,} of {found.planned:,} samples have a record: the run is not complete")
    elif found.fingerprint and all(found.contents) and data_fingerprint(found.contents) != found.fingerprint:
        reasons.append("the records' samples are not those of the data fingerprint in the results")
    return tuple(reasons)


def _scored(found: ArmTask, kept: Sequence[Record], name: str, plan: _Once) -> ArmTask:
    """Add scores: the records' own, or those a metric over all samples gives each sample, or its statistics."""
    values = [record.scores.get(name) for record in kept if record.status == "ok"]
    known = [value for value in values if value is not None]
    if known and len(known) < len(values):
        missing = f"{len(values) - len(known):,} answered sample(s) have no {name}"
        return replace(found, problems=(*found.problems, missing))
    if known and all(0 <= value <= 1 for value in known):
        return replace(found, scores=_spread(known, found.answered, found.higher_is_better))
    if not values:
        return replace(found, scores=np.zeros(found.n))
    task = plan.task(found.task)
    metrics = corpus_metrics_of(task.task) if task is not None else ()
    index = next((i for i, metric in enumerate(metrics) if metric.infos[0].name == name), None)
    if task is None or index is None:
        where = "its data cannot be read again" if task is None else "it has no value in [0, 1] for each sample"
        return replace(found, absence=f"{name} is computed over all samples together and {where}")
    statistics = collect_answers(task, kept).statistics[index][kept[0].arm]
    metric = metrics[index]
    # collect_answers sorts by block; the columns keep the order of the records.
    ordered = sorted(range(len(kept)), key=lambda i: (kept[i].block, kept[i].order))
    answered = [i for i in ordered if kept[i].prediction is not None]
    if len(answered) != len(statistics) or any(kept[i].status != "ok" for i in answered):
        return replace(found, problems=(*found.problems, "the data no longer have every sample of the records"))
    by_place = dict(zip(answered, statistics, strict=True))
    in_order = [by_place[i] for i in sorted(by_place)]
    items = item_scores(metric, in_order, name) if metric.infos[0].bounded else None
    if items is not None:
        return replace(found, scores=_spread(list(items), found.answered, found.higher_is_better))
    return replace(found, corpus=Corpus(metric=metric, statistics=in_order))


def _spread(
    values: Sequence[float], answered: npt.NDArray[np.bool_], higher_is_better: bool
) -> npt.NDArray[np.float64]:
    """Scores of the answered samples in their places, better when higher, 0 elsewhere."""
    scores = np.zeros(answered.size)
    scores[answered] = values if higher_is_better else 1 - np.asarray(values)
    return scores
