"""RefCOCOg: as RefCOCO, with one or two whole descriptions an object.

Schema: hub ``lmms-lab-encoder/RefCOCOg`` (was ``lmms-lab/RefCOCOg``), as RefCOCO.
"""

from __future__ import annotations

from argus_eval.data.scenes.annotate.identity import Row
from argus_eval.data.scenes.annotate.refcoco import referring_row, segmentations
from argus_eval.data.scenes.draws import Draws
from argus_eval.data.scenes.language.finding import expressions_for
from argus_eval.data.scenes.language.referring import Between, Plain, Related
from argus_eval.data.scenes.language.wording import long_words
from argus_eval.data.scenes.scene import PICTURES, Scene

__all__ = ["rows"]


def rows(scene: Scene, draws: Draws) -> list[Row]:
    """A row for each object that can be referred to; descriptions by other objects come first."""
    found: list[Row] = []
    if scene.kind not in PICTURES:
        return found
    polygons = segmentations(scene)
    for thing in scene.objects:
        expressions = sorted(
            expressions_for(thing, scene, draws),
            key=lambda expression: isinstance(expression, Plain) + (not isinstance(expression, Related | Between)),
        )
        count = draws.integer(1, 2)
        sentences = list(dict.fromkeys(long_words(expression, draws) for expression in expressions[: count + 1]))
        if sentences:
            found.append(referring_row(scene, thing, sentences[:count], polygons[thing.index]))
    return found
