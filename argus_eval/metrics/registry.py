"""Every metric by name. Listing imports nothing: each entry is loaded when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from argus_eval.registry import Registry

if TYPE_CHECKING:  # the protocol needs numpy, a listing does not
    from argus_eval.metrics.protocol import Metric

__all__ = ["METRICS"]

_BUILTIN = {
    "accuracy": "argus_eval.metrics.exact_match:ACCURACY",
    "gqa_accuracy": "argus_eval.metrics.exact_match:GQA_ACCURACY",
    "mmmu_accuracy": "argus_eval.metrics.mmmu:MMMU_ACCURACY",
    "pope": "argus_eval.metrics.pope:POPE",
    "anls": "argus_eval.metrics.anls:ANLS",
    "anls_strict": "argus_eval.metrics.anls:ANLS_STRICT",
    "relaxed_accuracy": "argus_eval.metrics.relaxed_accuracy:RELAXED_ACCURACY",
    "relaxed_accuracy_clean": "argus_eval.metrics.relaxed_accuracy:RELAXED_ACCURACY_CLEAN",
    "relaxed_accuracy_by_split": "argus_eval.metrics.relaxed_accuracy:RELAXED_ACCURACY_BY_SPLIT",
    "accuracy_by_subject": "argus_eval.metrics.grouped:ACCURACY_BY_SUBJECT",
    "mmmu_by_discipline": "argus_eval.metrics.grouped:MMMU_BY_DISCIPLINE",
    "vqa_by_answer_type": "argus_eval.metrics.grouped:VQA_BY_ANSWER_TYPE",
    "pope_by_split": "argus_eval.metrics.grouped:POPE_BY_SPLIT",
    "nocaps_by_domain": "argus_eval.metrics.grouped:NOCAPS_BY_DOMAIN",
    "ocrbench_by_group": "argus_eval.metrics.grouped:OCRBENCH_BY_GROUP",
    "answer_length": "argus_eval.metrics.ocrbench:ANSWER_LENGTH",
    "reading": "argus_eval.metrics.reading:READING",
    "grounding_any_box": "argus_eval.metrics.grounding_iou:GROUNDING_ANY_BOX",
    "ocrbench_score": "argus_eval.metrics.ocrbench:OCRBENCH_SCORE",
    "detection": "argus_eval.metrics.detection:DETECTION",
    "voc": "argus_eval.metrics.voc:VOC",
    "lvis": "argus_eval.metrics.lvis:LVIS",
    "captions": "argus_eval.metrics.captions:CAPTIONS",
    "captions_tokenized": "argus_eval.metrics.captions:CAPTIONS_TOKENIZED",
    "meteor": "argus_eval.metrics.meteor:METEOR",
    "meteor_tokenized": "argus_eval.metrics.meteor:METEOR_TOKENIZED",
    "dense_map": "argus_eval.metrics.dense_map:DENSE_MAP",
    "text_spotting": "argus_eval.metrics.text_spotting:TEXT_SPOTTING",
    "grounding_iou": "argus_eval.metrics.grounding_iou:GROUNDING_IOU",
    "vqa_accuracy": "argus_eval.metrics.vqa_accuracy:VQA_ACCURACY",
    "vqa_accuracy_evalai": "argus_eval.metrics.vqa_accuracy:VQA_ACCURACY_EVALAI",
}

METRICS: Registry[Metric] = Registry("metric", _BUILTIN, "argus_eval.metrics")
