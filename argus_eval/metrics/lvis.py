"""LVIS: average precision over a federated annotation, and F1 under the same rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from argus_eval.core.prediction import Prediction
from argus_eval.core.sample import RegionsTarget, Sample
from argus_eval.errors import UsageError
from argus_eval.metrics.box_columns import BoolArray
from argus_eval.metrics.box_evaluation import (
    BoxEvaluation,
    evaluate_boxes,
    mean_defined,
    precision_summary,
    recall_summary,
)
from argus_eval.metrics.box_statistics import (
    BoxStatistic,
    DetectionRow,
    LabelMap,
    box_statistic,
    category_of,
    score_source,
    stack,
)
from argus_eval.metrics.corpus import WeightedValues, Weights
from argus_eval.metrics.detection import UNIT_ROUNDING, ScoreSource
from argus_eval.metrics.protocol import MetricInfo

__all__ = ["LVIS", "LVIS_INFOS", "MOST_PER_IMAGE", "UNCAPPED", "Frequency", "Lvis", "lvis_values"]

#: rare (in under 10 training images), common (under 100), frequent
Frequency = Literal["r", "c", "f"]

MOST_PER_IMAGE = 300

#: LVIS limits boxes per image, not per image and category
UNCAPPED = (2**31,)
_RECALL_NAMES = ("AR@300", "ARs@300", "ARm@300", "ARl@300")
_REFERENCE = "lvis-dataset/lvis-api lvis/eval.py"

LVIS_INFOS: tuple[MetricInfo, ...] = (
    *(
        MetricInfo(
            name=name,
            higher_is_better=True,
            bounded=True,
            reference="ours: maximum matching per image and category, micro-averaged, federated as AP",
        )
        for name in ("f1@0.5", "f1@0.75", "mf1")
    ),
    *(
        MetricInfo(name=name, higher_is_better=True, bounded=True, reference=_REFERENCE)
        for name in ("AP", "AP50", "AP75", "APs", "APm", "APl", "APr", "APc", "APf", *_RECALL_NAMES)
    ),
)


def lvis_values(evaluation: BoxEvaluation, frequency: Mapping[Frequency, BoolArray]) -> WeightedValues:
    """All values as a function of the images' weights.

    Args:
        evaluation: matched boxes after the federated rule.
        frequency: for each of "r", "c", "f" which categories belong to it, shape (K,).
    """

    def values(weights: Weights | None = None) -> Mapping[str, float | None]:
        counted = evaluation.weights(weights)
        table = evaluation.curves.evaluate(counted)
        everything, defined = table.precision[:, 0], table.defined[:, 0]
        return {
            **evaluation.f1(counted),
            **precision_summary(table),
            **{f"AP{name}": mean_defined(everything, defined & frequency[name]) for name in ("r", "c", "f")},
            **recall_summary(table, _RECALL_NAMES),
        }

    return values


@dataclass(frozen=True, slots=True, kw_only=True)
class Lvis:
    """Federated AP: an image is evaluated only on categories annotated in it or verified to be absent from it.

    Predicted boxes of other categories are left out; unmatched boxes of categories whose annotation in the image
    is known to be incomplete are no errors. At most 300 boxes an image, by score. No crowds; sizes go by the
    annotation's area.

    Args:
        vocabulary: folded name or synonym → category name, by default the sample's options; predicted labels
            outside are dropped and counted.
        frequency: folded category name → "r", "c" or "f"; without it APr, APc and APf have no value.
        scores: as in :class:`~argus_eval.metrics.detection.Detection`.
    """

    vocabulary: LabelMap | None = None
    frequency: Mapping[str, Frequency] | None = None
    scores: ScoreSource = "auto"
    infos: tuple[MetricInfo, ...] = LVIS_INFOS

    def with_vocabulary(self, vocabulary: LabelMap) -> Lvis:
        """The same metric for a closed set of categories."""
        return replace(self, vocabulary=vocabulary)

    def statistics(self, prediction: Prediction, sample: Sample) -> BoxStatistic:
        """The image's boxes that are evaluated.

        Raises:
            UsageError: the target are no regions.
        """
        if not isinstance(sample.target, RegionsTarget):
            raise UsageError(f"sample {sample.key!r}: LVIS needs target regions")
        statistic = box_statistic(prediction, sample, self.vocabulary)
        # The original asks for annotations and boxes with an area above 0; boxes count towards the 300 first.
        statistic["truths"] = [row for row in statistic["truths"] if row[5] > 0]
        known = {row[0] for row in statistic["truths"]}
        known.update(category_of(label, self.vocabulary) for label in sample.target.negative_labels)
        rows = (
            _best(statistic["detections"])
            if self.scores != "constant"
            else statistic["detections"][:MOST_PER_IMAGE]
        )
        statistic["detections"] = [row for row in rows if row[0] in known and row[3] * row[4] > 0]
        return statistic

    def prepare(self, statistics: Sequence[BoxStatistic]) -> WeightedValues:
        """Match once; the result takes weights in the order of ``statistics``."""
        source = score_source(statistics) if self.scores == "auto" else self.scores
        stacked = stack(statistics, source)
        evaluation = evaluate_boxes(
            stacked.truths,
            stacked.detections,
            images=len(statistics),
            categories=max(1, len(stacked.categories)),
            caps=UNCAPPED,
            slack=UNIT_ROUNDING,
        )
        groups = [(self.frequency or {}).get(name) for name in stacked.categories] or [None]
        frequency: dict[Frequency, BoolArray] = {
            "r": np.array([group == "r" for group in groups]),
            "c": np.array([group == "c" for group in groups]),
            "f": np.array([group == "f" for group in groups]),
        }
        return stacked.reordered(lvis_values(evaluation, frequency))

    def reduce(
        self, statistics: Sequence[BoxStatistic], weights: Weights | None = None
    ) -> Mapping[str, float | None]:
        """All values; ``None`` where no annotation has the size or no category the frequency."""
        return self.prepare(statistics)(weights)


def _best(rows: list[DetectionRow]) -> list[DetectionRow]:
    """The highest-scoring rows that are evaluated, in the order in which they were written."""
    if len(rows) <= MOST_PER_IMAGE:
        return rows
    by_score = sorted(range(len(rows)), key=lambda i: 0.0 if (score := rows[i][5]) is None else -score)
    return [rows[i] for i in sorted(by_score[:MOST_PER_IMAGE])]


LVIS = Lvis()
