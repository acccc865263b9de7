"""Which benchmarks the scenes can be annotated for."""

from __future__ import annotations

import importlib

from argus_eval.data.scenes.annotate.identity import Row
from argus_eval.data.scenes.draws import Draws, Stream, draws_for
from argus_eval.data.scenes.scene import Scene
from argus_eval.errors import UnknownNameError

__all__ = ["BENCHMARKS", "annotate"]

#: Task name → module of this package.
BENCHMARKS: dict[str, str] = {
    "vqav2": "vqav2",
    "gqa": "gqa",
    "textvqa": "textvqa",
    "pope": "pope",
    "ai2d": "ai2d",
    "scienceqa_img": "scienceqa_img",
    "mmmu_val": "mmmu_val",
    "ocrbench": "ocrbench",
    "docvqa_val": "docvqa_val",
    "infovqa_val": "infovqa_val",
    "chartqa": "chartqa",
    "text_spotting": "text_spotting",
    "refcoco": "refcoco",
    "refcoco+": "refcoco_plus",
    "refcocog": "refcocog",
    "flickr30k_entities": "flickr30k_entities",
    "coco_detection": "coco_detection",
    "lvis_detection": "lvis_detection",
    "vg_dense_caption": "vg_dense_caption",
    "coco_caption": "coco_caption",
    "nocaps": "nocaps",
}


def annotate(name: str, scene: Scene, draws: Draws | None = None) -> list[Row]:
    """The rows of one benchmark about one scene, without the image; none where the scene does not suit it.

    Args:
        name: task name.
        scene: what the rows are about.
        draws: random decisions; by default those that belong to the scene and the benchmark, so that equal
            scenes get equal rows.

    Raises:
        UnknownNameError: there is no such benchmark here.
    """
    if name not in BENCHMARKS:
        raise UnknownNameError("task", name, BENCHMARKS, "scene annotations")
    module = importlib.import_module(f"argus_eval.data.scenes.annotate.{BENCHMARKS[name]}")
    rows: list[Row] = module.rows(scene, draws or draws_for(Stream(scene.stream), scene.seed, name))
    return rows
