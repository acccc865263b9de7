"""Data that an earlier load left on the machine, in the two places where the libraries keep it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from argus_eval.data.cache import cached
from argus_eval.data.source import ImageTable, SourceSpec

from .tables import REFCOCO, jpeg, refcoco_row, write

SPEC = SourceSpec(schema="refcoco", hub="lmms-lab-encoder/RefCOCO", split="val", checked="2026-08-06")
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def home(tmp_path: Path, monkeypatch) -> Path:
    for variable in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_DATASETS_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    return tmp_path


def snapshot(home: Path, commit: str = COMMIT) -> Path:
    repository = home / "hub" / "datasets--lmms-lab-encoder--RefCOCO"
    (repository / "refs").mkdir(parents=True, exist_ok=True)
    (repository / "refs" / "main").write_text(commit)
    return repository / "snapshots" / commit


def test_nothing_is_cached(home: Path):
    assert cached(SPEC) is None
    assert cached(replace(SPEC, hub=None)) is None


def test_the_repository_cache_at_its_main_revision(home: Path):
    write(snapshot(home, "f" * 40) / "data" / "val-00000-of-00001.parquet", [refcoco_row(1)], REFCOCO)
    write(snapshot(home) / "data" / "val-00000-of-00001.parquet", [refcoco_row(2)], REFCOCO)
    table = cached(SPEC)
    assert table.name == f"lmms-lab-encoder/RefCOCO@{COMMIT[:12]}"
    assert [row["question_id"] for row in table.rows()] == ["2"]


def test_a_download_that_broke_off_is_not_used(home: Path):
    folder = snapshot(home) / "data"
    write(folder / "val-00000-of-00002.parquet", [refcoco_row(1)], REFCOCO)
    assert cached(SPEC) is None
    write(folder / "val-00001-of-00002.parquet", [refcoco_row(2)], REFCOCO)
    assert cached(SPEC).count() == 2
    assert cached(replace(SPEC, split="testA")) is None


def test_a_cache_that_cannot_be_listed_is_no_cache(home: Path):
    repository = home / "hub" / "datasets--lmms-lab-encoder--RefCOCO"
    (repository / "snapshots" / COMMIT).mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").symlink_to(repository / "refs" / "main")
    (repository / "snapshots" / "gone").symlink_to(repository / "nowhere")
    assert cached(SPEC) is None


def test_the_cache_variable_is_honoured(home: Path, monkeypatch, tmp_path: Path):
    write(snapshot(home) / "data" / "val-00000-of-00001.parquet", [refcoco_row(2)], REFCOCO)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "elsewhere"))
    assert cached(SPEC) is None
    monkeypatch.setenv("HF_HUB_CACHE", str(home / "hub"))
    assert cached(SPEC).count() == 1


def test_what_load_dataset_itself_prepared_is_found(home: Path, tmp_path: Path):
    """The folder is written by ``datasets``, for a data set of that name, not imitated."""
    from datasets import load_dataset

    local = tmp_path / "lmms-lab-encoder" / "RefCOCO"
    write(local / "data" / "val-00000-of-00001.parquet", [refcoco_row(n) for n in range(7)], REFCOCO)
    write(local / "data" / "test-00000-of-00001.parquet", [refcoco_row(n) for n in range(3)], REFCOCO)
    load_dataset(str(local), split="val", cache_dir=str(home / "datasets"))
    (made,) = (path for path in (home / "datasets").iterdir() if path.is_dir())
    # a path is cached as "ref_coco", a hub id with its owner in front
    made.rename(made.with_name(f"lmms-lab-encoder___{made.name}"))
    table = cached(replace(SPEC, config=next(iter((home / "datasets").glob("*___*/*"))).name))
    assert table.count() == 7
    first = next(iter(table.rows()))
    assert first["question_id"] == "0"
    assert first["image"]["bytes"] == refcoco_row(0)["image"]["bytes"]


def test_a_second_table_of_images_must_be_cached_too(home: Path):
    images = ImageTable(config="pictures", key="id", column="file_name")
    spec = replace(SPEC, config="questions", images=images)
    folder = snapshot(home)
    write(folder / "questions" / "val-00000-of-00001.parquet", [{"question_id": "1", "file_name": "x"}])
    assert cached(spec) is None
    write(
        folder / "pictures" / "val-00000-of-00001.parquet", [{"id": "x", "image": {"bytes": jpeg(), "path": ""}}]
    )
    assert next(cached(spec).rows())["image"]["bytes"] == jpeg()
