"""Names of the bundled samples, for listings that must not import anything heavy."""

from __future__ import annotations

__all__ = ["NAMES"]

NAMES: tuple[str, ...] = (
    "refcoco",
    "textvqa",
    "vqav2",
    "gqa",
    "pope",
    "ai2d",
    "scienceqa_img",
    "mmmu_val",
    "ocrbench",
    "docvqa_val",
    "infovqa_val",
    "chartqa",
    "text_spotting",
    "refcoco+",
    "refcocog",
    "flickr30k_entities",
    "coco_detection",
    "lvis_detection",
    "vg_dense_caption",
    "coco_caption",
    "nocaps",
)
