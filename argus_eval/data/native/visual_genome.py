"""Visual Genome region descriptions: one row an image, with its regions.

A row has ``image_id``, ``image`` and ``regions`` (a list of ``x``, ``y``, ``width``, ``height`` in pixels and
``phrase``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

from argus_eval.data.native.folder import find_role, role_path
from argus_eval.data.native.json_stream import elements
from argus_eval.data.rows import BadRow, Row
from argus_eval.data.source import SourceSpec
from argus_eval.errors import UsageError

__all__ = ["RegionFiles", "open_regions"]


class RegionFiles:
    """Rows of ``region_descriptions.json`` that belong to a split, with the images of both of its folders."""

    def __init__(self, regions: Path, splits: Path, split: str, images: tuple[Path, ...]) -> None:
        self.name = f"{regions} ({split})"
        self._regions = regions
        self._splits = splits
        self._split = split
        self._images = images

    def columns(self) -> tuple[str, ...]:
        """The columns listed above."""
        return ("image_id", "image", "regions")

    def count(self) -> int:
        """Number of images in the split."""
        return len(self._members)

    def rows(self, columns: Sequence[str] | None = None) -> Iterator[Row | BadRow]:
        """One row an image, in the file's order; images of the split without regions are bad rows."""
        missing = set(self._members)
        for _, item in elements(self._regions):
            if not isinstance(item, dict):
                continue
            image_id = item.get("id", item.get("image_id"))
            if image_id not in missing:
                continue
            missing.discard(image_id)
            row = {
                "image_id": image_id,
                "image": {"bytes": None, "path": str(self._image_path(image_id))},
                "regions": item.get("regions"),
            }
            yield row if columns is None else {name: row[name] for name in columns if name in row}
        for image_id in sorted(missing):
            yield BadRow(key=str(image_id), reason="image of the split without regions in the file")

    def _image_path(self, image_id: object) -> Path:
        candidates = [folder / f"{image_id}.jpg" for folder in self._images]
        return next((path for path in candidates if path.exists()), candidates[0])

    @cached_property
    def _members(self) -> frozenset[int]:
        try:
            splits = json.loads(self._splits.read_bytes())
        except ValueError as problem:
            raise UsageError(f"{self._splits}: not valid JSON") from problem
        members = splits.get(self._split) if isinstance(splits, dict) else None
        if not isinstance(members, list) or not all(isinstance(item, int) for item in members):
            raise UsageError(f"{self._splits}: no list of image ids under {self._split!r}")
        return frozenset(members)


def open_regions(root: Path, spec: SourceSpec) -> RegionFiles:
    """Roles ``regions``, ``splits``, ``images`` and, where the images are in two folders, ``more_images``."""
    folders = [role_path(root, spec, "images")]
    if more := find_role(root, spec, "more_images"):
        folders.append(more)
    regions, splits = role_path(root, spec, "regions"), role_path(root, spec, "splits")
    return RegionFiles(regions, splits, spec.split, tuple(folders))
