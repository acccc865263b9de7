"""COCO captions: five sentences about an image.

Schema: hub ``lmms-lab-encoder/COCO-Caption2017`` (was ``lmms-lab/COCO-Caption2017``), val: ``question_id`` (the
file name), ``image``, ``question``, ``answer`` list of captions, ``id``, ``license``, ``file_name``, ``coco_url``,
``height``, ``width``, ``date_captured``.
"""

from __future__ import annotations

from argus_eval.data.scenes.annotate.identity import Row, image_number
from argus_eval.data.scenes.draws import Draws
from argus_eval.data.scenes.language.captioning import captions
from argus_eval.data.scenes.scene import PICTURES, Scene

__all__ = ["rows"]

_REFERENCES = 5


def rows(scene: Scene, draws: Draws) -> list[Row]:
    """One row, for a scene with enough to say."""
    if scene.kind not in PICTURES:
        return []
    said = captions(scene, draws, _REFERENCES)
    if len(said) < _REFERENCES:
        return []
    name = f"{image_number(scene):012d}.jpg"
    return [
        {
            "question_id": name,
            "question": "Please carefully observe the image and come up with a caption for the image",
            "answer": [caption.text for caption in said],
            "id": image_number(scene),
            "license": 0,
            "file_name": name,
            "coco_url": "",
            "height": scene.height,
            "width": scene.width,
            "date_captured": "",
        }
    ]
