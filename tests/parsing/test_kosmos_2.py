"""The grid against the functions of transformers."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers.models.kosmos2.processing_kosmos2 import (
    coordinate_to_patch_index,
    extract_entities_with_patch_indices,
    patch_index_to_coordinate,
)

from argus_eval.core.geometry import UnitBox
from argus_eval.core.prediction import Parsed, Region, Regions, Unparsed
from argus_eval.parsing.kosmos_2 import DIALECT
from argus_eval.parsing.protocol import ParseContext

CONTEXT = ParseContext()
cells = st.integers(0, 1023)


@given(cells, cells)
def test_decode_equals_transformers(upper_left: int, lower_right: int) -> None:
    text = f"<object><patch_index_{upper_left:04d}><patch_index_{lower_right:04d}></object>"
    prediction = DIALECT.decode(text, CONTEXT)
    assert isinstance(prediction, Parsed)
    assert isinstance(prediction.value, Regions)
    theirs = patch_index_to_coordinate(upper_left, lower_right, 32)
    assert prediction.value.regions[0].box.as_list() == pytest.approx(theirs, abs=1e-12)


@given(st.lists(st.floats(0.001, 0.999), min_size=4, max_size=4, unique=True))
def test_encode_equals_transformers(values: list[float]) -> None:
    x1, x2 = sorted(values[:2])
    y1, y2 = sorted(values[2:])
    text = DIALECT.encode([Region(box=UnitBox(x1, y1, x2, y2))], CONTEXT)
    assert tuple(map(int, re.findall("[0-9]+", text))) == coordinate_to_patch_index((x1, y1, x2, y2), 32)


def test_entities_equal_transformers() -> None:
    text = (
        "<grounding> An image of<phrase> a snowman</phrase><object><patch_index_0044><patch_index_0863></object>"
        " warming himself by<phrase> a fire</phrase><object><patch_index_0005><patch_index_0911></object>."
    )
    entities = extract_entities_with_patch_indices(text)
    prediction = DIALECT.decode(text, CONTEXT)
    assert isinstance(prediction, Parsed)
    assert isinstance(prediction.value, Regions)
    assert [region.label for region in prediction.value.regions] == [name.strip() for name, _, _ in entities]


@pytest.mark.parametrize("index", ["1024", "9999", "999999"])
def test_cells_beyond_the_grid(index: str) -> None:
    text = f"<object><patch_index_0001><patch_index_{index}></object>"
    assert DIALECT.decode(text, CONTEXT) == Unparsed(reason="malformed box")
