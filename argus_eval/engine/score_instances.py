"""COCO and LVIS annotation files: as columns for results of detectors, as items for answers in words."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from argus_eval.core.geometry import ImageSize, PixelBox
from argus_eval.core.sample import RegionsTarget, RegionTarget, Sample
from argus_eval.engine.score_categories import Category, category
from argus_eval.engine.score_input import Id, native_members
from argus_eval.engine.score_targets import Item, check_flag, placeholder_image
from argus_eval.errors import UsageError
from argus_eval.metrics.box_columns import TruthColumns
from argus_eval.metrics.box_statistics import image_order

__all__ = ["Instances", "instance_items", "read_instances", "truth_columns"]

_MEMBERS = {
    "images": ("id", "width", "height", "neg_category_ids", "not_exhaustive_category_ids"),
    "annotations": ("id", "image_id", "category_id", "bbox", "area", "iscrowd", "ignore"),
    "categories": ("id", "name", "synonyms", "frequency"),
}
_LARGEST = 1e12


@dataclass(frozen=True, slots=True, kw_only=True)
class Instances:
    """An annotation file, checked.

    Attributes:
        file: where it is.
        images: by index; images are ordered by id, which is what breaks ties of scores.
        image_index: id → index; whole numbers are also found as text.
        categories: by index.
        category_index: id → index.
        annotations: of known images and categories, boxes finite.
        dropped: annotations that were left out, by reason, as the official evaluation leaves them out.
    """

    file: Path
    images: tuple[Mapping[str, Any], ...]
    image_index: Mapping[Id, int]
    categories: tuple[Category, ...]
    category_index: Mapping[Id, int]
    annotations: tuple[Mapping[str, Any], ...]
    dropped: Mapping[str, int]

    @property
    def federated(self) -> bool:
        """LVIS: images list categories that were looked for and not found."""
        return any("neg_category_ids" in image for image in self.images)

    def listed(self, image: int, member: str) -> list[int]:
        """Indices of the categories in a list of the image's."""
        ids = self.images[image].get(member) or []
        return [self.category_index[identity] for identity in ids if identity in self.category_index]


def read_instances(file: Path, *, repeated_ids: bool) -> Instances:
    """Read and check an annotation file.

    Args:
        file: COCO or LVIS instances.
        repeated_ids: accept annotations that share an id; they stay annotations of their own.

    Raises:
        UsageError: an id is missing or repeated, or a box or area is no finite number.
    """
    members = native_members(file, _MEMBERS)
    for name in ("images", "categories"):
        if not members[name]:
            raise UsageError(f"{file}: no {name}; is it a COCO or LVIS instances file?")
    images = [members["images"][i] for i in image_order([str(_id(m, file, "images")) for m in members["images"]])]
    image_index = _index(images, file, "images")
    category_index = _index(members["categories"], file, "categories")
    if not repeated_ids:
        _refuse_repeats(members["annotations"], file)
    kept: list[Mapping[str, Any]] = []
    dropped: Counter[str] = Counter()
    federated = any("neg_category_ids" in image for image in images)
    for i, image in enumerate(images):
        _check_lists(image, f"{file}: images[{i}]")
    for i, row in enumerate(members["annotations"]):
        _check_annotation(row, f"{file}: annotations[{i}]")
        if row.get("image_id") not in image_index:
            dropped["annotation of an image that is not listed"] += 1
        elif row.get("category_id") not in category_index:
            dropped["annotation of a category that is not listed"] += 1
        elif federated and _area(row) <= 0:
            # lvis-api asks for annotations with an area above 0; pycocotools takes them all.
            dropped["annotation without area"] += 1
        else:
            kept.append(row)
    return Instances(
        file=file,
        images=tuple(images),
        image_index=image_index,
        categories=tuple(category(row, f"{file}: categories") for row in members["categories"]),
        category_index=category_index,
        annotations=tuple(kept),
        dropped=dropped,
    )


def truth_columns(instances: Instances, *, count_id_zero: bool) -> TruthColumns:
    """The annotations as columns; a crowd is ignored, and so is what LVIS marks ``ignore``.

    Args:
        instances: the annotations.
        count_id_zero: an annotation with id 0 can be matched. The original can't tell it from "no match"; here ids
            are nobody's business unless that is asked for.
    """
    rows = instances.annotations
    crowd = np.array([bool(row.get("iscrowd", 0)) for row in rows], dtype=bool)
    if instances.federated:
        # LVIS has no crowds, and looks at ``ignore`` where COCO overwrites it.
        crowd = np.zeros(len(rows), dtype=bool)
        ignored = np.array([bool(row.get("ignore", 0)) for row in rows], dtype=bool)
    else:
        ignored = crowd
    xywh = np.array([row["bbox"] for row in rows], dtype=np.float64).reshape(-1, 4)
    return TruthColumns(
        image=np.array([instances.image_index[row["image_id"]] for row in rows], dtype=np.int64),
        category=np.array([instances.category_index[row["category_id"]] for row in rows], dtype=np.int64),
        xywh=xywh,
        area=np.array([_area(row) for row in rows], dtype=np.float64),
        crowd=crowd,
        ignored=ignored,
        countable=np.array([count_id_zero or row.get("id") != 0 for row in rows], dtype=bool),
    )


