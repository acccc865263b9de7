"""lmms-eval's scoring as metrics of ours: its filters and ``process_results`` a sample, its aggregation a task.

A metric's value is always what lmms-eval's own aggregation makes of the per-sample values. Where those values are
numbers, or records with the number that lmms-eval itself calls the score, and the aggregation is their mean, they
are also this package's per-sample scores: intervals by image, paired differences and flips rest on them.
"""

from __future__ import annotations

import copy
import dataclasses
import inspect
import math
import tempfile
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from loguru import logger

from argus_eval.core.prediction import Answer, Parsed, Prediction
from argus_eval.core.sample import Sample
from argus_eval.metrics.corpus import WeightedValues, Weights
from argus_eval.metrics.protocol import MetricInfo
from argus_eval.tasks.lmms.answering import cut_at
from argus_eval.tasks.lmms.library import MEAN, VERSION, LibraryError, guest, strip_reasoning
from argus_eval.tasks.lmms.reach import HEAVY, belongs_to, reached_modules

__all__ = ["LmmsMetric", "TaskScoring", "metrics_of"]

_PROBES = 12


class TaskScoring:
    """Per-sample values of one task of lmms-eval.

    Args:
        name: ``lmms:NAME``, for messages.
        task: the open task.
        stops: strings at which an answer ends.
    """

    def __init__(self, name: str, task: Any, stops: tuple[str, ...]) -> None:
        self.name, self.task = name, task
        self._stops = stops
        self._last: tuple[tuple[str, str], dict[str, dict[str, Any]]] | None = None

    @property
    def filters(self) -> tuple[str, ...]:
        """Names of the task's filter pipelines; each gives every metric a value of its own."""
        return tuple(ensemble.name for ensemble in self.task._filters)

    def values(self, key: str, text: str) -> Mapping[str, Mapping[str, Any]]:
        """Filter → metric → the value of document number ``key`` for the raw answer ``text``.

        Raises:
            LibraryError: the task's code fails on this document or answer.
        """
        if self._last is not None and self._last[0] == (key, text):
            return self._last[1]
        answer = cut_at(text, self._stops)
        with guest(f"{self.name}: document {key}: process_results"):
            found = {ensemble.name: self._processed(int(key), answer, ensemble) for ensemble in self.task._filters}
        self._last = (key, text), found
        return found

    def _processed(self, number: int, answer: str, ensemble: Any) -> dict[str, Any]:
        responses: Any = [[answer]]
        for step in ensemble.filters:
            # Its filters walk documents and answers side by side.
            responses = step.apply(responses, self.task.task_docs.select([number]))
        filtered = next(iter(responses))
        if isinstance(filtered, str):
            filtered = strip_reasoning(filtered, self.task)
        elif isinstance(filtered, list):
            filtered = [strip_reasoning(item, self.task) if isinstance(item, str) else item for item in filtered]
        # A fresh copy of the document each time: some tasks write into it.
        return dict(self.task.process_results(self.task.eval_docs_no_media[number], [filtered]))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Aggregation:
    """One aggregation function of lmms-eval, called as if it were the first time."""

    what: str
    function: Callable[..., Any]

    def __call__(self, values: Sequence[Any], *, aloud: bool = False) -> float | None:
        """Its value, or ``None`` where it is no finite number or is not defined on these values.

        Args:
            values: of ``process_results``.
            aloud: log why it is not defined (no Java, half of a pair missing).
        """
        if not values:
            return None
        try:
            with guest(self.what), _as_found(self.function), tempfile.TemporaryDirectory() as folder:
                result = self._call(copy.deepcopy(list(values)), folder)
        except LibraryError as problem:
            if aloud:
                logger.warning(str(problem))
            return None
        return _number(result)

    def _call(self, values: list[Any], folder: str) -> Any:
        if "args" in inspect.signature(self.function).parameters:
            # Where it writes a file for an evaluation server, nobody is there to submit it.
            return self.function(values, args=types.SimpleNamespace(output_path=folder))
        return self.function(values)


@contextmanager
def _as_found(function: Callable[..., Any]) -> Iterator[None]:
    """Put the plain containers among a function's globals back as they were: some tasks add up in them."""
    names = getattr(function, "__globals__", {})
    kept = {
        name: (value, copy.deepcopy(value))
        for name, value in names.items()
        if isinstance(value, dict | list | set) and not name.startswith("__")
    }
    try:
        yield
    finally:
        for value, before in kept.values():
            value.clear()
            value.extend(before) if isinstance(value, list) else value.update(before)


