"""A checkpoint and small data folders that the command line can be pointed at."""

from __future__ import annotations

import io
import pathlib
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.data.make_reference_folders import REFCOCO, TEXTVQA
from tests.pipeline.images import picture

Cli = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """An ArgusVLM in the published file format. Its weights are random, which the command cannot know."""
    from argus_eval.models.argus.build import build_argus

    folder = tmp_path_factory.mktemp("checkpoint")
    built = build_argus("nano", seed=5)
    built.model.save_pretrained(folder)
    built.processor.save_pretrained(folder)
    return folder


def jpeg(width: int, height: int, seed: int) -> bytes:
    buffer = io.BytesIO()
    picture(width, height, seed=seed).save(buffer, "JPEG")
    return buffer.getvalue()


def refcoco_rows(count: int, *, truncated: Sequence[int] = ()) -> list[dict[str, Any]]:
    rows = []
    for index in range(count):
        data = jpeg(160, 120, index)
        if index in truncated:
            data = data[: len(data) // 2]
        rows.append(
            {
                "question_id": str(index),
                "image": {"bytes": data, "path": f"{index}.jpg"},
                "question": "",
                "answer": [f"thing {index}"],
                "segmentation": [],
                "bbox": [10.0, 20.0, 60.0, 50.0],
                "iscrowd": 0,
                "file_name": f"{index}.jpg",
            }
        )
    return rows


def textvqa_rows(count: int) -> list[dict[str, Any]]:
    return [
        {
            "image_id": f"im{index}",
            "question_id": index,
            "question": "what does it say?",
            "question_tokens": [],
            "image": {"bytes": jpeg(120, 160, 100 + index), "path": ""},
            "answers": ["stop"] * 10,
            "ocr_tokens": ["STOP"],
        }
        for index in range(count)
    ]


def write(folder: pathlib.Path, split: str, schema: pa.Schema, rows: list[dict[str, Any]]) -> pathlib.Path:
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema), folder / f"{split}-00000-of-00001.parquet")
    return folder


@pytest.fixture(scope="session")
def refcoco_folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Twelve rows, the fifth with an image that ends in the middle."""
    return write(tmp_path_factory.mktemp("data") / "refcoco", "val", REFCOCO, refcoco_rows(12, truncated=[4]))


@pytest.fixture(scope="session")
def textvqa_folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return write(tmp_path_factory.mktemp("data") / "textvqa", "validation", TEXTVQA, textvqa_rows(10))


@pytest.fixture
def cli(tmp_path: pathlib.Path) -> Cli:
    """Runs the real command in a folder of its own."""

    def run(*words: str, cwd: pathlib.Path | None = None, **more: Any) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "argus_eval", *words]
        return subprocess.run(command, capture_output=True, text=True, cwd=cwd or tmp_path, timeout=600, **more)

    return run
