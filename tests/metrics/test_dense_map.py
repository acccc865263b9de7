"""Dense captioning against the original's loops, written out."""

from __future__ import annotations

import json
import pathlib
import random
from typing import Any

import numpy as np
import pytest

from argus_eval.core.geometry import ImageSize, PixelBox, UnitBox
from argus_eval.core.prediction import Parsed, Prediction, Region, Regions, Unparsed
from argus_eval.core.sample import EncodedImage, RegionsTarget, RegionTarget, Sample
from argus_eval.metrics.dense_map import DENSE_MAP, merge_regions
from argus_eval.metrics.dense_text import description_words, token_f1

SIZE = ImageSize(800, 600)
Described = tuple[tuple[float, float, float, float], str]


def sample(key: str, regions: list[Described]) -> Sample:
    image = EncodedImage(data=b"", sha256="", size=SIZE, format=None)
    target = RegionsTarget(regions=tuple(RegionTarget(box=PixelBox(*box), label=text) for box, text in regions))
    return Sample(key=key, images=(image,), inputs={}, target=target, cluster=key)


def predicted(regions: list[Described], scores: list[float] | None = None) -> Prediction:
    made = [
        Region(
            box=UnitBox(box[0] / SIZE.width, box[1] / SIZE.height, box[2] / SIZE.width, box[3] / SIZE.height),
            label=text,
            score=None if scores is None else scores[i],
        )
        for i, (box, text) in enumerate(regions)
    ]
    return Parsed(value=Regions(regions=tuple(made)))


def overlap(a: Any, b: Any) -> float:
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    return float(width * height / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - width * height))


def by_loops(images: list[tuple[list[Described], list[Described], list[float]]], language: bool) -> float:
    """DenseCap's evaluation, statement by statement, with token F1 instead of METEOR."""
    records: list[tuple[float, bool, float, float]] = []
    positives = 0
    for truths, regions, scores in images:
        boxes = np.array([box for box, _ in truths]).reshape(-1, 4)
        groups = merge_regions(boxes)
        merged = [(boxes[g].mean(axis=0), [description_words(truths[i][1]) for i in g]) for g in groups]
        positives += len(merged)
        used = [False] * len(merged)
        for i in sorted(range(len(regions)), key=lambda i: -scores[i]):
            box, text = regions[i]
            best, at = 0.0, -1
            for j, (target, _) in enumerate(merged):
                if overlap(box, target) > best:
                    best, at = overlap(box, target), j
            ok = at >= 0 and not used[at]
            if at >= 0:
                used[at] = True
            alike = token_f1(description_words(text), merged[at][1]) if at >= 0 else 0.0
            records.append((scores[i], ok, best, alike))
    records.sort(key=lambda record: -record[0])
    values = []
    for least_overlap in (0.3, 0.4, 0.5, 0.6, 0.7):
        for least_score in (0, 0.05, 0.1, 0.15, 0.2, 0.25) if language else (-1,):
            right = [ok and best >= least_overlap and alike > least_score for _, ok, best, alike in records]
            found = np.cumsum(right)
            precision, recall = found / np.arange(1, len(right) + 1), found / positives
            points = [
                max([p for p, r in zip(precision, recall, strict=True) if r >= t / 100], default=0)
                for t in range(101)
            ]
            values.append(sum(points) / 101)
    return sum(values) / len(values)


WORDS = ["a", "red", "car", "on", "the", "street", "dog", "tall", "tree", "window"]


