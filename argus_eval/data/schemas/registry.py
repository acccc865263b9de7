"""Every schema by name. Listing imports nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from argus_eval.registry import Registry

if TYPE_CHECKING:
    from argus_eval.data.schemas.schema import Schema

__all__ = ["SCHEMAS"]

_HERE = "argus_eval.data.schemas"
_BUILTIN = {
    "refcoco": f"{_HERE}.refcoco:REFCOCO",
    "textvqa": f"{_HERE}.questions:TEXTVQA",
    "vqav2": f"{_HERE}.questions:VQAV2",
    "gqa": f"{_HERE}.questions:GQA",
    "pope": f"{_HERE}.questions:POPE",
    "docvqa": f"{_HERE}.questions:DOCVQA",
    "infovqa": f"{_HERE}.questions:INFOVQA",
    "chartqa": f"{_HERE}.questions:CHARTQA",
    "ocrbench": f"{_HERE}.questions:OCRBENCH",
    "ai2d": f"{_HERE}.choices:AI2D",
    "scienceqa_img": f"{_HERE}.choices:SCIENCEQA_IMG",
    "mmmu": f"{_HERE}.choices:MMMU",
    "coco_caption": f"{_HERE}.captions:COCO_CAPTION",
    "nocaps": f"{_HERE}.captions:NOCAPS",
    "coco": f"{_HERE}.regions:COCO",
    "lvis": f"{_HERE}.regions:LVIS",
    "vg_regions": f"{_HERE}.regions:VG_REGIONS",
    "icdar2015": f"{_HERE}.regions:ICDAR2015",
    "flickr30k_entities": f"{_HERE}.regions:FLICKR30K_ENTITIES",
}

SCHEMAS: Registry[Schema] = Registry("schema", _BUILTIN, "argus_eval.schemas")
