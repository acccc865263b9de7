"""Visual Genome regions: many phrases about parts of an image, each with a box.

Schema: one row an image of the native ``region_descriptions``: ``image``, ``image_id``, ``width``, ``height``,
``regions`` list of {``region_id``, ``image_id``, ``x``, ``y``, ``width``, ``height``, ``phrase``}.
"""

from __future__ import annotations

from argus_eval.core.geometry import PixelBox
from argus_eval.data.scenes.annotate.identity import Row, image_number, row_number
from argus_eval.data.scenes.draws import Draws
from argus_eval.data.scenes.language.describing import Description, article, descriptions_of
from argus_eval.data.scenes.language.referring import Related, Relation, judge
from argus_eval.data.scenes.lettering import quad_box
from argus_eval.data.scenes.raster import xywh
from argus_eval.data.scenes.scene import PICTURES, Scene, SceneObject

__all__ = ["rows"]

_RELATIONS: tuple[Relation, ...] = ("left of", "right of", "above", "below", "next to")


def rows(scene: Scene, draws: Draws) -> list[Row]:
    """One row, for a scene of objects."""
    if scene.kind not in PICTURES or not scene.objects:
        return []
    said = [*_things(scene, draws), *_words(scene), *_pairs(scene, draws)]
    regions: list[Row] = []
    for number, (phrase, box) in enumerate(said):
        x, y, width, height = (round(value) for value in xywh(box))
        regions.append(
            {
                "region_id": row_number(scene, number),
                "image_id": image_number(scene),
                "x": x,
                "y": y,
                "width": width,
                "height": height,
                "phrase": phrase,
            }
        )
    return [{"image_id": image_number(scene), "width": scene.width, "height": scene.height, "regions": regions}]


def _things(scene: Scene, draws: Draws) -> list[tuple[str, PixelBox]]:
    """One or two phrases about each object."""
    found = []
    for thing in scene.objects:
        options = [what for what in descriptions_of(thing, scene) if what.category and what.text is None]
        chosen = draws.sample(options[1:], draws.integer(1, 2)) or options[:1]
        found += [(article(what.phrase()), thing.box) for what in chosen]
    return found


def _words(scene: Scene) -> list[tuple[str, PixelBox]]:
    """The writing on objects."""
    found = []
    for block in scene.texts:
        if block.owner is not None:
            corners = [quad_box(word.quad) for word in block.words]
            box = PixelBox(
                min(corner[0] for corner in corners),
                min(corner[1] for corner in corners),
                max(corner[2] for corner in corners),
                max(corner[3] for corner in corners),
            )
            found.append((f"the words {block.text} on the {scene.objects[block.owner].category}", box))
    return found


def _pairs(scene: Scene, draws: Draws) -> list[tuple[str, PixelBox]]:
    """Two things that stand together, with the box around both."""
    found = []
    for first in draws.sample(scene.objects, 4):
        for second in draws.sample(scene.objects, 2):
            phrase = None if first.index == second.index else _relation(first, second, scene, draws)
            if phrase is not None:
                one, two = first.box, second.box
                around = PixelBox(
                    min(one.x1, two.x1), min(one.y1, two.y1), max(one.x2, two.x2), max(one.y2, two.y2)
                )
                found.append((phrase, around))
    return found


def _relation(first: SceneObject, second: SceneObject, scene: Scene, draws: Draws) -> str | None:
    what = Description(category=first.category, colour=first.colour)
    anchor = Description(category=second.category, colour=second.colour)
    for relation in draws.shuffled(_RELATIONS):
        if first.index in judge(Related(what=what, relation=relation, anchor=anchor), scene).definite:
            return f"{article(what.phrase())} {relation} {article(anchor.phrase())}"
    return None
