"""Small files for tests of scoring."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from argus_eval.engine.score_files import score_files
from argus_eval.engine.score_report import ScoreReport
from argus_eval.engine.score_settings import parse_settings

BOX = {"image_id": 1, "category_id": 1, "bbox": [0, 0, 50, 50], "score": 0.9}
COCO: dict[str, Any] = {
    "images": [{"id": 1, "width": 100, "height": 100}, {"id": 2, "width": 100, "height": 100}],
    "annotations": [
        {"id": 0, "image_id": 1, "category_id": 1, "bbox": [0, 0, 50, 50], "area": 2500, "iscrowd": 0}
    ],
    "categories": [{"id": 1, "name": "cat", "synonyms": ["kitten"]}, {"id": 2, "name": "fire_hydrant"}],
}


class Files:
    """Writes inputs into a folder and scores them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def json(self, name: str, value: Any) -> Path:
        """One JSON value; NaN and infinity as Python writes them."""
        return self.raw(name, json.dumps(value).encode())

    def lines(self, name: str, *rows: dict[str, Any]) -> Path:
        """JSON Lines."""
        return self.raw(name, "".join(json.dumps(row) + "\n" for row in rows).encode())

    def raw(self, name: str, content: bytes) -> Path:
        """Bytes as they are."""
        path = self.folder / name
        path.write_bytes(content)
        return path

    def score(
        self, task: str, annotations: Path, predictions: Path, *settings: str, dialect: str | None = None
    ) -> ScoreReport:
        """The report."""
        return score_files(task, annotations, predictions, dialect, parse_settings(settings))
