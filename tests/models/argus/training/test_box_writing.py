"""Digits and location tokens say the same place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_eval.models.argus.training.box_writing import BOX_WRITINGS, BoxWriting, read_bins, written

bins = st.integers(0, 999)


@pytest.mark.parametrize("writing", BOX_WRITINGS)
@given(
    coordinates=st.tuples(bins, bins, bins, bins), before=st.sampled_from(["", "<ref>red cup</ref>", "a (1,2) "])
)
def test_what_is_written_is_read_again(
    writing: BoxWriting, coordinates: tuple[int, int, int, int], before: str
) -> None:
    answer = f"{before}<box>{''.join(f'<loc_{number}>' for number in coordinates)}</box>"
    text = written(answer, writing)
    assert read_bins(text) == coordinates
    assert ("<loc_" in text) is (writing == "location-tokens")


@pytest.mark.parametrize("answer", ["", "yes", "<loc_1><loc_2><loc_3>", "(1,2)", "(1,2),(3,)", "(12345,2),(3,4)"])
def test_what_is_no_box_is_not_read_as_one(answer: str) -> None:
    assert read_bins(answer) is None
