"""What ``--data PATH`` may be."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from argus_eval.data.local import open_local
from argus_eval.data.schemas.registry import SCHEMAS
from argus_eval.data.source import ImageTable, SourceSpec
from argus_eval.errors import EnvironmentError_, UsageError

from .tables import REFCOCO, TEXTVQA, jpeg, refcoco_row, textvqa_row, write

SPEC = SourceSpec(schema="refcoco", hub="owner/RefCOCO", split="val", checked="2026-08-06")
SCHEMA = SCHEMAS.get("refcoco")


def keys(path: Path, spec: SourceSpec = SPEC) -> list[str]:
    return [str(row["question_id"]) for row in open_local(path, spec, SCHEMAS.get(spec.schema)).rows()]


def rows(*numbers: int) -> list[dict]:
    return [refcoco_row(number) for number in numbers]


@pytest.mark.parametrize(
    "names",
    [
        ["val-00000-of-00002.parquet", "val-00001-of-00002.parquet", "testA-00000-of-00001.parquet"],
        ["data/val-00000-of-00002.parquet", "data/val-00001-of-00002.parquet", "data/train.parquet"],
        ["val.parquet", "test.parquet"],
        ["val/part1.parquet", "val/part2.parquet", "test/part1.parquet"],
        ["one.parquet"],
        ["data/whatever.parquet"],
    ],
)
def test_parquet_layouts_of_the_hub(tmp_path: Path, names: list[str]):
    ours = [name for name in names if "val" in name or len(names) == 1]
    for number, name in enumerate(names):
        write(tmp_path / name, rows(number), REFCOCO)
    assert keys(tmp_path) == [str(names.index(name)) for name in ours]


def test_a_configuration_has_its_own_folder(tmp_path: Path):
    for number, name in enumerate(("A/val-00000-of-00001.parquet", "B/val-00000-of-00001.parquet")):
        write(tmp_path / name, rows(number), REFCOCO)
    spec = SourceSpec(schema="refcoco", hub="o/d", config="B", split="val", checked="2026-08-06")
    assert keys(tmp_path, spec) == ["1"]


def test_missing_shards_are_told(tmp_path: Path):
    write(tmp_path / "val-00001-of-00003.parquet", rows(1), REFCOCO)
    assert "(1 of 3 files)" in open_local(tmp_path, SPEC, SCHEMA).name


def test_a_file_by_itself(tmp_path: Path):
    assert keys(write(tmp_path / "any name.parquet", rows(3, 4), REFCOCO)) == ["3", "4"]


def test_json_lines_with_image_paths(tmp_path: Path):
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a.jpg").write_bytes(jpeg(size=(31, 17)))
    row = {"question_id": 1, "image": "pictures/a.jpg", "answer": ["it"], "bbox": [1, 2, 3, 4]}
    (tmp_path / "val.jsonl").write_text(json.dumps(row) + "\n")
    (tmp_path / "test.jsonl").write_text("{}\n")
    table = open_local(tmp_path, SPEC, SCHEMA)
    (sample,) = SCHEMA.read(next(table.rows()), 0)
    assert sample.image_size == (31, 17)
    assert keys(tmp_path / "val.jsonl") == ["1"]


def test_save_to_disk_with_and_without_splits(tmp_path: Path):
    import datasets  # slow to import

    one = datasets.Dataset.from_list(rows(5, 6))
    one.save_to_disk(tmp_path / "one")
    datasets.DatasetDict({"val": one, "test": one}).save_to_disk(tmp_path / "several")
    datasets.DatasetDict({"test": one}).save_to_disk(tmp_path / "other")
    assert keys(tmp_path / "one") == keys(tmp_path / "several") == ["5", "6"]
    with pytest.raises(UsageError, match="other: has split test, but the task's is 'val'"):
        open_local(tmp_path / "other", SPEC, SCHEMA)


def test_images_in_a_second_table_are_joined(tmp_path: Path):
    spec = SourceSpec(
        schema="gqa",
        hub="o/GQA",
        config="testdev_questions",
        split="testdev",
        checked="2026-08-06",
        images=ImageTable(config="testdev_images", key="id", column="imageId"),
    )
    questions = [{"id": str(n), "imageId": f"n{n % 2}", "question": "q?", "answer": "a"} for n in range(3)]
    questions.append({"id": "9", "imageId": "n7", "question": "q?", "answer": "a"})
    images = [{"id": f"n{n}", "image": {"bytes": jpeg(size=(10 + n, 10)), "path": None}} for n in range(2)]
    write(tmp_path / "testdev_questions" / "testdev-00000-of-00001.parquet", questions)
    with pytest.raises(UsageError, match=r"no testdev_images/testdev-\*\.parquet"):
        open_local(tmp_path, spec, SCHEMAS.get("gqa"))
    write(tmp_path / "testdev_images" / "testdev-00000-of-00001.parquet", images)
    table = open_local(tmp_path, spec, SCHEMAS.get("gqa"))
    assert table.count() == 4
    items = [item for index, row in enumerate(table.rows()) for item in SCHEMAS.get("gqa").read(row, index)]
    assert [item.image_size for item in items[:3]] == [(10, 10), (11, 10), (10, 10)]
    assert items[3].reason == "image is missing"
    assert next(iter(table.rows(["id"]))) == {"id": "0"}


@pytest.mark.parametrize("name", ["nowhere", "hubb"])
def test_a_path_that_is_not_there_is_named(tmp_path: Path, name: str):
    with pytest.raises(UsageError, match=f"{name}: no such file or folder"):
        open_local(tmp_path / name, SPEC, SCHEMA)


def test_names_the_file_system_refuses(tmp_path: Path):
    with pytest.raises(UsageError, match="cannot be opened"):
        open_local(tmp_path / ("x" * 5000), SPEC, SCHEMA)
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(UsageError, match="loop"):
        open_local(loop, SPEC, SCHEMA)


def test_a_misspelt_keyword_gets_the_right_one():
    with pytest.raises(UsageError, match="did you mean 'bundled'"):
        open_local(Path("bundeld"), SPEC, SCHEMA)


def test_other_splits_are_listed(tmp_path: Path):
    for split in ("train", "testA"):
        write(tmp_path / "data" / f"{split}-00000-of-00001.parquet", rows(1), REFCOCO)
    with pytest.raises(UsageError, match="has split testA, train, but the task's is 'val'"):
        open_local(tmp_path, SPEC, SCHEMA)


def test_an_empty_folder_and_one_with_something_else(tmp_path: Path):
    with pytest.raises(UsageError, match="the folder is empty"):
        open_local(tmp_path, SPEC, SCHEMA)
    (tmp_path / "readme.txt").write_text("hello")
    with pytest.raises(UsageError, match=r"no data for split 'val' here; expected val-\*\.parquet"):
        open_local(tmp_path, SPEC, SCHEMA)
    with pytest.raises(UsageError, match=r"give a \.parquet, \.jsonl or \.arrow file"):
        open_local(tmp_path / "readme.txt", SPEC, SCHEMA)


def test_several_json_lines_files_are_ambiguous(tmp_path: Path):
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_text("{}\n")
    with pytest.raises(UsageError, match=r"has a\.jsonl, b\.jsonl"):
        open_local(tmp_path, SPEC, SCHEMA)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_permission_is_the_machines_fault(tmp_path: Path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o000)
    with pytest.raises(EnvironmentError_, match="closed"):
        open_local(closed / "x", SPEC, SCHEMA)


def test_textvqa_in_its_own_schema(tmp_path: Path):
    spec = SourceSpec(schema="textvqa", hub="o/t", split="validation", checked="2026-08-06")
    write(tmp_path / "data" / "validation-00000-of-00001.parquet", [textvqa_row(7)], TEXTVQA)
    (sample,) = SCHEMAS.get("textvqa").read(next(open_local(tmp_path, spec, SCHEMAS.get("textvqa")).rows()), 0)
    assert (sample.key, sample.target.answers[0], len(sample.target.answers)) == ("7", "stop", 10)
