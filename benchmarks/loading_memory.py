"""Peak memory of reading a 10,000-row benchmark with real image bytes.

    python benchmarks/loading_memory.py [--rows 10000] [--json benchmarks/results/NAME.json]

Makes VQAv2 (the published schema) with JPEGs of about 100 kB each, a gigabyte in all, in the layouts that people
have: Parquet in row groups of 100 as the hub writes it, Parquet in one row group as ``pyarrow`` writes it, and the
Arrow stream of ``save_to_disk``. Each is read in fresh processes: ``survey``, the reading path of an accuracy
pass, and the command ``argus-eval --model oracle --tasks vqav2 --accuracy-only``, report included. Printed is
each process's peak resident memory. Leaves with 1 if one of them reaches ``--most`` megabytes.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from argus_eval.measure.environment import capture_environment

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
ANSWER = pa.struct([("answer", pa.string()), ("answer_confidence", pa.string()), ("answer_id", pa.int64())])
VQAV2 = pa.schema(
    [
        ("question_type", pa.string()),
        ("multiple_choice_answer", pa.string()),
        ("answers", pa.list_(ANSWER)),
        ("image_id", pa.int64()),
        ("answer_type", pa.string()),
        ("question_id", pa.int64()),
        ("question", pa.string()),
        ("image", IMAGE),
    ]
)
PICTURES = 16  # different photographs; each row's file is made its own by a comment in it
AT_ONCE = 100
ANSWERS = ("yes", "no", "2", "a red bus", "on the table", "baseball")

# The high-water mark of the process itself: getrusage would count what the parent held before it started this one.
PEAK = "[line for line in open('/proc/self/status') if line.startswith('VmHWM')][0].split()[1]"
SURVEY = f"""
import sys
from argus_eval.config import RunConfig
from argus_eval.engine.accuracy import survey
from argus_eval.engine.plan import make_plan
plan = make_plan(RunConfig(models=("oracle",), tasks=("vqav2",), data={{"": sys.argv[1]}}))
assert survey(plan.tasks[0]).n == int(sys.argv[2])
print({PEAK})
"""
COMMAND = f"""
import sys
from argus_eval.cli import main
folders = ["--data", sys.argv[1], "--runs-dir", sys.argv[3]]
assert main(["--model", "oracle", "--tasks", "vqav2", "--accuracy-only", *folders]) == 0
print({PEAK})
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """Peak resident memory of one process."""

    layout: str
    what: str
    peak_bytes: int
    wall_s: float


