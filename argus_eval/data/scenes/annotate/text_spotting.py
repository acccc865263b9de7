"""Text spotting as in ICDAR2015: the corners of every word, and what it says.

Schema: native ground truth, one row an image: ``image``, ``image_id`` (``img_1``), ``file_name``, ``gt``: the text
of ``gt_img_1.txt``, a line a word: ``x1,y1,x2,y2,x3,y3,x4,y4,transcription``, whole pixels clockwise from the top
left; ``###`` is a word that need not be read.
"""

from __future__ import annotations

import math

from argus_eval.data.scenes.annotate.identity import Row, image_number
from argus_eval.data.scenes.draws import Draws
from argus_eval.data.scenes.scene import Scene, Word

__all__ = ["rows"]

_READABLE_PX = 12.0
_READABLE_SHARE = 0.017  # of the long side: less than 9 px when the image is shown at 512


def rows(scene: Scene, draws: Draws) -> list[Row]:
    """One row, for a scene with writing on objects."""
    words = [word for block in scene.texts if block.owner is not None for word in block.words]
    if not words:
        return []
    name = f"img_{image_number(scene)}"
    return [
        {
            "image_id": name,
            "file_name": f"{name}.jpg",
            "gt": "".join(f"{_line(word, scene)}\n" for word in words),
        }
    ]


def _line(word: Word, scene: Scene) -> str:
    corners = ",".join(str(round(value)) for point in word.quad for value in point)
    return f"{corners},{word.text if _readable(word, scene) else '###'}"


def _readable(word: Word, scene: Scene) -> bool:
    (_, _), (x2, y2), (x3, y3), _ = word.quad
    height = math.hypot(x3 - x2, y3 - y2)
    return height >= max(_READABLE_PX, _READABLE_SHARE * max(scene.size))
