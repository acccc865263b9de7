"""A task's corpus metrics with what they must know of the whole data set."""

from __future__ import annotations

from argus_eval.engine.plan import TaskPlan
from argus_eval.engine.score_categories import category, with_categories
from argus_eval.engine.scoring import corpus_metrics_of
from argus_eval.metrics.captions import Captions
from argus_eval.metrics.detection import Detection
from argus_eval.metrics.lvis import Lvis
from argus_eval.metrics.protocol import CorpusMetric

__all__ = ["configured_metrics"]


def configured_metrics(plan: TaskPlan) -> tuple[CorpusMetric, ...]:
    """The corpus metrics of a task, in its order, for the data it runs on.

    CIDEr gets the document frequencies of every reference of the split, whatever ``--limit`` says; detection gets
    the synonyms of the data set's categories, and LVIS how frequent they are.
    """
    return tuple(_configured(metric, plan) for metric in corpus_metrics_of(plan.task))


def _configured(metric: CorpusMetric, plan: TaskPlan) -> CorpusMetric:
    if isinstance(metric, Captions):
        found = metric.with_references(plan.data.references())
        return found if found.frequency is not None and found.frequency.images else metric
    if isinstance(metric, Detection | Lvis):
        listed = tuple(category(row, f"{plan.data.source}: categories") for row in plan.data.categories())
        return with_categories(metric, listed)
    return metric
