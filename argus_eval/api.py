"""The Python API: what the command line can do, as functions.

>>> import argus_eval                                                          # doctest: +SKIP
>>> run = argus_eval.evaluate(model="argus-nano", tasks=["refcoco"], data="bundled", budget="30s")
>>> run.metric("argus-nano:baseline", "refcoco[synthetic]")                    # doctest: +SKIP
"""

from __future__ import annotations

import pathlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from argus_eval.config import RunConfig, parse_budget, parse_regime, parse_settings
from argus_eval.core.record import Record
from argus_eval.core.results import ArmResult, MetricValue, Results, TaskResult
from argus_eval.errors import UnknownNameError, UsageError
from argus_eval.store import RunDirectory
from argus_eval.tasks.catalog import expand

if TYPE_CHECKING:
    import pandas as pd

    from argus_eval.engine.narrator import Narrator
    from argus_eval.gate.preserved import AccuracyPreserved
    from argus_eval.gate.read_run import GateRun
    from argus_eval.gate.stored import StoredBaseline

__all__ = ["Run", "evaluate", "load_run"]


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run: its numbers, its records, its folder."""

    directory: RunDirectory
    results: Results

    @property
    def path(self) -> pathlib.Path:
        """The run's folder."""
        return self.directory.path

    @property
    def report_path(self) -> pathlib.Path:
        """The HTML report in it."""
        return self.directory.report_path

    def records(self) -> Iterator[Record]:
        """Every record that counts, streamed."""
        return self.directory.records()

    def arm(self, name: str) -> ArmResult:
        """One arm by its id (``argus-nano:lossless``).

        Raises:
            UnknownNameError: no such arm.
        """
        for arm in self.results.arms:
            if arm.id == name:
                return arm
        raise UnknownNameError("arm", name, [arm.id for arm in self.results.arms], where=self.results.run_id)

    def task(self, arm: str, task: str) -> TaskResult:
        """One arm's result on one task, by the task's display name.

        Raises:
            UnknownNameError: no such arm or task.
        """
        tasks = self.arm(arm).tasks
        for found in tasks:
            if found.task == task:
                return found
        raise UnknownNameError("task", task, [found.task for found in tasks], where=arm)

    def metric(self, arm: str, task: str, name: str | None = None) -> MetricValue:
        """One metric; the task's primary one where no name is given.

        Raises:
            UnknownNameError: no such arm, task or metric.
        """
        metrics = self.task(arm, task).metrics
        wanted = name or next(key for key, value in metrics.items() if value.primary)
        if wanted not in metrics:
            raise UnknownNameError("metric", wanted, metrics, where=f"{arm}, {task}")
        return metrics[wanted]

    def metrics_frame(self) -> pd.DataFrame:
        """One row an arm, task and metric: value, interval, n, status."""
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "arm": arm.id,
                    "task": task.task,
                    "metric": name,
                    "value": metric.value,
                    "ci_low": metric.ci[0] if metric.ci else None,
                    "ci_high": metric.ci[1] if metric.ci else None,
                    "n": metric.n,
                    "status": metric.status,
                }
                for arm in self.results.arms
                for task in arm.tasks
                for name, metric in task.metrics.items()
            ]
        )

    def records_frame(self) -> pd.DataFrame:
        """One row a record; times in nanoseconds in columns ``times_ns.*``."""
        import pandas as pd

        from argus_eval.core.codec import to_json

        return pd.json_normalize([to_json(record) for record in self.records()])

    def preserves_accuracy(
        self,
        baseline: Run | str | pathlib.Path | None = None,
        margin: float = 0.01,
        *,
        keep: float = 1.0,
        arm: str | None = None,
        baseline_arm: str | None = None,
        tasks: Sequence[str] = ("all",),
        confidence: float = 0.95,
        allow_synthetic: bool | str = False,
    ) -> AccuracyPreserved:
        """Whether accuracy is shown to be preserved: the default policy of ``argus-eval check`` at another margin.

        Args:
            baseline: another run, its path or id, or the path of a stored baseline; the run's own baseline arm
                where ``None``.
            margin: points of the mean over tasks that may be lost, 0.01 for one.
            keep: fraction of the baseline's score that has to be kept.
            arm: judge this arm only. baseline_arm: compare with this arm.
            tasks: names of tasks and groups the mean is taken over.
            confidence: of each one-sided bound.
            allow_synthetic: whether, or better why, bundled synthetic data may stand for a benchmark.

        Returns:
            An object that is true or false and says why.

        Raises:
            UsageError: an arm, a task or the baseline does not exist.
        """
        from argus_eval.gate.check import check_pairs
        from argus_eval.gate.preserved import AccuracyPreserved, preservation_policy
        from argus_eval.gate.read_run import read_run
        from argus_eval.gate.sources import open_source, pairs_of
        from argus_eval.stats.preservation import Margin

        reference: GateRun | StoredBaseline | None = None
        if isinstance(baseline, Run):
            reference = read_run(baseline.directory)
        elif baseline is not None:
            reference = open_source(str(baseline), self.path.parent)
        policy = preservation_policy(
            Margin(absolute=margin, keep=keep),
            tasks=tuple(tasks),
            confidence=confidence,
            allow_synthetic="allowed by the caller" if allow_synthetic is True else (allow_synthetic or ""),
        )
        pairs = pairs_of(read_run(self.directory), reference, baseline_arm, arm)
        return AccuracyPreserved(outcome=check_pairs(pairs, policy))


