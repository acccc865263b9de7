"""Referring expression comprehension: is the first box the model wrote the one that was meant?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from argus_eval.core.geometry import PixelBox, iou
from argus_eval.core.prediction import Parsed, Prediction, Regions
from argus_eval.core.sample import BoxTarget, Sample
from argus_eval.errors import UsageError
from argus_eval.metrics.protocol import MetricInfo

__all__ = ["ANY_BOX", "GROUNDING_ANY_BOX", "GROUNDING_IOU", "GroundingAnyBox", "GroundingIou"]

#: attribute of a sample with several boxes: "x1,y1,x2,y2;…" in pixels; a sample with one box has none
ANY_BOX = "any_box"

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


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundingAnyBox:
    """Share of phrases whose first box reaches an IoU of 0.5 with *any* annotated box of the phrase.

    The other protocol of Flickr30k Entities; :class:`GroundingIou` takes the union of the boxes.
    """

    infos: tuple[MetricInfo, ...] = (
        MetricInfo(
            name="any_box@0.5",
            higher_is_better=True,
            bounded=True,
            binary=True,
            reference="ashkamath/mdetr datasets/flickr_eval.py (any-box protocol, Recall@1)",
        ),
    )

    def score(self, prediction: Prediction, sample: Sample) -> Mapping[str, float]:
        """1 or 0.

        Raises:
            UsageError: the sample has no box as target or no image size, or its further boxes are no boxes.
        """
        if not isinstance(sample.target, BoxTarget) or sample.image_size is None:
            raise UsageError(f"sample {sample.key!r}: grounding needs a target box and an image size")
        overlap = 0.0
        if isinstance(prediction, Parsed) and isinstance(prediction.value, Regions) and prediction.value.regions:
            first = prediction.value.regions[0].box.to_pixels(sample.image_size)
            overlap = max(iou(first, box) for box in _every_box(sample, sample.target.box))
        return {"any_box@0.5": float(overlap >= 0.5 - _ROUNDING)}


def _every_box(sample: Sample, merged: PixelBox) -> list[PixelBox]:
    listed = sample.attributes.get(ANY_BOX)
    if not listed:
        return [merged]
    try:
        return [PixelBox(*map(float, box.split(","))) for box in str(listed).split(";")]
    except (TypeError, ValueError):
        raise UsageError(
            f"sample {sample.key!r}: {ANY_BOX}: expected x1,y1,x2,y2;…, got {str(listed)[:80]!r}"
        ) from None


GROUNDING_IOU = GroundingIou()
GROUNDING_ANY_BOX = GroundingAnyBox()
