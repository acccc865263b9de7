"""Detection rows and native annotation files of the wrong type."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from argus_eval.core.sample import RegionsTarget, Sample
from argus_eval.data.rows import BadRow
from argus_eval.tasks.catalog import load_task

COCO: dict[str, list[object]] = {
    "images": [{"id": 1, "file_name": "i.png", "width": 20, "height": 10}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 5, 5], "area": 25, "iscrowd": 0}],
    "categories": [{"id": 1, "name": "cat"}],
}


def read(folder: Path, content: dict[str, list[object]]) -> list[Sample | BadRow]:
    (folder / "annotations").mkdir()
    (folder / "val2017").mkdir()
    Image.new("RGB", (20, 10)).save(folder / "val2017" / "i.png")
    (folder / "annotations" / "instances_val2017.json").write_text(json.dumps(content), encoding="utf-8")
    task = load_task("coco_detection")
    return list(task.samples(task.open(str(folder), strict=True, ci=False).rows()))


@pytest.mark.parametrize(("given", "crowd"), [(0, False), (1, True), (None, False), (True, True)])
def test_a_crowd_is_0_or_1(tmp_path: Path, given: object, crowd: bool) -> None:
    annotation = {**COCO["annotations"][0], "iscrowd": given}  # type: ignore[dict-item]
    (sample,) = read(tmp_path, {**COCO, "annotations": [annotation]})
    assert isinstance(sample, Sample)
    assert isinstance(sample.target, RegionsTarget)
    assert sample.target.regions[0].crowd is crowd


@pytest.mark.parametrize("given", ["0", "1", [0], 2, float("nan")])
def test_another_crowd_is_a_bad_row(tmp_path: Path, given: object) -> None:
    annotation = {**COCO["annotations"][0], "iscrowd": given}  # type: ignore[dict-item]
    (row,) = read(tmp_path, {**COCO, "annotations": [annotation]})
    assert isinstance(row, BadRow)
    assert row.reason == "iscrowd is neither 0 nor 1"


@pytest.mark.parametrize("section", ["images", "annotations", "categories"])
def test_an_element_that_is_no_object_is_counted(tmp_path: Path, section: str) -> None:
    found = read(tmp_path, {**COCO, section: [*COCO[section], 7]})
    assert [row.reason for row in found if isinstance(row, BadRow)] == [f"an element of {section} is no object"]
    assert sum(isinstance(item, Sample) for item in found) == 1