class LmmsMetric:
    """One metric of a task of lmms-eval; a corpus metric that also scores samples where that means something.

    Args:
        scoring: of the task.
        key: filter and metric, as lmms-eval names them.
        info: how pages call it.
        aggregation: lmms-eval's function.
    """

    def __init__(
        self, scoring: TaskScoring, key: tuple[str, str], info: MetricInfo, aggregation: _Aggregation
    ) -> None:
        self._scoring, self._key, self._aggregation = scoring, key, aggregation
        self._score_key = str(scoring.task.config.score_key or "score")
        self.infos: tuple[MetricInfo, ...] = (info,)
        self._single: Callable[[Any], float | None] | None = None

    def score(self, prediction: Prediction, sample: Sample) -> Mapping[str, float]:
        """The sample's own value, where the task's is the mean of them; else nothing."""
        found = self.statistics(prediction, sample)
        value = self._single(found[0]) if self._single is not None and found else None
        return {} if value is None else {self.infos[0].name: value}

    def statistics(self, prediction: Prediction, sample: Sample) -> tuple[Any, ...]:
        """What ``process_results`` gave for this metric: one value, or none where it leaves the sample out."""
        answered = isinstance(prediction, Parsed) and isinstance(prediction.value, Answer)
        text = prediction.value.text if answered else ""  # type: ignore[union-attr]
        found = self._value(sample.key, text)
        if found and self._single in (_number, self._recorded_score):
            self._notice(self._single(found[0]))
        return found

    def reduce(
        self, statistics: Sequence[tuple[Any, ...]], weights: Weights | None = None
    ) -> Mapping[str, float | None]:
        """The task's value by lmms-eval's aggregation; not defined for weights, which it does not know."""
        return self.prepare(statistics)(weights)

    def prepare(self, statistics: Sequence[tuple[Any, ...]]) -> WeightedValues:
        """The value, computed once; see :meth:`reduce`."""
        name = self.infos[0].name
        value = self._aggregation([item for found in statistics for item in found], aloud=len(statistics) > 1)
        return lambda weights: {name: value if weights is None or (weights == 1).all() else None}

    def _notice(self, score: float | None) -> None:
        """A score outside [0, 1] shows that this is no accuracy, whatever the first documents looked like."""
        if score is not None and not 0 <= score <= 1 and self.infos[0].bounded:
            self.infos = (dataclasses.replace(self.infos[0], bounded=False),)

    def _value(self, key: str, text: str) -> tuple[Any, ...]:
        found = self._scoring.values(key, text)[self._key[0]]
        return (found[self._key[1]],) if self._key[1] in found else ()

    def learn(self, answers: Sequence[tuple[str, str]], *, heavy: bool) -> bool:
        """Find out on a few (document, answer) pairs what a sample's score is; says whether the value is a number.

        Args:
            answers: right and wrong ones.
            heavy: the aggregation starts processes or models; it is not tried out.
        """
        values = [value for key, text in answers for value in self._value(key, text)]
        for single in (_number, self._recorded_score, None if heavy else lambda value: self._aggregation([value])):
            if single is None:
                continue
            scores = [single(value) for value in values]
            if not scores or any(score is None for score in scores):
                continue
            numbers = [score for score in scores if score is not None]
            if self._is_mean(numbers, values, heavy):
                self._single = single
                self.infos = (_bounded(self.infos[0], numbers),)
                return True
        return heavy or not values or self._aggregation(values) is not None or self._fails(values)

    def _is_mean(self, numbers: Sequence[float], values: Sequence[Any], heavy: bool) -> bool:
        """The aggregation is the mean of ``numbers``; where all are equal only its own mean is believed."""
        if self._aggregation.function is MEAN:
            return True
        if heavy or len(set(numbers)) < 2:
            return False
        whole = self._aggregation(values)
        return whole is not None and math.isclose(whole, sum(numbers) / len(numbers), abs_tol=1e-9)

    def _recorded_score(self, value: Any) -> float | None:
        return _number(value.get(self._score_key)) if isinstance(value, Mapping) else None

    def _fails(self, values: Sequence[Any]) -> bool:
        """The aggregation raised on a handful of samples, which says nothing of all of them."""
        try:
            with guest(""), _as_found(self._aggregation.function), tempfile.TemporaryDirectory() as folder:
                self._aggregation._call(copy.deepcopy(list(values)), folder)
        except LibraryError:
            return True
        return False


def metrics_of(scoring: TaskScoring, folder: str) -> tuple[LmmsMetric, ...]:
    """The metrics of a task, in its order; those that yield a file for a server instead of a number are left out.

    Args:
        scoring: of the task.
        folder: where lmms-eval's task files lie.
    """
    task = scoring.task
    answers = _probe_answers(task)
    found: list[LmmsMetric] = []
    for filter_name in scoring.filters:
        for name, function in task.aggregation().items():
            shown = name if len(scoring.filters) == 1 else f"{name},{filter_name}"
            info = MetricInfo(
                name=shown,
                higher_is_better=bool(task.higher_is_better()[name]),
                bounded=False,
                reference=f"lmms-eval {VERSION}, task {scoring.name.partition(':')[2]}",
            )
            aggregation = _Aggregation(what=f"{scoring.name}: aggregation of {name}", function=function)
            metric = LmmsMetric(scoring, (filter_name, name), info, aggregation)
            heavy = bool(belongs_to(reached_modules([function], folder), HEAVY))
            if metric.learn(answers, heavy=heavy):
                found.append(metric)
    return tuple(found)


def _probe_answers(task: Any) -> list[tuple[str, str]]:
    """A few documents over the whole data set, answered rightly, wrongly and not at all in turn."""
    docs = task.eval_docs_no_media
    count = min(len(docs), _PROBES)
    numbers = [index * len(docs) // count for index in range(count)]
    with guest("doc_to_target"):
        targets = [task.references(number)[0] for number in numbers]
    answers = []
    for place, number in enumerate(numbers):
        right, other = targets[place], targets[(place + 1) % len(targets)]
        answers.append((str(number), (right, other, "")[place % 3]))
    return answers


def _bounded(info: MetricInfo, numbers: Sequence[float]) -> MetricInfo:
    return dataclasses.replace(info, bounded=all(0 <= number <= 1 for number in numbers))


def _number(value: Any) -> float | None:
    """A finite number as a float; ``None`` for anything else."""
    if isinstance(value, str | bytes | Mapping) or value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
