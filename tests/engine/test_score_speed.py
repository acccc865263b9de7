"""Scoring a detector's results is at least eight times faster than pycocotools, with equal numbers."""

from __future__ import annotations

import contextlib
import io
import pathlib
import time
from typing import Any

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from .score_cases import Files

NAMES = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")
IMAGES, PER_IMAGE, CATEGORIES = 400, 100, 80


def _boxes(rng: np.random.Generator, n: int) -> Any:
    sides = np.exp(rng.normal(4, 1, (n, 2))).clip(4, 400)
    corners = rng.uniform(0, 1, (n, 2)) * (np.array([640, 480]) - np.minimum(sides, 470))
    return np.concatenate([corners, sides], axis=1)


def _data(seed: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """As dense as COCO val2017: 7 objects and 100 detections an image, two in five near an object."""
    rng = np.random.default_rng(seed)
    annotations: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for image in range(1, IMAGES + 1):
        objects, labels = _boxes(rng, 7), rng.integers(1, CATEGORIES + 1, 7)
        for box, label in zip(objects.tolist(), labels.tolist(), strict=True):
            row = {"id": len(annotations) + 1, "image_id": image, "category_id": label, "bbox": box}
            annotations.append({**row, "area": box[2] * box[3] * 0.7, "iscrowd": int(rng.random() < 0.01)})
        near = rng.integers(0, 7, 40)
        moved = objects[near] + rng.normal(0, 0.08, (40, 4)) * np.tile(objects[near, 2:], 2)
        boxes = np.concatenate([np.maximum(moved, [0, 0, 1, 1]), _boxes(rng, PER_IMAGE - 40)]).tolist()
        names = [*labels[near].tolist(), *rng.integers(1, CATEGORIES + 1, PER_IMAGE - 40).tolist()]
        scores = [*rng.beta(5, 3, 40).tolist(), *rng.beta(1.2, 5, PER_IMAGE - 40).tolist()]
        for box, label, score in zip(boxes, names, scores, strict=True):
            results.append({"image_id": image, "category_id": label, "bbox": box, "score": score})
    images = [{"id": i, "width": 640, "height": 480} for i in range(1, IMAGES + 1)]
    categories = [{"id": i, "name": f"c{i}"} for i in range(1, CATEGORIES + 1)]
    return {"images": images, "annotations": annotations, "categories": categories}, results


@pytest.mark.slow
def test_eight_times_faster_with_equal_numbers(tmp_path: pathlib.Path) -> None:
    """Processor time from file to numbers, so that a busy machine does not decide."""
    files = Files(tmp_path)
    truth, results = _data(0)
    annotations, predictions = files.json("gt.json", truth), files.json("dt.json", results)
    files.score("coco_detection", annotations, predictions, "ci=off")  # imports are paid once
    start = time.process_time()
    report = files.score("coco_detection", annotations, predictions, "ci=off")
    ours = time.process_time() - start
    start = time.process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(annotations))
        run = COCOeval(coco, coco.loadRes(str(predictions)), "bbox")
        run.evaluate()
        run.accumulate()
        run.summarize()
    theirs = time.process_time() - start
    assert [report.metrics[name].value for name in NAMES] == pytest.approx(run.stats.tolist(), abs=1e-12)
    assert theirs / ours >= 8, f"{theirs:.1f} s against {ours:.1f} s"
