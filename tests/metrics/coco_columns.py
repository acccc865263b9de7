"""COCO-style dictionaries to columns, for tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from argus_eval.metrics.box_columns import DetectionColumns, TruthColumns

Rows = list[dict[str, Any]]


def truth_columns(rows: Rows, images: list[Any], categories: list[Any]) -> TruthColumns:
    """Annotations with ``iscrowd`` ignored, as pycocotools has it."""
    crowd = np.array([bool(row.get("iscrowd", 0)) for row in rows], dtype=bool)
    return TruthColumns(
        image=_index(rows, "image_id", images),
        category=_index(rows, "category_id", categories),
        xywh=np.array([row["bbox"] for row in rows], dtype=np.float64).reshape(-1, 4),
        area=np.array([row["area"] for row in rows], dtype=np.float64),
        crowd=crowd,
        ignored=crowd,
        countable=np.ones(len(rows), dtype=bool),
    )


def detection_columns(rows: Rows, images: list[Any], categories: list[Any]) -> DetectionColumns:
    """Results, none excused."""
    return DetectionColumns(
        image=_index(rows, "image_id", images),
        category=_index(rows, "category_id", categories),
        xywh=np.array([row["bbox"] for row in rows], dtype=np.float64).reshape(-1, 4),
        score=np.array([row["score"] for row in rows], dtype=np.float64),
        excused=np.zeros(len(rows), dtype=bool),
    )


def _index(rows: Rows, name: str, ids: list[Any]) -> Any:
    place = {identity: i for i, identity in enumerate(sorted(ids))}
    return np.array([place[row[name]] for row in rows], dtype=np.int64)
