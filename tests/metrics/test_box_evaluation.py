"""AP and AR against pycocotools, on its own data and on random data with ties, crowds and size borders."""

from __future__ import annotations

import contextlib
import io
import json
import pathlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from argus_eval.metrics.box_evaluation import BoxEvaluation, evaluate_boxes, precision_summary, recall_summary

from .coco_columns import Rows, detection_columns, truth_columns

NAMES = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")
IMAGES, CATEGORIES = [1, 2, 5, 9], [1, 3, 4]


def evaluation(truths: Rows, detections: Rows, images: list[Any], categories: list[Any]) -> BoxEvaluation:
    return evaluate_boxes(
        truth_columns(truths, images, categories),
        detection_columns(detections, images, categories),
        images=len(images),
        categories=len(categories),
        caps=(1, 10, 100),
    )


def ours(made: BoxEvaluation, weights: Any = None) -> list[float]:
    table = made.curves.evaluate(made.weights(weights))
    values = {**precision_summary(table), **recall_summary(table, NAMES[6:])}
    assert list(values) == list(NAMES)
    return [-1.0 if value is None else value for value in values.values()]


def pycocotools(truths: Rows, detections: Rows, images: list[Any], categories: list[Any]) -> list[float]:
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = {
            "images": [{"id": identity} for identity in images],
            "categories": [{"id": identity} for identity in categories],
            "annotations": [dict(row) for row in truths],
        }
        coco.createIndex()
        run = COCOeval(coco, coco.loadRes([dict(row) for row in detections]), "bbox")
        run.evaluate()
        run.accumulate()
        run.summarize()
    return [float(value) for value in run.stats]


# A coarse grid gives exact threshold hits, equal overlaps and boxes on the 32² and 96² borders.
coordinate = st.integers(0, 6).map(lambda step: 16.0 * step)
side = st.sampled_from([8.0, 16.0, 32.0, 64.0, 96.0, 128.0])
box = st.tuples(coordinate, coordinate, side, side).map(list)
truth_rows = st.lists(
    st.fixed_dictionaries(
        {
            "image_id": st.sampled_from(IMAGES),
            "category_id": st.sampled_from(CATEGORIES),
            "bbox": box,
            "iscrowd": st.sampled_from([0, 0, 0, 1]),
            "area": st.sampled_from([100.0, 1024.0, 2000.0, 9216.0, 9216.5, 30000.0]),
        }
    ),
    max_size=25,
)
detection_rows = st.lists(
    st.fixed_dictionaries(
        {
            "image_id": st.sampled_from(IMAGES),
            "category_id": st.sampled_from(CATEGORIES),
            "bbox": box,
            "score": st.sampled_from([0.1, 0.5, 0.5, 0.9, 1.0]),
        }
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=120, deadline=None)
@given(truth_rows, detection_rows)
def test_random_data_equal_pycocotools(truths: Rows, detections: Rows) -> None:
    numbered = [{**row, "id": i + 1} for i, row in enumerate(truths)]
    expected = pycocotools(numbered, detections, IMAGES, CATEGORIES)
    assert ours(evaluation(numbered, detections, IMAGES, CATEGORIES)) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(truth_rows, detection_rows, st.lists(st.integers(0, 3), min_size=4, max_size=4))
def test_a_weight_is_a_repetition_of_the_image(truths: Rows, detections: Rows, times: list[int]) -> None:
    """Scores are made distinct: repeated equal scores would interleave copies, weights keep them together."""
    distinct = [{**row, "score": (i * 7919 % 104729) / 104729} for i, row in enumerate(detections)]
    made = evaluation([{**row, "id": 1} for row in truths], distinct, IMAGES, CATEGORIES)
    copies = [(identity, copy) for identity, n in zip(IMAGES, times, strict=True) for copy in range(n)]

    def repeated(rows: Rows) -> Rows:
        return [
            {**row, "image_id": (identity, copy)}
            for identity, copy in copies
            for row in rows
            if row["image_id"] == identity
        ]

    again = evaluation(repeated(truths), repeated(distinct), copies, CATEGORIES)
    weights = np.array(times, dtype=np.float64)
    if copies:
        assert ours(made, weights) == pytest.approx(ours(again), abs=1e-12)
        assert made.f1(weights) == pytest.approx(again.f1(again.weights(None)), abs=1e-12)


def test_more_than_a_hundred_boxes_of_a_category_are_cut_by_score() -> None:
    truths = [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 20, 20], "area": 400, "iscrowd": 0}]
    far = [{"image_id": 1, "category_id": 1, "bbox": [200, 0, 9, 9], "score": 0.9} for _ in range(150)]
    near = [{"image_id": 1, "category_id": 1, "bbox": [0, 0, 20, 20], "score": 0.1}]
    made = evaluation(truths, far + near, [1], [1])
    assert ours(made) == pytest.approx(pycocotools(truths, far + near, [1], [1]))
    assert ours(made)[8] == 0
    assert made.f1(np.ones(1))["f1@0.5"] == pytest.approx(2 / 152)  # F1 has no such limit


def test_published_numbers(reference_dir: pathlib.Path) -> None:
    """The 100-image example of the COCO API."""
    folder = reference_dir / "coco_bbox"
    truth = json.loads((folder / "instances_val2014_100.json").read_text())
    results = json.loads((folder / "instances_val2014_fakebbox100_results.json").read_text())
    images = [row["id"] for row in truth["images"]]
    categories = [row["id"] for row in truth["categories"]]
    values = dict(zip(NAMES, ours(evaluation(truth["annotations"], results, images, categories)), strict=True))
    expected = pycocotools(truth["annotations"], results, images, categories)
    assert list(values.values()) == pytest.approx(expected, abs=1e-12)
    published = {
        "AP": 0.504581,
        "AP50": 0.696973,
        "AP75": 0.572982,
        "APs": 0.585626,
        "AR1": 0.386813,
        "ARl": 0.564291,
    }
    assert {name: values[name] for name in published} == pytest.approx(published, abs=5e-7)


def test_nothing_predicted_and_nothing_annotated() -> None:
    truths = [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 20, 20], "area": 400, "iscrowd": 0}]
    assert ours(evaluation(truths, [], [1, 2], [1])) == [0, 0, 0, 0, -1, -1, 0, 0, 0, 0, -1, -1]
    lonely = [{"image_id": 1, "category_id": 1, "bbox": [0, 0, 20, 20], "score": 1.0}]
    assert ours(evaluation([], lonely, [1, 2], [1])) == [-1.0] * 12
    assert evaluation([], [], [1], [1]).f1(np.ones(1)) == {"f1@0.5": None, "f1@0.75": None, "mf1": None}
