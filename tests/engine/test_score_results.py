"""Results of detectors: COCO's corners."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest

from argus_eval.engine.score_report import ScoreReport
from argus_eval.errors import UsageError

from .score_cases import BOX, COCO, Files


@pytest.fixture
def files(tmp_path: pathlib.Path) -> Files:
    return Files(tmp_path)


def score(files: Files, *rows: Any, settings: tuple[str, ...] = (), truth: Any = COCO) -> ScoreReport:
    return files.score(
        "coco_detection", files.json("gt.json", truth), files.json("dt.json", list(rows)), *settings
    )


def test_an_annotation_with_id_0_counts_unless_the_original_is_asked_for(files: Files) -> None:
    assert score(files, BOX).metrics["AP"].value == 1.0
    assert score(files, BOX, settings=("compat=pycocotools",)).metrics["AP"].value == 0.0


def test_no_results_are_zero_not_an_error(files: Files) -> None:
    report = score(files)
    assert (report.metrics["AP"].value, report.metrics["f1@0.5"].value, report.missing) == (0.0, 0.0, (1, 2))
    assert report.metrics["APl"].value is None
    blank = files.score("coco_detection", files.json("gt.json", COCO), files.raw("dt.json", b" \n"))
    assert blank.metrics["AP"].value == 0.0


def test_unreadable_rows_are_counted_and_left_out(files: Files) -> None:
    bad = [
        {**BOX, "bbox": [float("nan"), 0, 1, 1]},
        {**BOX, "score": float("inf")},
        {**BOX, "bbox": None},
        {**BOX, "bbox": [1, 2, 3]},
        {**BOX, "bbox": ["1", 2, 3, 4]},
        {**BOX, "bbox": [10**400, 0, 1, 1]},
        {**BOX, "score": "high"},
        {**BOX, "image_id": None},
        {"image_id": 1, "bbox": [0, 0, 1, 1]},
        5,
    ]
    report = score(files, BOX, *bad)
    assert report.metrics["AP"].value == 1.0
    assert report.unparsed.n == len(bad)
    assert report.unparsed.reasons["box not finite"] == 1


def test_unknown_images_are_refused_and_unknown_categories_dropped(files: Files) -> None:
    stray = {**BOX, "image_id": 99}
    with pytest.raises(UsageError, match="image_id 99 not in the annotations"):
        score(files, BOX, stray)
    assert score(files, BOX, stray, settings=("extra=ignore",)).extra == (99,)
    report = score(files, BOX, {**BOX, "category_id": 77})
    assert (report.metrics["f1@0.5"].value, sum(report.dropped.values())) == (1.0, 1)


def test_ids_as_text_and_rows_without_scores(files: Files) -> None:
    report = score(files, {"image_id": "1", "category_id": 1, "bbox": [0, 0, 50, 50]})
    assert report.metrics["AP"].value == 1.0
    assert report.notes == ("scores: constant (by image id, then as written)",)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": COCO["images"] * 2}, "images: id 1 appears twice"),
        ({"annotations": COCO["annotations"] * 2}, "annotations: id 0 appears twice"),
        ({"categories": []}, "no categories"),
        (
            {"annotations": [{**COCO["annotations"][0], "bbox": [0, 0, float("nan"), 1]}]},
            r"annotations\[0\]: bbox",
        ),
        ({"annotations": [{**COCO["annotations"][0], "area": "big"}]}, r"annotations\[0\]: area"),
    ],
)
def test_wrong_annotations(files: Files, change: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        score(files, BOX, truth={**COCO, **change})


def test_annotations_of_other_images_are_counted(files: Files) -> None:
    stray = {**COCO["annotations"][0], "id": 5, "image_id": 9}
    report = score(files, BOX, truth={**COCO, "annotations": [*COCO["annotations"], stray]})
    assert report.dropped == {"annotation of an image that is not listed": 1}


@pytest.mark.parametrize(
    ("section", "name", "value"),
    [
        ("annotations", "iscrowd", "0"),
        ("annotations", "iscrowd", [1]),
        ("annotations", "ignore", "no"),
        ("images", "neg_category_ids", 1),
        ("images", "neg_category_ids", [[1]]),
        ("images", "not_exhaustive_category_ids", "1"),
    ],
)
def test_a_member_of_another_type_is_named(files: Files, section: str, name: str, value: Any) -> None:
    truth = {**COCO, section: [{**COCO[section][0], name: value}, *COCO[section][1:]]}
    with pytest.raises(UsageError, match=rf"{section}\[0\]: {name}"):
        score(files, BOX, truth=truth)


def test_a_score_too_large_for_a_float_is_unreadable(files: Files) -> None:
    report = score(files, BOX, {**BOX, "score": 10**400})
    assert report.unparsed.reasons == {"score is no number": 1}


def test_category_ids_are_found_as_text_like_image_ids(files: Files) -> None:
    report = score(files, {**BOX, "image_id": "1", "category_id": "1"})
    assert (report.metrics["AP"].value, report.dropped) == (1.0, {})


def test_lvis_leaves_out_what_has_no_area(files: Files) -> None:
    images = [{**image, "neg_category_ids": [], "not_exhaustive_category_ids": []} for image in COCO["images"]]
    flat = {"id": 7, "image_id": 1, "category_id": 1, "bbox": [60, 60, 0, 20], "area": 0}
    truth = {**COCO, "images": images, "annotations": [*COCO["annotations"], flat]}
    report = files.score(
        "lvis_detection",
        files.json("gt.json", truth),
        files.json("dt.json", [BOX, {**BOX, "bbox": [5, 5, 0, 9], "score": 0.95}]),
    )
    assert report.metrics["AP"].value == 1.0
    assert report.dropped == {"annotation without area": 1, "box without area": 1}
