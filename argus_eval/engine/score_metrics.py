"""Which metrics a task is scored with, and their values with intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import cast

import numpy as np

from argus_eval.core.prediction import Prediction
from argus_eval.core.sample import AnswersTarget, Sample
from argus_eval.engine.corpus_intervals import corpus_intervals, resampled
from argus_eval.engine.score_categories import Category, with_categories
from argus_eval.engine.score_report import ScoreValue
from argus_eval.engine.score_settings import ScoreSettings
from argus_eval.errors import UsageError
from argus_eval.metrics.captions import Captions
from argus_eval.metrics.corpus import WeightedValues, prepared
from argus_eval.metrics.detection import Detection
from argus_eval.metrics.lvis import Lvis
from argus_eval.metrics.protocol import CorpusMetric, Metric, MetricInfo, SampleMetric
from argus_eval.metrics.registry import METRICS
from argus_eval.stats.bootstrap import MINIMUM_DRAWS, MINIMUM_IMAGES
from argus_eval.stats.cluster import accuracy_interval, cluster_robust_interval
from argus_eval.tasks.spec import TaskSpec

__all__ = ["Scored", "corpus_values", "metrics_of", "sample_scores"]

#: An answered item: what was read, and the reference.
Scored = tuple[Prediction, Sample]

_SEED = 0
_VARIANTS: dict[tuple[str, str], str] = {
    ("anls", "strict"): "anls_strict",
    ("relaxed_accuracy", "clean"): "relaxed_accuracy_clean",
    ("vqa_accuracy", "evalai"): "vqa_accuracy_evalai",
    ("vqa_accuracy_evalai", "vqav2"): "vqa_accuracy",
}
_ALREADY: dict[tuple[str, str], str] = {
    ("vqa_accuracy", "vqav2"): "vqa_accuracy",
    ("vqa_accuracy_evalai", "evalai"): "vqa_accuracy_evalai",
    ("detection", "pycocotools"): "detection",
}
_TOKENISED = {"captions": "captions_tokenized", "meteor": "meteor_tokenized"}


def metrics_of(
    spec: TaskSpec, settings: ScoreSettings, samples: Sequence[Sample], categories: Sequence[Category]
) -> tuple[Metric, ...]:
    """The task's metrics in the variant that ``settings`` ask for.

    Args:
        spec: the task.
        settings: variants.
        samples: every item, also those without a prediction.
        categories: what a detector could choose from, where a file says so.

    Raises:
        UsageError: the task has no such variant.
    """
    names = list(spec.metrics)
    if spec.kind == "captioning" and "meteor" not in names:
        names.append("meteor")
    if settings.compat != "official":
        variants = {**_VARIANTS, **_ALREADY}
        if not any((name, settings.compat) in variants for name in names):
            known = sorted({compat for name, compat in variants if name in names})
            raise UsageError(
                f"--set compat={settings.compat}: {spec.name} has no such variant; "
                f"it has {', '.join(['official', *known])}"
            )
        names = [variants.get((name, settings.compat), name) for name in names]
    if settings.tokenizer == "none":
        names = [_TOKENISED.get(name, name) for name in names]
    return tuple(_configured(METRICS.get(name), settings, samples, categories) for name in names)


def _configured(
    metric: Metric, settings: ScoreSettings, samples: Sequence[Sample], categories: Sequence[Category]
) -> Metric:
    if isinstance(metric, Captions):
        # The references are known without predictions, so document frequencies are those of the whole file.
        targets = (sample.target for sample in samples)
        return metric.with_references(t.answers for t in targets if isinstance(t, AnswersTarget))
    if isinstance(metric, Detection | Lvis):
        return with_categories(replace(metric, scores=settings.scores), categories)
    return metric


def sample_scores(
    metrics: Sequence[Metric], scored: Sequence[Scored], settings: ScoreSettings, say: Callable[[str], None]
) -> dict[str, ScoreValue]:
    """Every value of every metric over answered items, intervals clustered by image."""
    clusters = [sample.cluster for _, sample in scored]
    values: dict[str, ScoreValue] = {}
    for metric in metrics:
        if hasattr(metric, "reduce"):
            corpus = cast(CorpusMetric, metric)
            statistics = [corpus.statistics(prediction, sample) for prediction, sample in scored]
            wanted = settings.ci and resampled(corpus, clusters)
            values.update(corpus_values(prepared(corpus, statistics), clusters, intervals=wanted, say=say))
        else:
            values.update(_means(metric, scored, clusters, settings))
    return values


def _means(
    metric: SampleMetric, scored: Sequence[Scored], clusters: Sequence[str], settings: ScoreSettings
) -> dict[str, ScoreValue]:
    rows = [metric.score(prediction, sample) for prediction, sample in scored]
    return {info.name: _mean(info, [row[info.name] for row in rows], clusters, settings) for info in metric.infos}


def _mean(
    info: MetricInfo, scores: Sequence[float], clusters: Sequence[str], settings: ScoreSettings
) -> ScoreValue:
    if not scores:
        return ScoreValue(value=None, ci=None, n=0)
    array = np.array(scores, dtype=np.float64)
    interval = None
    if settings.ci:
        interval = (accuracy_interval if info.bounded else cluster_robust_interval)(array, clusters)
    ci = (interval.low, interval.high) if interval else None
    return ScoreValue(value=float(array.mean()), ci=ci, n=len(array))


def corpus_values(
    values: WeightedValues, clusters: Sequence[str], *, intervals: bool, say: Callable[[str], None]
) -> dict[str, ScoreValue]:
    """Values of a corpus metric with percentile intervals, all of them from the same draws of images."""
    found, n, images = values(None), len(clusters), len(set(clusters))
    bounds: Mapping[str, tuple[float, float] | None] = {}
    if intervals and images >= MINIMUM_IMAGES:
        say(f"intervals: {MINIMUM_DRAWS:,} draws of {images:,} images (--set ci=off skips them)")
        bounds = corpus_intervals(values, clusters, _SEED)
    return {name: ScoreValue(value=value, ci=bounds.get(name), n=n) for name, value in found.items()}
