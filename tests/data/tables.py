"""Small data sets in the hub's schemas, for tests."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from .make_reference_folders import IMAGE, REFCOCO, TEXTVQA

__all__ = ["jpeg", "refcoco_row", "textvqa_row", "write", "REFCOCO", "TEXTVQA", "IMAGE"]


def jpeg(colour: tuple[int, int, int] = (200, 30, 30), size: tuple[int, int] = (64, 48)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "JPEG")
    return buffer.getvalue()


def refcoco_row(number: int, **changes: Any) -> dict[str, Any]:
    row = {
        "question_id": str(number),
        "image": {"bytes": jpeg((number % 256, 0, 0)), "path": f"{number}.jpg"},
        "question": "Please provide a short description for this region.",
        "answer": ["the red thing", "red"],
        "segmentation": [1.0, 2.0],
        "bbox": [10.0, 5.0, 20.0, 30.0],
        "iscrowd": 0,
        "file_name": f"{number}.jpg",
    }
    return {**row, **changes}


def textvqa_row(number: int, **changes: Any) -> dict[str, Any]:
    row = {
        "image_id": f"i{number}",
        "question_id": number,
        "question": "what does the sign say?",
        "question_tokens": [],
        "image": {"bytes": jpeg((0, number % 256, 0)), "path": None},
        "answers": ["stop"] * 9 + ["stop sign"],
        "ocr_tokens": ["STOP"],
    }
    return {**row, **changes}


def write(path: Path, rows: Sequence[dict[str, Any]], schema: pa.Schema | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), path)
    return path