def photographs() -> list[bytes]:
    """JPEGs of about 100 kB: smooth shapes under noise, 640 × 480."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:480, 0:640]
    found = []
    for number in range(PICTURES):
        waves = [
            127 + 90 * np.sin((x * a + y * b) / (25 + number)) for a, b in ((1, 0.3), (0.2, 1.1), (0.7, -0.6))
        ]
        pixels = (np.stack(waves, axis=-1) + rng.normal(0, 14, (480, 640, 3))).clip(0, 255).astype(np.uint8)
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "JPEG", quality=88)
        found.append(buffer.getvalue())
    return found


def with_comment(jpeg: bytes, text: str) -> bytes:
    """The same picture with a comment segment after its first marker."""
    comment = text.encode()
    return jpeg[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + jpeg[2:]


def batches(rows: int) -> Iterator[pa.RecordBatch]:
    """The benchmark, ``AT_ONCE`` rows at a time, so that making it needs little memory too."""
    pictures = photographs()
    for start in range(0, rows, AT_ONCE):
        part = [
            {
                "question_type": "what",
                "multiple_choice_answer": (answer := ANSWERS[row % len(ANSWERS)]),
                "answers": [{"answer": answer, "answer_confidence": "yes", "answer_id": i} for i in range(1, 11)],
                "image_id": row // 3,
                "answer_type": "other",
                "question_id": row,
                "question": f"What is in picture {row}?",
                "image": {"bytes": with_comment(pictures[row % PICTURES], f"row {row}"), "path": f"{row}.jpg"},
            }
            for row in range(start, min(start + AT_ONCE, rows))
        ]
        yield pa.RecordBatch.from_pylist(part, schema=VQAV2)


def hub_layout(folder: pathlib.Path, rows: int) -> None:
    """Parquet in row groups of 100."""
    with pq.ParquetWriter(folder / "validation-00000-of-00001.parquet", VQAV2) as writer:
        for batch in batches(rows):
            writer.write_batch(batch)


def one_group_layout(folder: pathlib.Path, rows: int) -> None:
    """Parquet in one row group; made from a memory map, as nobody has it in memory."""
    with tempfile.NamedTemporaryFile(dir=folder.parent) as stream:
        _write_stream(pathlib.Path(stream.name), rows)
        with pa.memory_map(stream.name) as source:
            table = pa.ipc.open_stream(source).read_all()
            pq.write_table(table, folder / "validation-00000-of-00001.parquet")


def saved_layout(folder: pathlib.Path, rows: int) -> None:
    """What ``datasets.Dataset.save_to_disk`` leaves: an Arrow stream in batches of 1,000 rows."""
    _write_stream(folder / "data-00000-of-00001.arrow", rows, 1_000 // AT_ONCE)
    state = {
        "_data_files": [{"filename": "data-00000-of-00001.arrow"}],
        "_fingerprint": "0",
        "_split": "validation",
    }
    (folder / "state.json").write_text(json.dumps(state), encoding="utf-8")
    (folder / "dataset_info.json").write_text("{}", encoding="utf-8")


def _write_stream(path: pathlib.Path, rows: int, together: int = 1) -> None:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, VQAV2) as writer:
        held: list[pa.RecordBatch] = []
        for batch in batches(rows):
            held.append(batch)
            if len(held) == together:
                writer.write_batch(pa.Table.from_batches(held).combine_chunks().to_batches()[0])
                held = []
        for batch in held:
            writer.write_batch(batch)


LAYOUTS: dict[str, Callable[[pathlib.Path, int], None]] = {
    "Parquet, row groups of 100": hub_layout,
    "Parquet, one row group": one_group_layout,
    "Arrow stream, batches of 1,000": saved_layout,
}


def measure(layout: str, folder: pathlib.Path, rows: int, runs: pathlib.Path) -> Iterator[Peak]:
    """Both readings of one layout."""
    for what, code in (("survey", SURVEY), ("whole command", COMMAND)):
        start = time.perf_counter()
        words = [sys.executable, "-c", code, str(folder), str(rows), str(runs)]
        done = subprocess.run(words, check=True, capture_output=True, text=True)
        wall_s = time.perf_counter() - start
        kibibytes = int(done.stdout.split()[-1])
        peak = Peak(layout=layout, what=what, peak_bytes=kibibytes * 1024, wall_s=wall_s)
        print(f"{layout}, {what}: {peak.peak_bytes / 1e6:.0f} MB, {wall_s:.0f} s", flush=True)
        yield peak


def main() -> int:
    """Make, read, print, store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--most", type=float, default=600.0, metavar="MB")
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    peaks: list[Peak] = []
    sizes: dict[str, int] = {}
    for layout, write in LAYOUTS.items():
        with tempfile.TemporaryDirectory() as place:
            folder = pathlib.Path(place) / "vqav2"
            folder.mkdir()
            write(folder, arguments.rows)
            sizes[layout] = sum(file.stat().st_size for file in folder.iterdir())
            print(f"{layout}: {arguments.rows:,} rows, {sizes[layout] / 1e6:,.0f} MB on disk", flush=True)
            peaks += measure(layout, folder, arguments.rows, pathlib.Path(place) / "runs")
    if arguments.json is not None:
        report = {
            "rows": arguments.rows,
            "bytes_on_disk": sizes,
            "peaks": [asdict(peak) for peak in peaks],
            "load_1min_before": load,
            "environment": capture_environment(),
        }
        arguments.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return 0 if max(peak.peak_bytes for peak in peaks) < arguments.most * 1e6 else 1


if __name__ == "__main__":
    sys.exit(main())