def evaluate(
    model: str | Sequence[str],
    tasks: str | Sequence[str],
    recipes: str | None = None,
    *,
    weights: str | Mapping[str, str] | None = None,
    data: str | Mapping[str, str] | None = None,
    limit: int | None = None,
    budget: str = "10m",
    accuracy: bool = True,
    efficiency: bool = True,
    device: str = "auto",
    dtype: str | None = None,
    batch_size: int = 8,
    dialect: str | None = None,
    strict_data: bool = False,
    runs_dir: str | pathlib.Path = "runs",
    fresh: bool = False,
    settings: Sequence[str] = (),
    regime: str = "cold-image",
    workload: str | None = None,
    narrator: Narrator | None = None,
) -> Run:
    """Evaluate models on tasks, as ``argus-eval --model … --tasks …`` does; a finished run is not made again.

    Arguments have the names and meanings of the command line's flags; ``weights`` and ``data`` take one value for
    everything or a mapping by model or task. Nothing is printed unless a ``narrator`` is given.

    Raises:
        UsageError: a name, path or combination is wrong.
        EnvironmentError_: data, a checkpoint or the disk is not there.
    """
    from argus_eval.engine.narrator import Silent
    from argus_eval.engine.run import execute

    config = RunConfig(
        models=_names(model, "model"),
        tasks=expand(_names(tasks, "tasks")),
        recipes=recipes,
        weights=_by_name(weights),
        data=_by_name(data),
        strict_data=strict_data,
        limit=limit,
        budget_s=parse_budget(budget),
        accuracy=accuracy,
        efficiency=efficiency,
        device=device,
        dtype=dtype,
        batch_size=batch_size,
        dialect=dialect,
        runs_dir=pathlib.Path(runs_dir),
        fresh=fresh,
        settings=parse_settings(settings),
        regime=parse_regime(regime),
        workload=workload,
    )
    finished = execute(config, narrator or Silent(), command="argus_eval.evaluate(…)")
    return Run(finished.run, finished.results)


def load_run(path: str | pathlib.Path, runs_dir: str | pathlib.Path = "runs") -> Run:
    """A finished run by its folder, or by its id under ``runs_dir``.

    Raises:
        UsageError: there is no run there, or it cannot be read.
        IncompleteError: it is not finished.
    """
    directory = RunDirectory.find(str(path), pathlib.Path(runs_dir))
    return Run(directory, directory.results())


def _names(value: str | Sequence[str], what: str) -> tuple[str, ...]:
    names = tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else tuple(value)
    if not names or not all(names):
        raise UsageError(f"{what}: expected at least one name, got {value!r}")
    return names


def _by_name(value: str | Mapping[str, str] | None) -> dict[str, str]:
    if value is None:
        return {}
    return {"": value} if isinstance(value, str) else dict(value)
