"""Scoring COCO val2017-sized results: ``argus-eval score`` against pycocotools, interleaved, with equal numbers.

    python benchmarks/coco_scoring.py [--rounds 3] [--images 5000] [--json benchmarks/results/NAME.json]

Each round runs both from files to twelve numbers, each in a process of its own, one after the other, the order
changing from round to round; imports and interpreter start are part of both. Printed are the ratios of processor
time, which a busy machine disturbs least, and of wall time, and the largest difference of the twelve numbers.
Leaves with 1 if the ratio of processor time is below ``--least`` or a number differs.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from argus_eval.measure.environment import capture_environment

NAMES = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")
CATEGORIES, DETECTIONS = 80, 100
ANNOTATIONS_AN_IMAGE = 36_000 / 5_000
NEAR = 40  # detections of an image that were made by moving one of its objects
EQUAL = 1e-9

THEIRS = """
import json, sys
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
truth = COCO(sys.argv[1])
run = COCOeval(truth, truth.loadRes(sys.argv[2]), "bbox")
run.evaluate(); run.accumulate(); run.summarize()
json.dump(run.stats.tolist(), open(sys.argv[3], "w"))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """One process from start to end."""

    wall_s: float
    processor_s: float
    numbers: dict[str, float]


def boxes(rng: np.random.Generator, count: int) -> np.ndarray[Any, Any]:
    """Boxes (count, 4) as x, y, width, height in a 640 × 480 image, sides log-normal around 55 pixels."""
    sides = np.exp(rng.normal(4, 1, (count, 2))).clip(4, 400)
    corners = rng.uniform(0, 1, (count, 2)) * (np.array([640, 480]) - np.minimum(sides, 470))
    return np.concatenate([corners, sides], axis=1)


def synthetic_coco(images: int, seed: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Ground truth and results as dense as val2017: 7.2 objects and 100 detections an image, 1 % crowds."""
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(round(images * ANNOTATIONS_AN_IMAGE), np.full(images, 1 / images))
    annotations: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for image, count in enumerate(counts.tolist(), start=1):
        objects, labels = boxes(rng, count), rng.integers(1, CATEGORIES + 1, count)
        for box, label in zip(objects.round(2).tolist(), labels.tolist(), strict=True):
            row = {"id": len(annotations) + 1, "image_id": image, "category_id": label, "bbox": box}
            annotations.append({**row, "area": box[2] * box[3] * 0.7, "iscrowd": int(rng.random() < 0.01)})
        near = rng.integers(0, count, NEAR if count else 0)
        results += _detections(rng, image, objects[near], labels[near])
    listed = [{"id": i, "width": 640, "height": 480} for i in range(1, images + 1)]
    categories = [{"id": i, "name": f"c{i}"} for i in range(1, CATEGORIES + 1)]
    return {"images": listed, "annotations": annotations, "categories": categories}, results


def _detections(rng: np.random.Generator, image: int, objects: Any, labels: Any) -> Iterator[dict[str, Any]]:
    moved = objects + rng.normal(0, 0.08, objects.shape) * np.tile(objects[:, 2:], 2)
    rest = DETECTIONS - len(objects)
    found = np.concatenate([np.maximum(moved, [0, 0, 1, 1]), boxes(rng, rest)]).round(2).tolist()
    names = [*labels.tolist(), *rng.integers(1, CATEGORIES + 1, rest).tolist()]
    scores = np.concatenate([rng.beta(5, 3, len(objects)), rng.beta(1.2, 5, rest)]).round(6).tolist()
    for box, label, score in zip(found, names, scores, strict=True):
        yield {"image_id": image, "category_id": label, "bbox": box, "score": score}


def run(command: list[str], output: pathlib.Path) -> tuple[float, float, Any]:
    """Wall and processor seconds of a process, and what it wrote to ``output``."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, processor, json.loads(output.read_text(encoding="utf-8"))


def ours(truth: pathlib.Path, results: pathlib.Path, output: pathlib.Path) -> Timed:
    """``argus-eval score``."""
    files = ["--annotations", str(truth), "--predictions", str(results), "--json", str(output)]
    command = [sys.executable, "-m", "argus_eval", "score", "--task", "coco_detection", "--set", "ci=off", *files]
    wall, processor, report = run(command, output)
    numbers = {name: report["metrics"][name]["value"] for name in NAMES}
    return Timed(wall_s=wall, processor_s=processor, numbers=numbers)


def theirs(truth: pathlib.Path, results: pathlib.Path, output: pathlib.Path) -> Timed:
    """pycocotools, as its demonstration notebook calls it."""
    command = [sys.executable, "-c", THEIRS, str(truth), str(results), str(output)]
    wall, processor, stats = run(command, output)
    return Timed(wall_s=wall, processor_s=processor, numbers=dict(zip(NAMES, stats, strict=True)))


def measure(folder: pathlib.Path, images: int, rounds: int, seed: int) -> list[dict[str, Timed]]:
    """Both, ``rounds`` times, in turn."""
    truth, results, output = folder / "truth.json", folder / "results.json", folder / "out.json"
    made, detections = synthetic_coco(images, seed)
    truth.write_text(json.dumps(made), encoding="utf-8")
    results.write_text(json.dumps(detections), encoding="utf-8")
    print(f"{images:,} images, {len(made['annotations']):,} annotations, {len(detections):,} detections")
    del made, detections
    measured = []
    for number in range(rounds):
        order = (ours, theirs) if number % 2 == 0 else (theirs, ours)
        measured.append({side.__name__: side(truth, results, output) for side in order})
        both = measured[-1]
        print(
            f"round {number + 1}, processor time (wall): ours {both['ours'].processor_s:.2f} s "
            f"({both['ours'].wall_s:.2f}), pycocotools {both['theirs'].processor_s:.2f} s "
            f"({both['theirs'].wall_s:.2f})",
            flush=True,
        )
    return measured


def main() -> int:
    """Measure, print, store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--images", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--least", type=float, default=8.0, metavar="RATIO")
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(pathlib.Path(folder), arguments.images, arguments.rounds, arguments.seed)
    ratios = {
        kind: [getattr(both["theirs"], kind) / getattr(both["ours"], kind) for both in measured]
        for kind in ("processor_s", "wall_s")
    }
    difference = max(
        abs(both["ours"].numbers[name] - both["theirs"].numbers[name]) for both in measured for name in NAMES
    )
    median = {kind: float(np.median(values)) for kind, values in ratios.items()}
    print(
        f"pycocotools / ours: {median['processor_s']:.1f}× of processor time, {median['wall_s']:.1f}× of wall "
        f"time (medians of {arguments.rounds}); largest difference of the twelve numbers {difference:.1e}"
    )
    if arguments.json is not None:
        report = {
            "images": arguments.images,
            "ratio": median,
            "ratios": ratios,
            "largest_difference": difference,
            "rounds": [{side: asdict(timed) for side, timed in both.items()} for both in measured],
            "load_1min_before": load,
            "environment": capture_environment(),
        }
        arguments.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return 0 if median["processor_s"] >= arguments.least and difference <= EQUAL else 1


if __name__ == "__main__":
    sys.exit(main())
