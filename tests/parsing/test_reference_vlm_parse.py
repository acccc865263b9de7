"""The raw texts of supervision's own tests, read by us and compared with its answers.

Where we differ on purpose: supervision drops a box that has no label (a referring expression has none to give),
raises on text without sections (a parser of ours never does) and on an impossible image size (thousandths need no
size), and reads Florence-2's bins at their lower edge (the official code at their centre).
"""

from __future__ import annotations

import json
import pathlib
from typing import Any

import numpy as np
import pytest

from argus_eval.core.geometry import ImageSize
from argus_eval.core.prediction import Parsed, Region, Regions, Unparsed
from argus_eval.parsing.dialects import DIALECTS
from argus_eval.parsing.protocol import ParseContext

pytestmark = pytest.mark.reference

TABLES = {
    "test_from_paligemma": ("paligemma", 18),
    "test_from_qwen_2_5_vl": ("qwen2.5-vl", 13),
    "test_from_google_gemini": ("gemini", 10),
    "test_from_google_gemini_2_5": ("gemini", 12),
    "test_from_deepseek_vl_2": ("deepseek-vl2", 8),
}

# texts in which supervision drops boxes for want of a label, with the number that we keep
UNLABELLED = {
    ("paligemma", "<loc0256><loc0256><loc0768><loc0768>"): 1,
    ("deepseek-vl2", "<|det|>[[100, 200, 300, 400]]<|/det|>"): 1,
}


@pytest.fixture(scope="module")
def tables(reference_dir: pathlib.Path) -> dict[str, list[dict[str, Any]]]:
    return json.loads((reference_dir / "vlm_parse" / "supervision_test_vlm.json").read_text())["tests"]


def read(name: str, row: dict[str, Any]) -> list[Region]:
    size = ImageSize(*row["resolution_wh"])
    resized = ImageSize(*row["input_wh"]) if "input_wh" in row else None
    prediction = DIALECTS.get(name).decode(row["result"], ParseContext(image_size=size, resized_size=resized))
    if isinstance(prediction, Unparsed):
        return []
    assert isinstance(prediction, Parsed)
    assert isinstance(prediction.value, Regions)
    classes = row["classes"]
    return [region for region in prediction.value.regions if classes is None or region.label in classes]


def expected(row: dict[str, Any]) -> tuple[list[list[float]], list[str] | None, list[float] | None]:
    if "expected_detections" in row:
        found = row["expected_detections"]
        names = found["data"].get("class_name")
        return found["xyxy"]["__array__"], names["__array__"] if names else None, None
    results = row["expected_results"]
    scores = results[3]["__array__"] if len(results) > 3 and results[3] else None
    return results[0]["__array__"], results[2]["__array__"], scores


@pytest.mark.parametrize(("table", "name"), [(table, name) for table, (name, _) in TABLES.items()])
def test_same_boxes_and_labels(tables: dict[str, list[dict[str, Any]]], table: str, name: str) -> None:
    assert len(tables[table]) == TABLES[table][1]
    for row in tables[table]:
        if row["exception"] != "ok":
            continue
        regions = read(name, row)
        boxes, labels, scores = expected(row)
        if name == "qwen2.5-vl" and '"missing box"' in row["result"]:
            assert (len(boxes), len(regions)) == (0, 2)
            assert all(region.label is None for region in regions)
            continue
        kept = UNLABELLED.get((name, row["result"]))
        if kept is not None:
            assert (len(boxes), len(regions)) == (0, kept)
            continue
        size = ImageSize(*row["resolution_wh"])
        tolerance = 1e-3 if name == "deepseek-vl2" else 1e-9  # its table is rounded to a tenth of a pixel
        ours = np.array([region.box.to_pixels(size).as_list() for region in regions]).reshape(-1, 4)
        np.testing.assert_allclose(ours, np.array(boxes).reshape(-1, 4), atol=tolerance, err_msg=row["result"])
        if labels is not None:
            assert [region.label for region in regions] == labels, row["result"]
        if scores:
            assert [region.score for region in regions] == pytest.approx(scores)


@pytest.mark.parametrize(("table", "name"), [(table, name) for table, (name, _) in TABLES.items()])
def test_where_supervision_raises_we_do_not(
    tables: dict[str, list[dict[str, Any]]], table: str, name: str
) -> None:
    raising = [row for row in tables[table] if row["exception"] != "ok"]
    assert raising
    for row in raising:
        assert len(read(name, row)) == (1 if "[" in row["result"] or "<loc" in row["result"] else 0), row


def test_florence_regions_differ_by_half_a_bin(tables: dict[str, list[dict[str, Any]]]) -> None:
    texts = [
        (text, row["expected_results"])
        for row in tables["test_florence_2"]
        for text in row["florence_result"].values()
        if isinstance(text, str) and "<loc_" in text
    ]
    assert len(texts) == 2
    for text, results in texts:
        prediction = DIALECTS.get("florence-2").decode(text, ParseContext())
        assert isinstance(prediction, Parsed)
        assert isinstance(prediction.value, Regions)
        (region,) = prediction.value.regions
        theirs = np.array(results[0]["__array__"][0]) / 10
        np.testing.assert_allclose(region.box.as_list(), theirs + 0.5 / 1000, atol=1e-12)
        assert region.label == results[1]["__array__"][0]