def instance_items(instances: Instances) -> list[Item]:
    """One item an image, for answers in a dialect.

    Raises:
        UsageError: an image has no size.
    """
    names = [entry.name for entry in instances.categories]
    by_image: dict[int, list[RegionTarget]] = {}
    for row in instances.annotations:
        area = row.get("area")
        region = RegionTarget(
            box=PixelBox.from_xywh(*map(float, row["bbox"])),
            label=names[instances.category_index[row["category_id"]]],
            area_px=None if area is None else float(area),
            crowd=bool(row.get("iscrowd", 0)) and not instances.federated,
            ignore=bool(row.get("ignore", 0)) and instances.federated,
        )
        by_image.setdefault(instances.image_index[row["image_id"]], []).append(region)
    items: list[Item] = []
    for index, image in enumerate(instances.images):
        target = RegionsTarget(
            regions=tuple(by_image.get(index, ())),
            negative_labels=frozenset(names[i] for i in instances.listed(index, "neg_category_ids")),
            not_exhaustive_labels=frozenset(
                names[i] for i in instances.listed(index, "not_exhaustive_category_ids")
            ),
        )
        key = str(image["id"])
        sample = Sample(
            key=key,
            images=(placeholder_image(_size(image, instances.file)),),
            inputs={},
            target=target,
            cluster=key,
            options=tuple(names),
        )
        items.append((image["id"], sample, None))
    return items


def _size(image: Mapping[str, Any], file: Path) -> ImageSize:
    width, height = image.get("width"), image.get("height")
    if not isinstance(width, int) or not isinstance(height, int) or min(width, height) < 1:
        raise UsageError(f"{file}: image {image['id']!r} has no width and height; boxes in a dialect need them")
    return ImageSize(width, height)


def _id(row: Mapping[str, Any], file: Path, name: str) -> Id:
    identity = row.get("id")
    if not isinstance(identity, str | int):
        raise UsageError(f"{file}: {name}: 'id' must be a whole number or a string, got {identity!r}")
    return identity


def _index(rows: list[Mapping[str, Any]], file: Path, name: str) -> dict[Id, int]:
    found: dict[Id, int] = {}
    for i, row in enumerate(rows):
        identity = _id(row, file, name)
        if identity in found:
            raise UsageError(f"{file}: {name}: id {identity!r} appears twice")
        found[identity] = i
    return found


def _refuse_repeats(rows: list[Mapping[str, Any]], file: Path) -> None:
    counts = Counter(row["id"] for row in rows if isinstance(row.get("id"), str | int))
    twice = next((identity for identity, n in counts.items() if n > 1), None)
    if twice is not None:
        raise UsageError(
            f"{file}: annotations: id {twice!r} appears twice; --set extra=ignore takes them as two annotations"
        )


def _check_annotation(row: Mapping[str, Any], where: str) -> None:
    box, area = row.get("bbox"), row.get("area", 0)
    if not isinstance(box, list) or len(box) != 4 or not all(map(_finite, box)):
        raise UsageError(
            f"{where}: bbox: expected [left, top, width, height], four finite numbers, got {box!r:.80}"
        )
    if area is not None and not _finite(area):
        raise UsageError(f"{where}: area: expected a finite number, got {area!r:.80}")
    for name in ("image_id", "category_id"):
        if not isinstance(row.get(name), str | int):
            raise UsageError(f"{where}: {name}: expected a whole number or a string, got {row.get(name)!r:.80}")
    for name in ("iscrowd", "ignore"):
        check_flag(row.get(name), f"{where}: {name}")


def _check_lists(image: Mapping[str, Any], where: str) -> None:
    for name in ("neg_category_ids", "not_exhaustive_category_ids"):
        ids = image.get(name, [])
        if ids is not None and not (isinstance(ids, list) and all(isinstance(i, str | int) for i in ids)):
            raise UsageError(f"{where}: {name}: expected a list of category ids, got {ids!r:.80}")


def _area(row: Mapping[str, Any]) -> float:
    """The annotation's own area, or its box's where it has none."""
    area = row.get("area")
    return float(row["bbox"][2] * row["bbox"][3] if area is None else area)


def _finite(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and abs(value) <= _LARGEST and math.isfinite(value)
