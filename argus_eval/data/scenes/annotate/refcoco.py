"""RefCOCO: one row an object, with several short expressions.

Schema: hub ``lmms-lab-encoder/RefCOCO`` (was ``lmms-lab/RefCOCO``), splits val, testA, testB: ``question_id``,
``image``, ``question``, ``answer`` list of expressions, ``segmentation``, ``bbox`` [x, y, w, h] in pixels,
``iscrowd``, ``file_name``.
"""

from __future__ import annotations

from argus_eval.data.scenes.annotate.identity import Row, row_number
from argus_eval.data.scenes.draws import Draws
from argus_eval.data.scenes.language.finding import expressions_for
from argus_eval.data.scenes.language.wording import short_words
from argus_eval.data.scenes.placing import scene_sights
from argus_eval.data.scenes.raster import outlines, xywh
from argus_eval.data.scenes.scene import PICTURES, Scene, SceneObject

__all__ = ["QUESTION", "referred", "referring_row", "referring_rows", "rows", "segmentations"]

#: The hub's text, the same in every row (it belongs to the captioning use of the data set).
QUESTION = "Please carefully observe the area circled in the image and come up with a caption for the area."
_MOST_EXPRESSIONS = 3


def rows(scene: Scene, draws: Draws) -> list[Row]:
    """A row for each object that can be referred to."""
    return referring_rows(scene, draws, places=True)


def referring_rows(scene: Scene, draws: Draws, *, places: bool) -> list[Row]:
    """Rows with short expressions; ``places`` allows words for positions in the image."""
    polygons = segmentations(scene)
    return [
        referring_row(scene, thing, sentences, polygons[thing.index])
        for thing, sentences in referred(scene, draws, places=places)
    ]


def referred(scene: Scene, draws: Draws, *, places: bool) -> list[tuple[SceneObject, list[str]]]:
    """Objects with expressions that mean them and nothing else: the rows without the costly outlines."""
    found: list[tuple[SceneObject, list[str]]] = []
    if scene.kind not in PICTURES:
        return found
    for thing in scene.objects:
        count = draws.integer(1, _MOST_EXPRESSIONS)
        expressions = expressions_for(thing, scene, draws, places=places)[: count + 1]
        sentences = list(dict.fromkeys(short_words(expression, draws) for expression in expressions))[:count]
        if sentences:
            found.append((thing, sentences))
    return found


def referring_row(scene: Scene, thing: SceneObject, sentences: list[str], polygons: list[list[float]]) -> Row:
    """One row in the schema shared by RefCOCO, RefCOCO+ and RefCOCOg."""
    return {
        "question_id": str(row_number(scene, thing.index)),
        "question": QUESTION,
        "answer": sentences,
        "segmentation": polygons[0],
        "bbox": xywh(thing.box),
        "iscrowd": 0,
        "file_name": f"{scene.id}_{thing.index}.jpg",
    }


def segmentations(scene: Scene) -> list[list[list[float]]]:
    """Outlines of what can be seen of each object, in COCO polygons, longest first."""
    polygons = []
    for sight in scene_sights(scene):
        corner = (sight.cover.left, sight.cover.top)
        loops = outlines(sight.cover.mask)
        polygons.append([[value + corner[at % 2] for at, value in enumerate(loop)] for loop in loops])
    return polygons
