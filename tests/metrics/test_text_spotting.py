"""ICDAR2015 end to end, rule by rule."""

from __future__ import annotations

import json
import pathlib

import numpy as np
import pytest

from argus_eval.core.geometry import ImageSize, PixelBox, PixelQuad, UnitBox, UnitQuad
from argus_eval.core.prediction import Parsed, Prediction, Region, Regions, Unparsed
from argus_eval.core.sample import EncodedImage, RegionsTarget, RegionTarget, Sample
from argus_eval.metrics.text_spotting import TEXT_SPOTTING, same_transcription

SIZE = ImageSize(640, 480)
Quad = tuple[float, float, float, float, float, float, float, float]


def upright(x1: float, y1: float, x2: float, y2: float) -> Quad:
    return (x1, y1, x2, y1, x2, y2, x1, y2)


def sample(*words: tuple[Quad, str], size: ImageSize = SIZE) -> Sample:
    regions = tuple(
        RegionTarget(
            box=PixelBox(min(q[0::2]), min(q[1::2]), max(q[0::2]), max(q[1::2])),
            label=text,
            quad=PixelQuad(q),
            ignore=text == "###",
        )
        for q, text in words
    )
    image = EncodedImage(data=b"", sha256="", size=size, format=None)
    return Sample(key="1", images=(image,), inputs={}, target=RegionsTarget(regions=regions), cluster="1")


def read(*words: tuple[Quad, str], quads: bool = True, size: ImageSize = SIZE) -> Prediction:
    regions = []
    for q, text in words:
        unit = [value / (size.width, size.height)[i % 2] for i, value in enumerate(q)]
        box = UnitBox(min(unit[0::2]), min(unit[1::2]), max(unit[0::2]), max(unit[1::2]))
        corners = UnitQuad(tuple(unit)) if quads else None  # type: ignore[arg-type]
        regions.append(Region(box=box, label=text, quad=corners))
    return Parsed(value=Regions(regions=tuple(regions)))


A, B = upright(10, 10, 110, 50), upright(200, 10, 300, 50)


@pytest.mark.parametrize(
    ("reference", "said", "same"),
    [
        ("Exit", "EXIT", True),
        ("Exit!", "exit", True),
        ("(Exit)", "exit", True),
        ("(Exit)", "exit)", True),
        ("Exit", "exit!", False),  # only the reference is trimmed
        ("((Exit", "exit", False),  # by one character at each end
        ("Ex-it", "exit", False),
        ("-Exit", "exit", False),  # a hyphen is not among the special characters
        ("", "", True),
        ("!", "", True),
        ("", "x", False),
    ],
)
def test_transcriptions(reference: str, said: str, same: bool) -> None:
    assert same_transcription(reference, said) is same


def test_place_and_reading_must_both_be_right() -> None:
    item = sample((A, "Hello"), (B, "World"))
    assert TEXT_SPOTTING.statistics(read((A, "hello"), (B, "word")), item) == (1, 2, 2)
    assert TEXT_SPOTTING.statistics(read((B, "hello")), item) == (0, 2, 1)
    assert TEXT_SPOTTING.statistics(Unparsed(reason="no box"), item) == (0, 2, 0)


def test_a_word_with_a_wrong_reading_uses_its_place_up() -> None:
    """The first overlapping prediction takes the word, whatever it reads; the second is spurious."""
    item = sample((A, "Hello"))
    assert TEXT_SPOTTING.statistics(read((A, "jello"), (A, "hello")), item) == (0, 1, 2)
    assert TEXT_SPOTTING.statistics(read((A, "hello"), (A, "jello")), item) == (1, 1, 2)


def test_exactly_half_an_overlap_is_not_enough() -> None:
    for width in range(3, 90):
        item = sample((upright(7, 3, 7 + width, 40), "x"))
        assert TEXT_SPOTTING.statistics(read((upright(7, 3, 7 + 2 * width, 40), "x")), item) == (0, 1, 1)
    assert TEXT_SPOTTING.statistics(read((upright(7, 3, 7 + 2 * width - 1, 40), "x")), item) == (1, 1, 1)


def test_what_lies_mostly_in_unreadable_text_is_left_out() -> None:
    item = sample((A, "###"), (B, "World"))
    inside, half, outside = upright(10, 10, 100, 50), upright(60, 10, 160, 50), upright(400, 400, 500, 440)
    found = TEXT_SPOTTING.statistics(read((inside, "a"), (half, "b"), (outside, "c"), (B, "world")), item)
    assert found == (1, 1, 3)  # exactly half inside still counts


def test_rotated_words_need_their_corners() -> None:
    slanted: Quad = (100, 100, 300, 200, 290, 220, 90, 120)
    item = sample((slanted, "slant"))
    assert TEXT_SPOTTING.statistics(read((slanted, "slant")), item) == (1, 1, 1)
    assert TEXT_SPOTTING.statistics(read((slanted, "slant"), quads=False), item) == (0, 1, 1)
    backwards: Quad = (*slanted[6:], *slanted[4:6], *slanted[2:4], *slanted[:2])
    assert TEXT_SPOTTING.statistics(read((backwards, "slant")), item) == (1, 1, 1)


def test_counts_are_added_before_ratios_are_taken() -> None:
    counts = [(1, 2, 1), (1, 1, 4), (0, 0, 0)]
    found = TEXT_SPOTTING.reduce(counts)
    assert found == pytest.approx({"hmean": 2 * 2 / (3 + 5), "precision": 2 / 5, "recall": 2 / 3})
    assert TEXT_SPOTTING.reduce(counts, np.array([2.0, 0.0, 1.0])) == pytest.approx(
        {"hmean": 2 / 3, "precision": 1.0, "recall": 0.5}
    )
    assert set(TEXT_SPOTTING.reduce([(0, 3, 0)]).values()) == {0.0}


def test_real_words_read_perfectly(reference_dir: pathlib.Path) -> None:
    images = json.loads((reference_dir / "images" / "icdar2015" / "annotations.json").read_text())["images"]
    statistics = []
    for entry in images.values():
        size = ImageSize(*entry["size"])
        words = [
            (tuple(map(float, word["quad"])), "###" if word["ignore"] else f"w{i}")
            for i, word in enumerate(entry["words"])
        ]
        item = sample(*words, size=size)  # type: ignore[arg-type]
        statistics.append(TEXT_SPOTTING.statistics(read(*words, size=size), item))  # type: ignore[arg-type]
    assert TEXT_SPOTTING.reduce(statistics) == {"hmean": 1.0, "precision": 1.0, "recall": 1.0}
