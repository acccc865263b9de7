"""Every metric by name. Listing imports nothing: each entry is loaded when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from argus_eval.registry import Registry

if TYPE_CHECKING:  # the protocol needs numpy, a listing does not
    from argus_eval.metrics.protocol import Metric

__all__ = ["METRICS"]

_BUILTIN = {
    "grounding_iou": "argus_eval.metrics.grounding_iou:GROUNDING_IOU",
    "vqa_accuracy": "argus_eval.metrics.vqa_accuracy:VQA_ACCURACY",
    "vqa_accuracy_evalai": "argus_eval.metrics.vqa_accuracy:VQA_ACCURACY_EVALAI",
}

METRICS: Registry[Metric] = Registry("metric", _BUILTIN, "argus_eval.metrics")
