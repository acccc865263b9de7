"""POPE: is there one, or is there none; absent things are drawn in three ways.

Schema: hub ``lmms-lab-encoder/POPE`` (was ``lmms-lab/POPE``), test: ``id``, ``question_id``, ``question``,
``answer`` yes or no, ``image_source``, ``image``, ``category`` random, popular or adversarial.
"""

from __future__ import annotations

from collections import Counter

from argus_eval.data.scenes.annotate.identity import Row, row_number
from argus_eval.data.scenes.catalogue import CATEGORIES, THEMES
from argus_eval.data.scenes.draws import Draws
from argus_eval.data.scenes.language.asking import absent_categories, may_be_absent
from argus_eval.data.scenes.language.describing import article
from argus_eval.data.scenes.scene import PICTURES, Scene

__all__ = ["POPULAR", "rows"]

_APPEARS = Counter(name for names in THEMES.values() for name in names if name != "sign")

#: The categories that stand in the most themes, most frequent first.
POPULAR: tuple[str, ...] = tuple(
    sorted(_APPEARS, key=lambda name: (-_APPEARS[name], [c.name for c in CATEGORIES].index(name)))[:12]
)


def rows(scene: Scene, draws: Draws) -> list[Row]:
    """Six questions: for each of the three samplings one with yes and one with no.

    None for a scene that does not have enough different things or too few that are surely absent.
    """
    if scene.kind not in PICTURES:
        return []
    present = draws.sample(sorted({thing.category for thing in scene.objects}), 3)
    absent: dict[str, list[str]] = {
        "random": absent_categories(scene, at_home=False),
        "popular": [name for name in POPULAR if may_be_absent(name, scene)][:4],
        "adversarial": absent_categories(scene, at_home=True),
    }
    if len(present) < 3 or not all(absent.values()):
        return []
    found: list[Row] = []
    for (category, missing), here in zip(absent.items(), present, strict=True):
        for name, answer in ((here, "yes"), (draws.choice(missing), "no")):
            key = str(row_number(scene, len(found)))
            found.append(
                {
                    "id": key,
                    "question_id": key,
                    "question": f"Is there {article(name)} in the image?",
                    "answer": answer,
                    "image_source": scene.id,
                    "category": category,
                }
            )
    return found
