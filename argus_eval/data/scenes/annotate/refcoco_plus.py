"""RefCOCO+: as RefCOCO, but no word says where in the image the object is.

Schema: hub ``lmms-lab-encoder/RefCOCOplus`` (was ``lmms-lab/RefCOCOplus``), as RefCOCO.
"""

from __future__ import annotations

from argus_eval.data.scenes.annotate import refcoco
from argus_eval.data.scenes.annotate.identity import Row
from argus_eval.data.scenes.draws import Draws
from argus_eval.data.scenes.scene import Scene

__all__ = ["rows"]


def rows(scene: Scene, draws: Draws) -> list[Row]:
    """A row for each object that can be told by its looks."""
    return refcoco.referring_rows(scene, draws, places=False)
