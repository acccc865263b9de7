"""Local copies in the forms people have them."""

from __future__ import annotations

from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from argus_eval.data.bundled import iter_rows
from argus_eval.errors import UsageError
from argus_eval.tasks.lmms.dataset import LocalCopy, data_from, offline


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


@pytest.fixture
def rows() -> pa.Table:
    """Three rows as a file has them that ``datasets`` did not write: nothing says that a column is an image."""
    found = [row for row, _ in zip(iter_rows("pope"), range(3), strict=False)]
    return pa.Table.from_pylist(found)


def written(table: pa.Table, file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(table, file)
    return file


@pytest.mark.parametrize(
    ("place", "config", "given"),
    [
        ("data/test-00000-of-00001.parquet", None, "."),
        ("test-00000-of-00001.parquet", None, "."),
        ("Full/test-00000-of-00001.parquet", "Full", "."),
        ("anything.parquet", None, "."),
        ("anything.parquet", None, "anything.parquet"),
    ],
)
def test_tables_in_the_hubs_layouts(
    place: str, config: str | None, given: str, rows: pa.Table, tmp_path: Path
) -> None:
    written(rows, tmp_path / "copy" / place)

    found = LocalCopy(path=tmp_path / "copy" / given, splits=("test", "train")).load(config, None)

    assert list(found) == ["test"]
    assert found["test"]["question"][:] == rows.column("question").to_pylist()
    assert found["test"][0]["image"].size == (640, 480)


def test_what_save_to_disk_wrote(rows: pa.Table, tmp_path: Path) -> None:
    table = datasets.Dataset.from_list(rows.to_pylist())
    datasets.DatasetDict({"test": table, "other": table}).save_to_disk(str(tmp_path / "both"))
    table.save_to_disk(str(tmp_path / "one"))

    for name in ("both", "one"):
        found = LocalCopy(path=tmp_path / name, splits=("test",)).load("any", None)
        assert list(found) == ["test"]
        assert found["test"][2]["image"].size == (640, 480)


def test_a_copy_that_changed_is_read_anew(rows: pa.Table, tmp_path: Path) -> None:
    copy = LocalCopy(path=tmp_path / "copy", splits=("test",))
    for count in (2, 3):
        written(rows.slice(0, count), tmp_path / "copy/data/test-00000-of-00001.parquet")
        assert len(copy.load(None, "test")) == count


def test_a_missing_split_names_those_there_are(rows: pa.Table, tmp_path: Path) -> None:
    written(rows, tmp_path / "copy/data/train-00000-of-00001.parquet")

    with pytest.raises(UsageError, match="has split train; the task needs split 'test'"):
        LocalCopy(path=tmp_path / "copy", splits=("test",)).load(None, None)


def test_only_the_tasks_repository_is_redirected(rows: pa.Table, tmp_path: Path) -> None:
    written(rows, tmp_path / "copy/data/test-00000-of-00001.parquet")
    stock = datasets.load_dataset

    with data_from("x/POPE", LocalCopy(path=tmp_path / "copy", splits=("test",))), offline("no network"):
        assert len(datasets.load_dataset("x/POPE", split="test", token=True)) == 3
        with pytest.raises((ConnectionError, FileNotFoundError)):
            datasets.load_dataset("x/another", trust_remote_code=True, token=True)

    assert datasets.load_dataset is stock
