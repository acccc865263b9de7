"""COCO detection: every object with category, tight box, area and outline.

Schema: one row an image of the native instances file: ``image``, ``image_id``, ``file_name``, ``width``,
``height``, ``annotations`` list of {``id``, ``image_id``, ``category_id``, ``category``, ``bbox`` [x, y, w, h],
``area``, ``iscrowd``, ``segmentation``}. The native file's ``categories`` are `categories()`.
"""

from __future__ import annotations

from argus_eval.data.scenes.annotate.identity import Row, file_name, image_number, row_number
from argus_eval.data.scenes.annotate.refcoco import segmentations
from argus_eval.data.scenes.catalogue import CATEGORIES, category_id
from argus_eval.data.scenes.draws import Draws
from argus_eval.data.scenes.raster import xywh
from argus_eval.data.scenes.scene import PICTURES, Scene, SceneObject

__all__ = ["categories", "instances", "rows"]


def categories() -> list[Row]:
    """The ``categories`` of a native instances file: ``id`` from 1, ``name``, ``supercategory``."""
    return [
        {"id": number, "name": category.name, "supercategory": category.group}
        for number, category in enumerate(CATEGORIES, start=1)
    ]


def rows(scene: Scene, draws: Draws) -> list[Row]:
    """One row, for a scene of objects."""
    if scene.kind not in PICTURES or not scene.objects:
        return []
    return [
        {
            "image_id": image_number(scene),
            "file_name": file_name(scene),
            "width": scene.width,
            "height": scene.height,
            "annotations": instances(scene, scene.objects),
        }
    ]


def instances(scene: Scene, things: tuple[SceneObject, ...]) -> list[Row]:
    """Native annotations of some of the objects; ids start at 1, zero being a special value in COCO tools."""
    polygons = segmentations(scene)
    return [
        {
            "id": row_number(scene, thing.index),
            "image_id": image_number(scene),
            "category_id": category_id(thing.category),
            "category": thing.category,
            "bbox": xywh(thing.box),
            "area": float(thing.area_px),
            "iscrowd": 0,
            "segmentation": polygons[thing.index],
        }
        for thing in things
    ]