@pytest.mark.parametrize("seed", range(12))
def test_random_images_equal_the_loops(seed: int) -> None:
    rng = random.Random(seed)

    def some(n: int) -> list[Described]:
        out = []
        for _ in range(n):
            x, y = rng.randrange(0, 400, 40), rng.randrange(0, 300, 30)
            box = (float(x), float(y), float(x + rng.choice([80, 120, 200])), float(y + rng.choice([60, 120])))
            out.append((box, " ".join(rng.choices(WORDS, k=rng.randint(1, 5)))))
        return out

    images, statistics = [], []
    ranks = rng.sample(range(1000), 60)
    for number in range(4):
        truths, regions = some(rng.randint(1, 8)), some(rng.randint(0, 10))
        regions += [(box, text) for box, text in truths if rng.random() < 0.5]
        scores = [ranks.pop() / 1000 for _ in regions]
        images.append((truths, regions, scores))
        statistics.append(DENSE_MAP.statistics(predicted(regions, scores), sample(str(number), truths)))
    found = DENSE_MAP.reduce(statistics)
    assert found["dense_map"] == pytest.approx(by_loops(images, language=True), abs=1e-9)
    assert found["dense_map_boxes"] == pytest.approx(by_loops(images, language=False), abs=1e-9)


def test_the_reference_itself_stays_well_below_one(reference_dir: pathlib.Path) -> None:
    data = json.loads((reference_dir / "dense_captioning" / "vg_image1_regions.json").read_text())
    regions = [((r["x"], r["y"], r["x"] + r["width"], r["y"] + r["height"]), r["phrase"]) for r in data["regions"]]
    assert (data["width"], data["height"]) == SIZE
    found: Any = DENSE_MAP.reduce([DENSE_MAP.statistics(predicted(regions), sample("1", regions))])
    assert 0.2 < found["dense_map"] < 0.8
    assert found["dense_map"] <= found["dense_map_boxes"] < 0.9


def test_merging_takes_the_box_with_most_neighbours_first() -> None:
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 9], [0, 0, 10, 11], [50, 50, 60, 60]], dtype=float)
    assert [group.tolist() for group in merge_regions(boxes)] == [[0, 1, 2], [3]]


def test_only_the_first_prediction_assigned_to_a_region_can_be_right() -> None:
    truths: list[Described] = [((0, 0, 100, 100), "a red car")]
    good: Described = ((0, 0, 100, 100), "a red car")
    poor: Described = ((0, 0, 100, 200), "a red car")
    assert DENSE_MAP.reduce([DENSE_MAP.statistics(predicted([good, poor]), sample("1", truths))])["dense_map"] == 1
    late: Any = DENSE_MAP.reduce([DENSE_MAP.statistics(predicted([poor, good]), sample("1", truths))])
    assert late["dense_map"] == pytest.approx(3 / 5)  # an overlap of one half passes three of five thresholds


def test_words_matter_and_the_similarity_is_named() -> None:
    truths: list[Described] = [((0, 0, 100, 100), "a red car")]
    other: list[Described] = [((0, 0, 100, 100), "some green trees")]
    found = DENSE_MAP.reduce([DENSE_MAP.statistics(predicted(other), sample("1", truths))])
    assert (found["dense_map"], found["dense_map_boxes"]) == (0.0, 1.0)
    assert "token F1" in DENSE_MAP.infos[0].reference


def test_nothing_said_and_nothing_annotated() -> None:
    truths: list[Described] = [((0, 0, 100, 100), "a red car")]
    silent = DENSE_MAP.statistics(Unparsed(reason="no box"), sample("1", truths))
    assert DENSE_MAP.reduce([silent])["dense_map"] == 0
    empty = DENSE_MAP.statistics(predicted(truths), sample("2", []))
    assert DENSE_MAP.reduce([empty])["dense_map"] is None


def test_weights_follow_the_order_of_the_statistics() -> None:
    truths: list[Described] = [((0, 0, 100, 100), "a red car")]
    right = DENSE_MAP.statistics(predicted(truths), sample("10", truths))
    wrong = DENSE_MAP.statistics(Unparsed(reason="no box"), sample("9", truths))
    assert DENSE_MAP.reduce([right, wrong], np.array([1.0, 0.0]))["dense_map"] == 1
    assert DENSE_MAP.reduce([right, wrong], np.array([0.0, 1.0]))["dense_map"] == 0


def test_meteor_is_not_measured_without_its_program(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    truths: list[Described] = [((0, 0, 100, 100), "a red car")]
    found = DENSE_MAP.reduce([DENSE_MAP.statistics(predicted(truths), sample("1", truths))])
    assert found["dense_map_meteor"] is None
