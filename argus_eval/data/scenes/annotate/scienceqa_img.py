"""ScienceQA, the part with images: school questions with choices.

Schema: hub ``lmms-lab-encoder/ScienceQA`` (was ``lmms-lab/ScienceQA``), config ScienceQA-IMG, test: ``image``,
``question``, ``choices``, ``answer`` the index, ``hint``, ``task``, ``grade``, ``subject``, ``topic``,
``category``, ``skill``, ``lecture``, ``solution``.
"""

from __future__ import annotations

from argus_eval.data.scenes.annotate.choices import about_diagram, about_objects
from argus_eval.data.scenes.annotate.identity import Row
from argus_eval.data.scenes.draws import Draws
from argus_eval.data.scenes.scene import Scene

__all__ = ["rows"]

_MOST = 3
_LECTURES = {
    "size": "Objects can be compared by their size. The largest object takes up the most space.",
    "position": "The position of an object can be described by comparing it with other objects.",
    "color": "Color is a property that can be observed.",
}
_DIAGRAM_LECTURE = "A diagram shows the parts of something, or the order in which things happen."


def rows(scene: Scene, draws: Draws) -> list[Row]:
    """Up to three questions about a diagram or about things."""
    if scene.diagram is not None:
        choices = about_diagram(scene.diagram, scene, draws)
    elif scene.kind in ("objects", "signs"):
        choices = about_objects(scene, draws)
    else:
        return []
    return [
        {
            "question": choice.question,
            "choices": list(choice.options),
            "answer": choice.right,
            "hint": "Look at the picture." if draws.chance(0.4) else "",
            "task": "closed choice",
            "grade": f"grade{draws.integer(2, 6)}",
            "subject": "natural science",
            "topic": "physics" if scene.diagram is None else "biology",
            "category": "Matter" if scene.diagram is None else "Ecosystems",
            "skill": f"Identify the {choice.topic}",
            "lecture": _LECTURES.get(choice.topic, _DIAGRAM_LECTURE),
            "solution": f"The answer is {choice.answer}.",
        }
        for choice in choices[:_MOST]
    ]
