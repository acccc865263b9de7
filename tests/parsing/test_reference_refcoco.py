"""RefCOCO accuracy of derived model outputs, as published beside them."""

from __future__ import annotations

import json
import pathlib

import pytest

from argus_eval.core.geometry import ImageSize, PixelBox, iou
from argus_eval.core.prediction import Parsed, Regions
from argus_eval.parsing.dialects import DIALECTS
from argus_eval.parsing.protocol import ParseContext

pytestmark = pytest.mark.reference


@pytest.mark.parametrize(("dialect", "file"), [("qwen2.5-vl", "qwen2_5_vl"), ("internvl", "internvl")])
def test_published_accuracy(reference_dir: pathlib.Path, dialect: str, file: str) -> None:
    folder = reference_dir / "refcoco"
    truth = json.loads((folder / "refcoco_testB.json").read_text())
    rows = json.loads((folder / f"derived_predictions_{file}.json").read_text())["rows"]
    expected = json.loads((folder / "expected.json").read_text())["expected"][file]
    overlaps, unparsed = [], 0
    for row, target in zip(rows, truth, strict=False):
        size = ImageSize(target["width"], target["height"])
        prediction = DIALECTS.get(dialect).decode(row["raw"], ParseContext(image_size=size))
        if not isinstance(prediction, Parsed):
            assert row["expected_xyxy"] is None
            unparsed += 1
            overlaps.append(0.0)
            continue
        assert isinstance(prediction.value, Regions)
        box = prediction.value.regions[0].box.to_pixels(size)
        assert box.as_list() == pytest.approx(row["expected_xyxy"], abs=1e-3)
        overlaps.append(iou(box, PixelBox(*target["bbox_xyxy"])))
        assert overlaps[-1] == pytest.approx(row["expected_iou"], abs=1e-5)
    assert unparsed == sum(row["expected_xyxy"] is None for row in rows) == 20
    assert sum(value >= 0.5 for value in overlaps) / len(overlaps) == pytest.approx(expected["acc50"])
    assert sum(value >= 0.75 for value in overlaps) / len(overlaps) == pytest.approx(expected["acc75"])
    assert sum(overlaps) / len(overlaps) == pytest.approx(expected["mean_iou"], abs=1e-9)
