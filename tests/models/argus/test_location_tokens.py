from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_eval.core.geometry import UnitBox
from argus_eval.core.prediction import Region
from argus_eval.models.argus.location_tokens import LocationVocabulary

VOCABULARY = LocationVocabulary(first_token_id=2052)
units = st.floats(0, 1, allow_nan=False)
boxes = st.builds(UnitBox, units, units, units, units)


@given(box=boxes, bins=st.integers(2, 2000), order=st.sampled_from(["xyxy", "yxyx"]))
def test_decoding_comes_back_within_half_a_bin(box: UnitBox, bins: int, order: str) -> None:
    vocabulary = LocationVocabulary(first_token_id=7, bins=bins, order=order)
    decoded = vocabulary.decode(vocabulary.encode(box))
    half = 0.5 / (bins - 1) + 1e-9
    assert all(abs(a - b) <= half for a, b in zip(decoded.as_list(), box.as_list(), strict=True))


@given(bins=st.lists(st.integers(0, 999), min_size=4, max_size=4))
def test_encoding_undoes_decoding_exactly(bins: list[int]) -> None:
    assert VOCABULARY.encode(VOCABULARY.decode(bins)) == tuple(bins)


def test_order_swaps_axes() -> None:
    box = UnitBox(0.1, 0.2, 0.3, 0.4)
    swapped = LocationVocabulary(first_token_id=0, order="yxyx")
    x1, y1, x2, y2 = LocationVocabulary(first_token_id=0).encode(box)
    assert swapped.encode(box) == (y1, x1, y2, x2)


def test_coordinates_and_bins_outside_are_clamped() -> None:
    assert VOCABULARY.encode(UnitBox(-0.5, 0.0, 1.5, 2.0)) == (0, 0, 999, 999)
    assert VOCABULARY.decode((-3, 0, 1000, 5000)) == UnitBox(0.0, 0.0, 1.0, 1.0)


def test_text_of_regions_follows_the_documented_syntax() -> None:
    region = Region(box=UnitBox(0.0, 0.0, 1.0, 0.5), label="red cup")
    expected = "<ref>red cup</ref><box><loc_0><loc_0><loc_999><loc_500></box>"
    assert VOCABULARY.region_text(region) == expected
    assert VOCABULARY.regions_text([region, region]) == expected * 2
    assert VOCABULARY.regions_text([]) == ""


def test_score_is_the_geometric_mean_of_the_four_probabilities() -> None:
    ids = [10, *VOCABULARY.token_ids(UnitBox(0.1, 0.2, 0.3, 0.4)), 11]
    probabilities = [0.9, 0.5, 0.25, 1.0, 0.125, 0.9]
    [found] = VOCABULARY.scored_boxes(ids, [math.log(p) for p in probabilities])
    assert found.start == 1
    assert found.score == pytest.approx((0.5 * 0.25 * 1.0 * 0.125) ** 0.25)
    assert found.box == VOCABULARY.decode((100, 200, 300, 400))


def test_only_runs_of_exactly_four_location_tokens_are_boxes() -> None:
    loc = VOCABULARY.first_token_id
    ids = [loc] * 3 + [1] + [loc] * 4 + [1] + [loc] * 5 + [1] + [loc] * 4
    found = VOCABULARY.scored_boxes(ids, [0.0] * len(ids))
    assert [box.start for box in found] == [4, 15]
    assert all(box.score == 1.0 for box in found)


def test_ids_just_outside_the_vocabulary_are_not_locations() -> None:
    assert not VOCABULARY.is_location(2051)
    assert VOCABULARY.is_location(2052)
    assert VOCABULARY.is_location(3051)
    assert not VOCABULARY.is_location(3052)


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="2 token ids but 1"):
        VOCABULARY.scored_boxes([1, 2], [0.0])


@pytest.mark.parametrize(("bins", "order"), [(1, "xyxy"), (1000, "xxyy")])
def test_impossible_vocabularies_are_refused(bins: int, order: str) -> None:
    with pytest.raises(ValueError, match="location vocabulary"):
        LocationVocabulary(first_token_id=0, bins=bins, order=order)  # type: ignore[arg-type]
