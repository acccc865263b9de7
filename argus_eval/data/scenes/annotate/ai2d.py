"""AI2D: multiple-choice questions about diagrams.

Schema: hub ``lmms-lab-encoder/ai2d`` (was ``lmms-lab/ai2d``), test: ``question``, ``options`` list of four,
``answer`` the index as text, ``image``.
"""

from __future__ import annotations

from argus_eval.data.scenes.annotate.choices import about_diagram
from argus_eval.data.scenes.annotate.identity import Row
from argus_eval.data.scenes.draws import Draws
from argus_eval.data.scenes.scene import Scene

__all__ = ["rows"]

_MOST = 4


def rows(scene: Scene, draws: Draws) -> list[Row]:
    """Up to four questions about a diagram."""
    if scene.diagram is None:
        return []
    return [
        {"question": choice.question, "options": list(choice.options), "answer": str(choice.right)}
        for choice in about_diagram(scene.diagram, scene, draws)[:_MOST]
    ]
