from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from argus_eval.data.tables import ArrowTable, ParquetTable
from argus_eval.errors import EnvironmentError_, UsageError

from .tables import IMAGE, TEXTVQA, jpeg, textvqa_row, write

MEASURE = """
import resource, sys
from argus_eval.data.resolution import resolve
from argus_eval.tasks.catalog import load_task
import pyarrow.parquet
task = load_task("textvqa")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
data = resolve(task.spec.source, sys.argv[1], strict=False, ci=False, bundled=None)
n = sum(len(sample.images[0].data) > 0 for sample in task.samples(data.rows()))
print(n, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_parquet_files_are_read_in_order_with_only_the_wanted_columns(tmp_path: Path):
    a = write(tmp_path / "a.parquet", [textvqa_row(i) for i in range(20)], TEXTVQA)
    b = write(tmp_path / "b.parquet", [textvqa_row(i) for i in range(20, 33)], TEXTVQA)
    table = ParquetTable(name="x", files=(a, b), root=tmp_path)
    assert table.count() == 33
    assert set(table.columns()) == set(TEXTVQA.names)
    assert [row["question_id"] for row in table.rows()] == list(range(33))
    assert list(table.rows(["question_id", "absent"]))[5] == {"question_id": 5}


def test_an_image_path_is_relative_to_the_folder_given_and_void_in_downloads(tmp_path: Path):
    rows = [textvqa_row(1, image={"bytes": None, "path": "sub/x.jpg"})]
    file = write(tmp_path / "a.parquet", rows, TEXTVQA)
    (local,) = ParquetTable(name="x", files=(file,), root=tmp_path).rows()
    assert local["image"] == {"bytes": None, "path": str(tmp_path / "sub/x.jpg")}
    (downloaded,) = ParquetTable(name="x", files=(file,)).rows()
    assert downloaded["image"] == {"bytes": None, "path": None}


def test_what_save_to_disk_and_the_cache_of_datasets_hold_is_read_like_parquet(tmp_path: Path):
    import datasets  # slow to import

    rows = [textvqa_row(i) for i in range(40)]
    saved = datasets.Dataset.from_list(rows)
    saved.save_to_disk(tmp_path / "saved")
    table = ArrowTable(name="x", files=tuple(sorted((tmp_path / "saved").glob("*.arrow"))))
    assert table.count() == 40
    assert [row["question_id"] for row in table.rows(["question_id"])] == list(range(40))
    assert next(iter(table.rows()))["image"]["bytes"] == rows[0]["image"]["bytes"]


@pytest.mark.parametrize("content", [b"", b"PAR1", b"not parquet at all" * 100])
def test_what_is_no_table_is_said_so(tmp_path: Path, content: bytes):
    file = tmp_path / "a.parquet"
    file.write_bytes(content)
    with pytest.raises(UsageError, match=r"a\.parquet: not a readable Parquet file"):
        ParquetTable(name="x", files=(file,)).columns()
    with pytest.raises(UsageError, match=r"a\.parquet: not a readable Arrow file"):
        list(ArrowTable(name="x", files=(file,)).rows())


def test_a_file_damaged_in_the_middle_fails_with_its_name(tmp_path: Path):
    file = write(tmp_path / "a.parquet", [textvqa_row(i) for i in range(50)], TEXTVQA)
    data = bytearray(file.read_bytes())
    data[200:9000] = os.urandom(8800)
    file.write_bytes(data)
    with pytest.raises(UsageError, match=r"a\.parquet: not a readable"):
        list(ParquetTable(name="x", files=(file,)).rows())


def test_a_missing_file_is_the_machines_fault(tmp_path: Path):
    with pytest.raises(EnvironmentError_, match="gone"):
        ParquetTable(name="x", files=(tmp_path / "gone.parquet",)).columns()


def test_ten_thousand_rows_stream_through_little_memory(tmp_path: Path):
    """300 MB of images in row groups of 100, as ``datasets`` writes them, in under 120 MB."""
    schema = pa.schema(
        [
            ("question_id", pa.int32()),
            ("image", IMAGE),
            ("question", pa.string()),
            ("answers", pa.list_(pa.string())),
        ]
    )
    image = jpeg(size=(16, 16)) + b"\0" * 30_000  # compresses to nothing on disk, not in memory
    file = tmp_path / "big.parquet"
    with pq.ParquetWriter(file, schema) as writer:
        for start in range(0, 10_000, 100):
            rows = [
                {
                    "question_id": number,
                    "image": {"bytes": image, "path": None},
                    "question": "what?",
                    "answers": ["a"] * 10,
                }
                for number in range(start, start + 100)
            ]
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(file)], capture_output=True, text=True, check=True, timeout=120
    )
    count, grown_mb = map(int, done.stdout.split())
    assert count == 10_000
    assert grown_mb < 120, f"reading 300 MB of images grew the process by {grown_mb} MB"


def test_an_arrow_stream_is_held_one_batch_at_a_time(tmp_path: Path):
    schema = pa.schema([("image", pa.binary())])
    batch = pa.RecordBatch.from_pydict({"image": [bytes([i]) * 500_000 for i in range(20)]}, schema=schema)
    file = tmp_path / "a.arrow"
    with pa.OSFile(str(file), "wb") as sink, pa.ipc.new_stream(sink, schema) as writer:
        for _ in range(3):
            writer.write_batch(batch)
    size = batch.nbytes
    del batch
    usual = pa.default_memory_pool()
    counting = pa.proxy_memory_pool(usual)
    pa.set_memory_pool(counting)
    try:
        assert sum(1 for _ in ArrowTable(name="x", files=(file,)).rows()) == 60
    finally:
        pa.set_memory_pool(usual)
    assert counting.max_memory() < 1.5 * size


def test_a_corrupt_parquet_file_is_the_file_s_fault_wherever_the_damage_is(tmp_path: Path):
    whole = write(tmp_path / "whole.parquet", [textvqa_row(i) for i in range(3)], TEXTVQA).read_bytes()
    damaged = tmp_path / "damaged.parquet"
    rng = random.Random(0)
    problems: list[str] = []
    for _ in range(120):
        content = bytearray(whole)
        for _ in range(20):
            content[rng.randrange(len(content) // 2, len(content))] = rng.randrange(256)
        damaged.write_bytes(bytes(content))
        try:
            list(ParquetTable(name="x", files=(damaged,), root=tmp_path).rows())
        except UsageError as problem:
            problems.append(str(problem))
    assert len(problems) > 60
    assert all("not a readable Parquet file" in problem for problem in problems)
