"""Names and numbers of scenes and their rows, the same wherever a data set asks for one."""

from __future__ import annotations

from argus_eval.data.scenes.scene import Scene

__all__ = ["Row", "image_number", "row_number", "file_name"]

#: One row of a data set, without the image.
Row = dict[str, object]

_ROWS = 1000  # rows one scene may have in one data set


def image_number(scene: Scene) -> int:
    """A number for the image, from 1: zero is a special value in COCO tools."""
    return scene.seed + 1


def row_number(scene: Scene, index: int) -> int:
    """A number for a row of this scene, unique within its stream."""
    return image_number(scene) * _ROWS + index


def file_name(scene: Scene) -> str:
    """The name the image would have as a file."""
    return f"{scene.id}.jpg"
