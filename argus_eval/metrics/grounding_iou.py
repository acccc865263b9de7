"""Referring expression comprehension: is the first box the model wrote the one that was meant?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from argus_eval.core.geometry import iou
from argus_eval.core.prediction import Parsed, Prediction, Regions
from argus_eval.core.sample import BoxTarget, Sample
from argus_eval.errors import UsageError
from argus_eval.metrics.protocol import MetricInfo

__all__ = ["GROUNDING_IOU", "GroundingIou"]

_THRESHOLDS = {"acc@0.5": 0.5, "acc@0.75": 0.75, "acc@0.9": 0.9}
_REFERENCE = "QwenLM/Qwen-VL eval_mm/evaluate_grounding.py (plain IoU, at or above the threshold)"

# A prediction went through unit coordinates; the rounding of that must not decide a case which is exactly on the
# threshold in the pixels that were written.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundingIou:
    """Share of expressions whose first box reaches an IoU of 0.5, 0.75 and 0.9, and the mean IoU.

    The IoU is taken in pixels of the original image, without ``+1`` and without clipping; swapped corners and
    empty boxes have IoU 0. Further boxes of the same answer are not looked at: choosing among them by the
    reference would be an oracle.
    """

    infos: tuple[MetricInfo, ...] = (
        *(
            MetricInfo(name=name, higher_is_better=True, bounded=True, reference=_REFERENCE, binary=True)
            for name in _THRESHOLDS
        ),
        MetricInfo(name="mean_iou", higher_is_better=True, bounded=True, reference=_REFERENCE),
    )

    def score(self, prediction: Prediction, sample: Sample) -> Mapping[str, float]:
        """1 or 0 for each threshold, and the IoU itself.

        Raises:
            UsageError: the sample has no box as target or no image size.
        """
        if not isinstance(sample.target, BoxTarget) or sample.image_size is None:
            raise UsageError(f"sample {sample.key!r}: grounding needs a target box and an image size")
        overlap = 0.0
        if isinstance(prediction, Parsed) and isinstance(prediction.value, Regions) and prediction.value.regions:
            first = prediction.value.regions[0].box.to_pixels(sample.image_size)
            overlap = iou(first, sample.target.box)
        scores = {name: float(overlap >= least - _ROUNDING) for name, least in _THRESHOLDS.items()}
        return {**scores, "mean_iou": overlap}


GROUNDING_IOU = GroundingIou()
