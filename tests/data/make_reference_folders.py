"""Local Parquet folders in the hub's schemas, made of the real photographs and annotations beside the checkout.

Visual Genome regions become referring expressions (the RefCOCO schema), its and GQA's questions and answers become
questions with ten equal answers (the TextVQA schema). A folder can be given to ``--data``:

    python tests/data/make_reference_folders.py ../shared/reference /tmp/real
    argus-eval --model oracle --tasks refcoco --data /tmp/real/refcoco
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
REFCOCO = pa.schema(
    [
        ("question_id", pa.string()),
        ("image", IMAGE),
        ("question", pa.string()),
        ("answer", pa.list_(pa.string())),
        ("segmentation", pa.list_(pa.float32())),
        ("bbox", pa.list_(pa.float32())),
        ("iscrowd", pa.int8()),
        ("file_name", pa.string()),
    ]
)
TEXTVQA = pa.schema(
    [
        ("image_id", pa.string()),
        ("question_id", pa.int32()),
        ("question", pa.string()),
        ("question_tokens", pa.list_(pa.string())),
        ("image", IMAGE),
        ("answers", pa.list_(pa.string())),
        ("ocr_tokens", pa.list_(pa.string())),
    ]
)


def make_reference_folders(reference: Path, target: Path) -> dict[str, Path]:
    """Write ``target/refcoco`` and ``target/textvqa``; returns task name → folder."""
    images = reference / "images"
    return {
        "refcoco": _write(target / "refcoco", "val", REFCOCO, _expressions(images / "visual_genome")),
        "textvqa": _write(target / "textvqa", "validation", TEXTVQA, _questions(images)),
    }


def _expressions(folder: Path) -> Iterator[dict[str, Any]]:
    """One row a box of Visual Genome image 1; regions that share a box are its expressions."""
    annotation = json.loads((folder / "regions_1.json").read_text())
    by_box: dict[tuple[int, int, int, int], list[dict[str, Any]]] = {}
    for region in annotation["regions"]:
        by_box.setdefault((region["x"], region["y"], region["width"], region["height"]), []).append(region)
    data = (folder / "1.jpg").read_bytes()
    for box, regions in by_box.items():
        yield {
            "question_id": str(regions[0]["region_id"]),
            "image": {"bytes": data, "path": "1.jpg"},
            "question": "Please provide a short description for this region.",
            "answer": [region["phrase"] for region in regions],
            "segmentation": [],
            "bbox": list(box),
            "iscrowd": 0,
            "file_name": "1.jpg",
        }


def _questions(images: Path) -> Iterator[dict[str, Any]]:
    genome = images / "visual_genome"
    for image in json.loads((genome / "question_answers.json").read_text()):
        for item in image["qas"]:
            photo = genome / f"{image['id']}.jpg"
            yield _question(photo, item["qa_id"], item["question"], item["answer"].rstrip("."))
    for number, (_, item) in enumerate(json.loads((images / "gqa" / "questions.json").read_text()).items()):
        yield _question(images / "gqa" / f"{item['imageId']}.jpg", number, item["question"], item["answer"])


def _question(photo: Path, number: int, question: str, answer: str) -> dict[str, Any]:
    return {
        "image_id": photo.stem,
        "question_id": number,
        "question": question,
        "question_tokens": question.lower().rstrip("?").split(),
        "image": {"bytes": photo.read_bytes(), "path": photo.name},
        "answers": [answer] * 10,
        "ocr_tokens": [],
    }


def _write(folder: Path, split: str, schema: pa.Schema, rows: Iterator[dict[str, Any]]) -> Path:
    (folder / "data").mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pylist(list(rows), schema=schema)
    pq.write_table(table, folder / "data" / f"{split}-00000-of-00001.parquet", row_group_size=100)
    return folder


if __name__ == "__main__":
    for name, made in make_reference_folders(Path(sys.argv[1]), Path(sys.argv[2])).items():
        print(name, made)
