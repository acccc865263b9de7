"""Object detection: F1 without confidences first, and COCO's twelve numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from argus_eval.core.prediction import Prediction
from argus_eval.core.sample import Sample
from argus_eval.metrics.box_evaluation import BoxEvaluation, evaluate_boxes, precision_summary, recall_summary
from argus_eval.metrics.box_statistics import BoxStatistic, LabelMap, box_statistic, score_source, stack
from argus_eval.metrics.corpus import WeightedValues, Weights
from argus_eval.metrics.protocol import MetricInfo

__all__ = ["CAPS", "DETECTION", "DETECTION_INFOS", "Detection", "ScoreSource", "detection_values"]

ScoreSource = Literal["auto", "model", "constant"]

#: detections per image and category for AR1, AR10 and everything else
CAPS = (1, 10, 100)
_RECALL_NAMES = ("AR1", "AR10", "AR100", "ARs", "ARm", "ARl")
_F1_REFERENCE = (
    "ours: maximum matching per image and category, micro-averaged (as Rex-Omni and FindIt report F1@IoU)"
)
_COCO_REFERENCE = "cocodataset/cocoapi pycocotools cocoeval.py"

# Boxes of a text went through unit coordinates; rounding must not decide an overlap that lies on a threshold.
UNIT_ROUNDING = 1e-9

DETECTION_INFOS: tuple[MetricInfo, ...] = (
    *(
        MetricInfo(name=name, higher_is_better=True, bounded=True, reference=_F1_REFERENCE)
        for name in ("f1@0.5", "f1@0.75", "mf1")
    ),
    *(
        MetricInfo(name=name, higher_is_better=True, bounded=True, reference=_COCO_REFERENCE)
        for name in ("AP", "AP50", "AP75", "APs", "APm", "APl", *_RECALL_NAMES)
    ),
)


def detection_values(evaluation: BoxEvaluation) -> WeightedValues:
    """The fifteen values of matched boxes as a function of the images' weights."""

    def values(weights: Weights | None = None) -> Mapping[str, float | None]:
        counted = evaluation.weights(weights)
        table = evaluation.curves.evaluate(counted)
        return {
            **evaluation.f1(counted),
            **precision_summary(table),
            **recall_summary(table, _RECALL_NAMES),
        }

    return values


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """F1 at IoU 0.5, 0.75 and averaged over 0.50:0.05:0.95, then COCO's twelve numbers.

    F1 uses every predicted box of an image at one operating point, the one the model chose: boxes and annotations
    of the same category are paired so that as many as possible are, and counts are added over images and
    categories. Boxes in a crowd annotation count neither way.

    AP needs an order of the boxes. The scores are the model's where it gave one for every box, else they are
    constant and boxes rank by image id, then as written. AP with constant scores is one point of a curve and not
    comparable with a detector's; :func:`~argus_eval.metrics.box_statistics.score_source` says which it was.

    Args:
        vocabulary: folded name or synonym → category name, by default the sample's options; predicted labels
            outside are dropped and counted.
        scores: where scores come from; "auto" as described, "constant" to discard what the model said.
    """

    vocabulary: LabelMap | None = None
    scores: ScoreSource = "auto"
    infos: tuple[MetricInfo, ...] = DETECTION_INFOS

    def with_vocabulary(self, vocabulary: LabelMap) -> Detection:
        """The same metric for a closed set of categories."""
        return replace(self, vocabulary=vocabulary)

    def statistics(self, prediction: Prediction, sample: Sample) -> BoxStatistic:
        """The image's annotated and predicted boxes."""
        return box_statistic(prediction, sample, self.vocabulary)

    def prepare(self, statistics: Sequence[BoxStatistic]) -> WeightedValues:
        """Match once; the result takes weights in the order of ``statistics``."""
        source = score_source(statistics) if self.scores == "auto" else self.scores
        stacked = stack(statistics, source)
        evaluation = evaluate_boxes(
            stacked.truths,
            stacked.detections,
            images=len(statistics),
            categories=max(1, len(stacked.categories)),
            caps=CAPS,
            slack=UNIT_ROUNDING,
        )
        return stacked.reordered(detection_values(evaluation))

    def reduce(
        self, statistics: Sequence[BoxStatistic], weights: Weights | None = None
    ) -> Mapping[str, float | None]:
        """The fifteen values; ``None`` where no annotation has the size."""
        return self.prepare(statistics)(weights)


DETECTION = Detection()
