"""VOC average precision against the published example."""

from __future__ import annotations

import json
import pathlib

import numpy as np
import pytest

from argus_eval.metrics.box_statistics import BoxStatistic
from argus_eval.metrics.voc import Voc


@pytest.fixture(scope="module")
def statistics(reference_dir: pathlib.Path) -> list[BoxStatistic]:
    data = json.loads((reference_dir / "voc" / "test_case_1.json").read_text())
    return [
        BoxStatistic(
            key=key,
            truths=[
                (c, float(x), float(y), float(w), float(h), 0.0, False, False)
                for c, x, y, w, h in data["gts"][key]
            ],
            detections=[
                (c, float(x), float(y), float(w), float(h), float(score))
                for c, score, x, y, w, h in data["dets"][key]
            ],
            not_exhaustive=[],
            dropped=0,
        )
        for key in data["gts"]
    ]


@pytest.mark.parametrize("threshold", ["0.1", "0.3", "0.5", "0.75"])
def test_published_numbers(statistics: list[BoxStatistic], reference_dir: pathlib.Path, threshold: str) -> None:
    data = json.loads((reference_dir / "voc" / "test_case_1.json").read_text())
    found = Voc(threshold=float(threshold)).reduce(statistics)
    assert found["voc_map_11"] == pytest.approx(data["expected_11point"][threshold], abs=1e-9)
    assert found["voc_map"] == pytest.approx(data["expected_every_point"][threshold], abs=1e-9)


def test_order_of_images_is_nothing_and_weights_leave_images_out(statistics: list[BoxStatistic]) -> None:
    metric = Voc(threshold=0.3)
    assert metric.reduce(statistics[::-1]) == metric.reduce(statistics)
    without_first = np.array([0.0] + [1.0] * (len(statistics) - 1))
    assert metric.reduce(statistics, without_first) == pytest.approx(metric.reduce(statistics[1:]))
    assert metric.reduce(statistics, np.zeros(len(statistics))) == {"voc_map_11": None, "voc_map": None}
