"""COCO and LVIS instance annotations: one row an image, with its objects.

A row has ``image_id``, ``image``, ``width``, ``height``, ``annotations`` (a list of ``bbox`` in COCO's
``[x, y, width, height]``, ``category_id``, ``category``, ``area``, ``iscrowd``), ``categories`` (a list of ``id``,
``name`` and LVIS's ``frequency`` and ``synonyms``, in the file's order), and LVIS's ``neg_category_ids`` and
``not_exhaustive_category_ids``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from argus_eval.data.native.folder import role_path
from argus_eval.data.native.json_stream import elements
from argus_eval.data.rows import BadRow, Row
from argus_eval.data.source import SourceSpec
from argus_eval.errors import UsageError

__all__ = ["InstanceFiles", "open_instances"]

_OF_CATEGORY = ("id", "name", "frequency", "synonyms")
_ARRAYS = ("images", "categories", "annotations")
_LISTS = ("neg_category_ids", "not_exhaustive_category_ids")
_COLUMNS = ("image_id", "image", "width", "height", "annotations", "categories", *_LISTS)


class _Object(NamedTuple):
    bbox: object
    category_id: object
    area: object
    iscrowd: object


@dataclass(slots=True)
class _Index:
    """The annotation file without outlines: a few hundred bytes an object."""

    images: list[Mapping[str, object]] = field(default_factory=list)
    objects: dict[int | str, list[_Object]] = field(default_factory=dict)
    categories: list[Mapping[str, object]] = field(default_factory=list)
    names: dict[int | str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


class InstanceFiles:
    """Rows of an ``instances_*.json`` or ``lvis_*.json`` and its folder of images."""

    def __init__(self, annotations: Path, images: Path) -> None:
        self.name = str(annotations)
        self._annotations = annotations
        self._images = images

    def columns(self) -> tuple[str, ...]:
        """The columns listed above."""
        return _COLUMNS

    def count(self) -> int:
        """Number of images."""
        return len(self._index.images)

    def rows(self, columns: Sequence[str] | None = None) -> Iterator[Row | BadRow]:
        """One row an image, in the file's order; annotations of unknown images or categories are bad rows."""
        index = self._index
        for number, kind in enumerate(index.faults):
            yield BadRow(key=f"{kind} {number}", reason=f"an element of {kind} is no object")
        known = {_id(image.get("id")) for image in index.images}
        for stray in (image_id for image_id in index.objects if image_id not in known):
            yield BadRow(key=f"image {stray}", reason="annotations of an image that is not listed")
        for image in index.images:
            objects = index.objects.get(_id(image.get("id")), ())
            if any(_id(item.category_id) not in index.names for item in objects):
                yield BadRow(key=f"image {image.get('id')}", reason="annotation of a category that is not listed")
            else:
                row = self._row(image)
                yield row if columns is None else {name: row[name] for name in columns if name in row}

    def _row(self, image: Mapping[str, object]) -> Row:
        objects = self._index.objects.get(_id(image.get("id")), ())
        annotations = [
            {**item._asdict(), "category": self._index.names[_id(item.category_id)]} for item in objects
        ]
        return {
            "image_id": image.get("id"),
            "image": {"bytes": None, "path": str(self._image_path(image))},
            "width": image.get("width"),
            "height": image.get("height"),
            "annotations": annotations,
            "categories": self._index.categories,
            **{name: image.get(name) for name in _LISTS},
        }

    def _image_path(self, image: Mapping[str, object]) -> Path:
        """COCO names the file; LVIS v1 gives its address, whose last two parts are folder and file."""
        name = image.get("file_name")
        if isinstance(name, str):
            return self._images / name
        parts = str(image.get("coco_url", "")).split("/")[-2:]
        nested = self._images.joinpath(*parts)
        return nested if nested.exists() else self._images / parts[-1]

    @cached_property
    def _index(self) -> _Index:
        index = _Index()
        for kind, item in elements(self._annotations):
            if not isinstance(item, dict):
                if kind in _ARRAYS:
                    index.faults.append(kind)
                continue
            if kind == "images":
                index.images.append(item)
            elif kind == "categories":
                index.categories.append({name: item[name] for name in _OF_CATEGORY if name in item})
                index.names[_id(item.get("id"))] = str(item.get("name"))
            elif kind == "annotations":
                kept = _Object(item.get("bbox"), item.get("category_id"), item.get("area"), item.get("iscrowd", 0))
                index.objects.setdefault(_id(item.get("image_id")), []).append(kept)
        if not index.categories:
            raise UsageError(f"{self._annotations}: no categories; is it a COCO or LVIS annotation file?")
        return index


def _id(value: object) -> int | str:
    """An id as it is, or as text where a broken file has something else in its place."""
    return value if isinstance(value, int | str) else repr(value)


def open_instances(root: Path, spec: SourceSpec) -> InstanceFiles:
    """The annotation file (role ``annotations``) and image folder (role ``images``) under ``root``."""
    return InstanceFiles(role_path(root, spec, "annotations"), role_path(root, spec, "images"))
