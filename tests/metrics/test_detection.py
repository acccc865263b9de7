"""The detection metric on samples: labels, scores, order, F1."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argus_eval.core.geometry import ImageSize, PixelBox, UnitBox
from argus_eval.core.prediction import Parsed, Prediction, Region, Regions, Unparsed
from argus_eval.core.sample import EncodedImage, RegionsTarget, RegionTarget, Sample
from argus_eval.metrics.box_statistics import score_source
from argus_eval.metrics.detection import DETECTION, Detection

SIZE = ImageSize(200, 100)
Labelled = tuple[str, tuple[float, float, float, float]]


def sample(key: str, *regions: RegionTarget) -> Sample:
    image = EncodedImage(data=b"", sha256="", size=SIZE, format=None)
    return Sample(key=key, images=(image,), inputs={}, target=RegionsTarget(regions=regions), cluster=key)


def truth(label: str, *xyxy: float, crowd: bool = False, area: float | None = None) -> RegionTarget:
    return RegionTarget(box=PixelBox(*xyxy), label=label, crowd=crowd, area_px=area)


def predicted(*boxes: Labelled, scores: tuple[float, ...] | None = None) -> Prediction:
    regions = []
    for i, (label, (x1, y1, x2, y2)) in enumerate(boxes):
        unit = UnitBox(x1 / SIZE.width, y1 / SIZE.height, x2 / SIZE.width, y2 / SIZE.height)
        regions.append(Region(box=unit, label=label, score=None if scores is None else scores[i]))
    return Parsed(value=Regions(regions=tuple(regions)))


def values(*pairs: tuple[Prediction, Sample], metric: Detection = DETECTION) -> Any:
    return metric.reduce([metric.statistics(prediction, item) for prediction, item in pairs])


A, B, FAR = (0, 0, 40, 40), (50, 0, 90, 40), (150, 50, 190, 90)


def test_a_perfect_answer_scores_one_everywhere_it_is_defined() -> None:
    found = values((predicted(("cat", A), ("Dog ", B)), sample("1", truth("cat", *A), truth("dog", *B))))
    undefined = {"APs", "APl", "ARs", "ARl"}
    assert {name for name, value in found.items() if value is None} == undefined
    assert {value for value in found.values() if value is not None} == {1.0}
    assert list(found) == [info.name for info in DETECTION.infos]


def test_f1_counts_right_spurious_and_missed() -> None:
    found = values(
        (predicted(("cat", A), ("cat", FAR)), sample("1", truth("cat", *A), truth("cat", *B))),
        (Unparsed(reason="no box"), sample("2", truth("dog", *A))),
    )
    assert found["f1@0.5"] == pytest.approx(2 * 1 / (2 * 1 + 1 + 2))


def test_an_overlap_on_the_threshold_passes_after_the_detour_over_unit_coordinates() -> None:
    for width in range(3, 60):
        half = predicted(("cat", (7, 3, 7 + 2 * width, 3 + 31)))
        found = values((half, sample("1", truth("cat", 7, 3, 7 + width, 3 + 31))))
        assert found["f1@0.5"] == found["AP50"] == 1, width


def test_boxes_in_a_crowd_count_neither_way() -> None:
    crowd = truth("cat", 0, 0, 100, 100, crowd=True)
    found = values((predicted(("cat", A), ("cat", B), ("cat", FAR)), sample("1", crowd, truth("cat", *FAR))))
    assert found["f1@0.5"] == 1
    assert found["AP"] == 1


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_f1_is_a_maximum_matching_whatever_the_order(seed: int) -> None:
    rng = random.Random(seed)

    def some(n: int) -> list[tuple[float, float, float, float]]:
        lefts = [rng.randrange(0, 30, 5) for _ in range(n)]
        return [(left, 0, left + rng.choice([20, 30, 40]), 20) for left in lefts]

    boxes, annotated = some(rng.randint(0, 5)), some(rng.randint(0, 5))
    best = max(size for size in range(6) if _can_pair(boxes, annotated, size))
    item = sample("1", *(truth("cat", *box) for box in annotated))
    found = values((predicted(*(("cat", box) for box in boxes)), item))["f1@0.5"]
    total = len(boxes) + len(annotated)
    assert found == (pytest.approx(2 * best / total) if total else None)


def _can_pair(boxes: list[Any], annotated: list[Any], size: int) -> bool:
    return any(
        all(_overlap(box, target) >= 0.5 for box, target in zip(some, targets, strict=True))
        for some in itertools.combinations(boxes, size)
        for targets in itertools.permutations(annotated, size)
    )


def _overlap(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    shared = max(0, min(a[2], b[2]) - max(a[0], b[0])) * 20
    return shared / ((a[2] - a[0] + b[2] - b[0]) * 20 - shared)


def test_constant_scores_rank_by_image_id_then_as_written() -> None:
    right, wrong = predicted(("cat", A)), predicted(("cat", FAR))
    first, tenth = sample("9", truth("cat", *A)), sample("10", truth("cat", *A))
    assert values((right, first), (wrong, tenth))["AP50"] == pytest.approx(51 / 101)
    assert values((wrong, tenth), (right, first))["AP50"] == pytest.approx(51 / 101)  # input order is nothing
    assert values((wrong, first), (right, tenth))["AP50"] == pytest.approx(51 * 0.5 / 101)
    two = predicted(("cat", FAR), ("cat", A))
    assert values((two, first))["AP50"] == pytest.approx(0.5)


def test_the_models_own_scores_are_used_where_it_gave_all_of_them() -> None:
    item = sample("1", truth("cat", *A))
    ranked = predicted(("cat", FAR), ("cat", A), scores=(0.1, 0.9))
    assert values((ranked, item))["AP50"] == 1
    assert values((ranked, item), metric=Detection(scores="constant"))["AP50"] == pytest.approx(0.5)
    partly = DETECTION.statistics(predicted(("cat", A)), sample("2", truth("cat", *A)))
    whole = DETECTION.statistics(ranked, item)
    assert (score_source([whole]), score_source([whole, partly])) == ("model", "constant")


def test_labels_outside_a_closed_vocabulary_are_dropped_and_counted() -> None:
    closed = DETECTION.with_vocabulary({"cat": "cat", "kitten": "cat", "dog": "dog"})
    answer, item = predicted(("Kitten", A), ("unicorn", B)), sample("1", truth("cat", *A))
    statistic = closed.statistics(answer, item)
    assert statistic["dropped"] == 1
    assert closed.reduce([statistic])["f1@0.5"] == 1
    assert values((answer, item))["f1@0.5"] == 0  # an open vocabulary takes words as they are


def test_the_annotations_own_area_decides_its_size() -> None:
    found = values((predicted(("cat", A)), sample("1", truth("cat", *A, area=100.0))))
    assert (found["APs"], found["APm"]) == (1.0, None)
