"""NoCaps: ten sentences about an image, and how far its things are from COCO's.

Schema: hub ``lmms-lab-encoder/NoCaps`` (was ``lmms-lab/NoCaps``), validation: ``image``, ``image_coco_url``,
``image_date_captured``, ``image_file_name``, ``image_height``, ``image_width``, ``image_id``, ``image_license``,
``image_open_images_id``, ``image_domain``, ``annotations_ids``, ``annotations_captions``.
"""

from __future__ import annotations

from argus_eval.data.scenes.annotate.identity import Row, file_name, image_number, row_number
from argus_eval.data.scenes.draws import Draws
from argus_eval.data.scenes.language.captioning import captions
from argus_eval.data.scenes.scene import PICTURES, Scene

__all__ = ["IN_COCO", "domain", "rows"]

_REFERENCES = 10

#: Those of our categories that are, by meaning, also COCO's.
IN_COCO = frozenset(
    {"car", "bus", "boat", "traffic light", "cup", "bottle", "bowl", "vase", "clock", "book", "television"}
    | {"chair", "apple", "donut", "cake", "umbrella", "kite", "ball", "sign"}
)


def domain(scene: Scene) -> str:
    """In-domain if every category is one of COCO's, out-of-domain if none is, else near-domain."""
    known = {thing.category in IN_COCO for thing in scene.objects}
    if known == {True}:
        return "in-domain"
    return "out-domain" if known == {False} else "near-domain"


def rows(scene: Scene, draws: Draws) -> list[Row]:
    """One row, for a scene with enough to say."""
    if scene.kind not in PICTURES:
        return []
    said = captions(scene, draws, _REFERENCES)
    if len(said) < _REFERENCES:
        return []
    return [
        {
            "image_coco_url": "",
            "image_date_captured": "",
            "image_file_name": file_name(scene),
            "image_height": scene.height,
            "image_width": scene.width,
            "image_id": image_number(scene),
            "image_license": 0,
            "image_open_images_id": scene.id,
            "image_domain": domain(scene),
            "annotations_ids": [row_number(scene, index) for index in range(_REFERENCES)],
            "annotations_captions": [caption.text for caption in said],
        }
    ]
