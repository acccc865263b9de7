"""LVIS against numbers of the official package."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest

from argus_eval.core.geometry import ImageSize, PixelBox
from argus_eval.core.prediction import Parsed, Prediction, Region, Regions
from argus_eval.core.sample import EncodedImage, RegionsTarget, RegionTarget, Sample
from argus_eval.metrics.box_statistics import fold_label
from argus_eval.metrics.lvis import LVIS, Lvis


def samples_and_predictions(
    data: dict[str, Any], results: list[dict[str, Any]]
) -> list[tuple[Prediction, Sample]]:
    names = {row["id"]: row["name"] for row in data["categories"]}
    out: list[tuple[Prediction, Sample]] = []
    for image in data["images"]:
        size = ImageSize(image["width"], image["height"])
        annotations = [row for row in data["annotations"] if row["image_id"] == image["id"]]
        regions = [
            Region(
                box=PixelBox.from_xywh(*row["bbox"]).to_unit(size),
                label=names[row["category_id"]],
                score=row["score"],
            )
            for row in results
            if row["image_id"] == image["id"]
        ]
        target = RegionsTarget(
            regions=tuple(
                RegionTarget(
                    box=PixelBox.from_xywh(*row["bbox"]), label=names[row["category_id"]], area_px=row["area"]
                )
                for row in annotations
            ),
            negative_labels=frozenset(names[i] for i in image["neg_category_ids"]),
            not_exhaustive_labels=frozenset(names[i] for i in image["not_exhaustive_category_ids"]),
        )
        encoded = EncodedImage(data=b"", sha256="", size=size, format=None)
        key = str(image["id"])
        sample = Sample(key=key, images=(encoded,), inputs={}, target=target, cluster=key)
        out.append((Parsed(value=Regions(regions=tuple(regions))), sample))
    return out


@pytest.fixture(scope="module")
def lvis(reference_dir: pathlib.Path) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
    folder = reference_dir / "lvis"
    return (
        json.loads((folder / "lvis_val_100.json").read_text()),
        json.loads((folder / "derived_detections.json").read_text()),
        json.loads((folder / "expected.json").read_text())["expected"],
    )


@pytest.mark.parametrize(("run", "constant"), [("derived", False), ("derived_const_score", True)])
def test_official_numbers(lvis: Any, run: str, constant: bool) -> None:
    data, results, expected = lvis
    frequency = {fold_label(row["name"]): row["frequency"] for row in data["categories"]}
    metric = Lvis(frequency=frequency, scores="constant" if constant else "auto")
    pairs = samples_and_predictions(data, results)
    found = metric.reduce([metric.statistics(prediction, sample) for prediction, sample in pairs])
    assert {name: found[name] for name in expected[run]} == pytest.approx(expected[run], abs=1e-9)


def test_at_most_three_hundred_boxes_an_image_count() -> None:
    box = PixelBox(0, 0, 40, 40)
    size = ImageSize(100, 100)
    target = RegionsTarget(regions=(RegionTarget(box=box, label="cat"),), negative_labels=frozenset({"dog"}))
    image = EncodedImage(data=b"", sha256="", size=size, format=None)
    sample = Sample(key="1", images=(image,), inputs={}, target=target, cluster="1")
    noise = [
        Region(box=box.to_unit(size), label=label, score=0.9) for label in ("dog", "unicorn") for _ in range(150)
    ]
    right = Region(box=box.to_unit(size), label="cat", score=0.1)
    for regions, recall in (((right, *noise[:-1]), 1), ((right, *noise), 0)):
        answer = Parsed(value=Regions(regions=regions))
        assert LVIS.reduce([LVIS.statistics(answer, sample)])["AR@300"] == recall


def test_annotations_as_predictions_are_perfect_and_frequencies_are_optional(lvis: Any) -> None:
    data, _, _ = lvis
    perfect = [{**row, "score": 1.0} for row in data["annotations"]]
    found = LVIS.reduce([LVIS.statistics(*pair) for pair in samples_and_predictions(data, perfect)])
    assert found["AP"] == pytest.approx(1)
    assert found["f1@0.5"] == pytest.approx(1)
    assert found["APr"] is found["APc"] is found["APf"] is None


def test_a_class_that_was_not_looked_for_is_left_out(lvis: Any) -> None:
    data, _, _ = lvis
    pairs = samples_and_predictions(data, [{**row, "score": 1.0} for row in data["annotations"]])
    prediction, sample = pairs[0]
    assert isinstance(prediction, Parsed)
    assert isinstance(prediction.value, Regions)
    assert isinstance(sample.target, RegionsTarget)
    known = sample.target.negative_labels | {region.label for region in sample.target.regions}
    elsewhere = next(row["name"] for row in data["categories"] if row["name"] not in known)
    stray = Region(box=prediction.value.regions[0].box, label=elsewhere, score=1.0)
    more = Parsed(value=Regions(regions=(*prediction.value.regions, stray)))
    assert LVIS.statistics(more, sample)["detections"] == LVIS.statistics(prediction, sample)["detections"]
    negative = Region(box=prediction.value.regions[0].box, label=min(sample.target.negative_labels), score=1.0)
    wrong = Parsed(value=Regions(regions=(*prediction.value.regions, negative)))
    assert LVIS.reduce([LVIS.statistics(wrong, sample)])["f1@0.5"] != 1
