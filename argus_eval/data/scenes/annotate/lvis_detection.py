"""LVIS detection: for each image only some categories are checked, and not every instance is marked.

Schema: one row an image of the native file: as COCO detection, with ``coco_url``, ``neg_category_ids`` (checked
and absent) and ``not_exhaustive_category_ids`` (present, but some instances are not marked). `categories()` adds
``frequency`` r, c or f.
"""

from __future__ import annotations

from collections import Counter

from argus_eval.data.scenes.annotate import coco_detection
from argus_eval.data.scenes.annotate.identity import Row, file_name, image_number
from argus_eval.data.scenes.catalogue import THEMES, category_id
from argus_eval.data.scenes.draws import Draws
from argus_eval.data.scenes.language.asking import absent_categories
from argus_eval.data.scenes.scene import PICTURES, Scene

__all__ = ["categories", "rows"]

_MOST_NEGATIVE = 5
_UNCHECKED = 0.15  # share of present categories that nobody looked at


def categories() -> list[Row]:
    """As COCO's, with ``frequency``: f stands in several themes, c in one, r in none."""
    themes = Counter(name for names in THEMES.values() for name in names)
    return [
        {**category, "frequency": "rcf"[min(2, themes[str(category["name"])])]}
        for category in coco_detection.categories()
    ]


def rows(scene: Scene, draws: Draws) -> list[Row]:
    """One row, for a scene of objects in which at least one category is checked."""
    if scene.kind not in PICTURES:
        return []
    counted = Counter(thing.category for thing in scene.objects)
    checked = [name for name in counted if not draws.chance(_UNCHECKED)]
    partial = [name for name in checked if counted[name] >= 3 and draws.chance(0.4)]
    left_out = {
        draws.choice([thing.index for thing in scene.objects if thing.category == name]) for name in partial
    }
    marked = tuple(thing for thing in scene.objects if thing.category in checked and thing.index not in left_out)
    if not marked:
        return []
    negative = draws.sample(absent_categories(scene, at_home=draws.chance(0.5)), _MOST_NEGATIVE)
    return [
        {
            "image_id": image_number(scene),
            "file_name": file_name(scene),
            "coco_url": "",
            "width": scene.width,
            "height": scene.height,
            "neg_category_ids": sorted(category_id(name) for name in negative),
            "not_exhaustive_category_ids": sorted(category_id(name) for name in partial),
            "annotations": coco_detection.instances(scene, marked),
        }
    ]
