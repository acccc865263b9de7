"""From a raw answer to a prediction and its scores, by the parts a task names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from argus_eval.core.geometry import ImageSize
from argus_eval.core.prediction import Prediction, Unparsed
from argus_eval.core.response import Response
from argus_eval.core.sample import Sample
from argus_eval.engine.token_scores import with_token_scores
from argus_eval.errors import IncompatibleError
from argus_eval.metrics.protocol import CorpusMetric, MetricInfo, SampleMetric
from argus_eval.parsing.answers import ANSWER_PARSERS
from argus_eval.parsing.dialects import DIALECTS
from argus_eval.tasks.reading import parse_context
from argus_eval.tasks.task import Task

__all__ = ["Scorer", "corpus_metrics_of", "metric_infos"]


def metric_infos(task: Task) -> tuple[MetricInfo, ...]:
    """Every value the task reports, the primary one first."""
    infos = [info for metric in task.metrics for info in metric.infos]
    infos.sort(key=lambda info: info.name != task.spec.primary)
    return tuple(infos)


def corpus_metrics_of(task: Task) -> tuple[CorpusMetric, ...]:
    """The metrics that need all samples together."""
    return tuple(cast(CorpusMetric, metric) for metric in task.metrics if _is_corpus(metric))


def _is_corpus(metric: Any) -> bool:
    return hasattr(metric, "reduce")


@dataclass(frozen=True, slots=True)
class Scorer:
    """Reads and scores answers to one task from a model of one dialect."""

    task: Task
    dialect: str | None

    def predict(self, response: Response, sample: Sample) -> Prediction:
        """What the answer says, or why nothing could be read. Never sees the target."""
        context = parse_context(
            self.task.spec,
            sample,
            resized_size=ImageSize(*response.resized_size) if response.resized_size else None,
            hit_limit=response.hit_limit,
        )
        if self.task.spec.answers_with_boxes:
            if self.dialect is None:
                raise IncompatibleError(f"{self.task.name}: the model declares no dialect; give --dialect")
            dialect = DIALECTS.get(self.dialect)
            prediction = dialect.decode(response.text, context)
            if response.token_texts:
                return with_token_scores(prediction, response, lambda text: dialect.decode(text, context))
            return prediction
        return ANSWER_PARSERS.get(self.task.spec.parser)(response.text, context)

    def score(self, prediction: Prediction, sample: Sample) -> Mapping[str, float]:
        """Values of the metrics that score a sample by itself; an unparsed prediction gets the worst."""
        scores: dict[str, float] = {}
        for metric in self.task.metrics:
            if hasattr(metric, "score"):
                scores.update(cast(SampleMetric, metric).score(prediction, sample))
        return scores

    @staticmethod
    def unparsed_reason(prediction: Prediction) -> str | None:
        """Why nothing could be read; ``None`` if something was."""
        return prediction.reason if isinstance(prediction, Unparsed) else None
