"""Grounding: thresholds, order of boxes, and what cannot be read."""

from __future__ import annotations

import json
import pathlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_eval.core.geometry import ImageSize, PixelBox, UnitBox, iou
from argus_eval.core.prediction import Parsed, Prediction, Region, Regions, Unparsed
from argus_eval.core.sample import BoxTarget, EncodedImage, Sample
from argus_eval.errors import UsageError
from argus_eval.metrics.grounding_iou import GROUNDING_ANY_BOX, GROUNDING_IOU


def sample(box: PixelBox, size: ImageSize) -> Sample:
    image = EncodedImage(data=b"", sha256="", size=size, format=None)
    return Sample(key="1", images=(image,), inputs={}, target=BoxTarget(box=box), cluster="1")


def predicted(*boxes: UnitBox) -> Prediction:
    return Parsed(value=Regions(regions=tuple(Region(box=box) for box in boxes)))


@given(width=st.integers(2, 4000), height=st.integers(2, 4000), x=st.integers(0, 1000), y=st.integers(0, 1000))
def test_exactly_half_passes_whatever_the_image(width: int, height: int, x: int, y: int) -> None:
    size = ImageSize(x + width, y + 2 * height)
    truth = PixelBox(x, y, x + width, y + height)
    twice = PixelBox(x, y, x + width, y + 2 * height).to_unit(size)
    scores = GROUNDING_IOU.score(predicted(twice), sample(truth, size))
    assert scores["acc@0.5"] == 1
    assert scores["acc@0.75"] == 0
    assert scores["mean_iou"] == pytest.approx(0.5)


def test_only_the_first_box_counts() -> None:
    size, truth = ImageSize(100, 50), PixelBox(0, 0, 50, 25)
    right, wrong = UnitBox(0, 0, 0.5, 0.5), UnitBox(0.6, 0.6, 0.9, 0.9)
    assert GROUNDING_IOU.score(predicted(right, wrong), sample(truth, size))["acc@0.9"] == 1
    assert GROUNDING_IOU.score(predicted(wrong, right), sample(truth, size))["mean_iou"] == 0


@pytest.mark.parametrize(
    "prediction",
    [
        Unparsed(reason="no box"),
        predicted(),
        predicted(UnitBox(0.5, 0.5, 0, 0)),
        predicted(UnitBox(0.1, 0.1, 0.1, 0.9)),
    ],
)
def test_unreadable_empty_and_swapped_boxes_score_zero(prediction: Prediction) -> None:
    scores = GROUNDING_IOU.score(prediction, sample(PixelBox(0, 0, 50, 50), ImageSize(100, 100)))
    assert set(scores.values()) == {0.0}
    assert list(scores) == [info.name for info in GROUNDING_IOU.infos]


def test_reference_rows(reference_dir: pathlib.Path) -> None:
    """Real expressions with derived answers; the boxes are the reference's own reading of them."""
    truth = json.loads((reference_dir / "refcoco" / "refcoco_testB.json").read_text())
    expected = json.loads((reference_dir / "refcoco" / "expected.json").read_text())["expected"]
    for name in ("internvl", "qwen2_5_vl"):
        rows = json.loads((reference_dir / "refcoco" / f"derived_predictions_{name}.json").read_text())["rows"]
        scores = [_score(row, target) for row, target in zip(rows, truth, strict=False)]
        for metric, key in (("acc@0.5", "acc50"), ("acc@0.75", "acc75"), ("mean_iou", "mean_iou")):
            mean = sum(score[metric] for score in scores) / len(scores)
            assert mean == pytest.approx(expected[name][key], abs=2e-4), (name, metric)


def _score(row: dict[str, Any], target: dict[str, Any]) -> Any:
    size = ImageSize(target["width"], target["height"])
    box = row["expected_xyxy"]
    prediction = predicted(PixelBox(*box).to_unit(size)) if box else Unparsed(reason="no box")
    truth = PixelBox(*target["bbox_xyxy"])
    scores = GROUNDING_IOU.score(prediction, sample(truth, size))
    if box:
        assert scores["mean_iou"] == pytest.approx(iou(PixelBox(*box), truth), abs=1e-12)
    return scores


def test_any_box_takes_the_best_of_the_phrase_s_boxes() -> None:
    size = ImageSize(100, 100)
    boxed = Sample(
        key="1",
        images=(EncodedImage(data=b"", sha256="", size=size, format=None),),
        inputs={},
        target=BoxTarget(box=PixelBox(0, 0, 90, 10)),
        cluster="1",
        attributes={"any_box": "0.0,0.0,10.0,10.0;80.0,0.0,90.0,10.0"},
    )
    second = Parsed(value=Regions(regions=(Region(box=PixelBox(80, 0, 90, 10).to_unit(size)),)))
    assert GROUNDING_ANY_BOX.score(second, boxed) == {"any_box@0.5": 1.0}
    assert GROUNDING_IOU.score(second, boxed)["acc@0.5"] == 0.0
    single = replace(boxed, attributes={})
    assert GROUNDING_ANY_BOX.score(second, single) == {"any_box@0.5": 0.0}
    with pytest.raises(UsageError, match="any_box: expected"):
        GROUNDING_ANY_BOX.score(second, replace(boxed, attributes={"any_box": "1,2"}))
