"""What must be said beside the numbers of one arm on one task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from argus_eval.core.record import Record
from argus_eval.engine.plan import TaskPlan
from argus_eval.metrics.box_statistics import BoxStatistic, score_source
from argus_eval.metrics.captions import Captions
from argus_eval.metrics.detection import Detection
from argus_eval.metrics.lvis import Lvis
from argus_eval.metrics.protocol import CorpusMetric

__all__ = ["limit_note", "metric_notes", "record_notes"]

_CONSTANT = (
    "AP scores: constant (boxes rank by image id, then as written); one operating point, not comparable with a "
    "detector's AP"
)
_OWN = "AP scores: the model's own, one for every box"
_TOKENS = "AP scores: token probability (geometric mean over the tokens of a box's numbers)"


def limit_note(plan: TaskPlan) -> tuple[str, ...]:
    """That a part of the split was used, where it was."""
    if plan.limit is None:
        return ()
    total = plan.data.count_samples()
    if total is not None and total <= plan.limit:
        return ()
    of = f" of {total:,}" if total is not None else ""
    return (f"--limit: the first {plan.limit:,}{of} samples; not comparable with a published number",)


def metric_notes(metric: CorpusMetric, statistics: Sequence[Any], *, token_scores: bool) -> tuple[str, ...]:
    """Conditions of a corpus metric: where scores come from, whose words were counted, what was dropped."""
    if isinstance(metric, Captions):
        if metric.frequency is None:
            return ("CIDEr: document frequencies of the scored samples only",)
        return (f"CIDEr: document frequencies of the references of {metric.frequency.images:,} images",)
    if isinstance(metric, Detection | Lvis):
        return _detection_notes(statistics, token_scores)
    return ()


def _detection_notes(statistics: Sequence[BoxStatistic], token_scores: bool) -> tuple[str, ...]:
    dropped = sum(statistic["dropped"] for statistic in statistics)
    kept = sum(len(statistic["detections"]) for statistic in statistics)
    notes = [_score_note(statistics, token_scores)] if kept else []
    if dropped:
        notes.append(f"{dropped:,} of {dropped + kept:,} boxes carry no label of a category, and are left out")
    return tuple(notes)


def _score_note(statistics: Sequence[BoxStatistic], token_scores: bool) -> str:
    if score_source(statistics) == "model":
        return _TOKENS if token_scores else _OWN
    asked = "; token probabilities were asked for and not given for every box" if token_scores else ""
    return _CONSTANT + asked


def record_notes(plan: TaskPlan, records: Sequence[Record]) -> tuple[str, ...]:
    """What the answers themselves give rise to."""
    if plan.task.spec.kind != "grounding":
        return ()
    several = sum(len((record.prediction or {}).get("regions") or ()) > 1 for record in records)  # type: ignore[arg-type]
    return (f"{several:,} answers hold several boxes; the first counts",) if several else ()
