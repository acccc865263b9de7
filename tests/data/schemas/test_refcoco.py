from __future__ import annotations

import math
from typing import Any

import pytest

from argus_eval.core.geometry import PixelBox
from argus_eval.core.sample import BoxTarget
from argus_eval.data.rows import BadRow
from argus_eval.data.schemas.refcoco import REFCOCO
from tests.data.tables import refcoco_row


def read(**changes: Any) -> list[Any]:
    return list(REFCOCO.read(refcoco_row(12, **changes), 3))


def test_each_expression_is_a_sample():
    first, second = read(answer=["the red thing ", "red"])
    assert (first.key, second.key) == ("12/0", "12/1")
    assert (first.inputs, second.inputs) == ({"expression": "the red thing"}, {"expression": "red"})
    assert first.target == second.target == BoxTarget(box=PixelBox(10, 5, 30, 35))
    assert first.cluster == second.cluster
    assert first.images[0] is second.images[0]


def test_a_box_beyond_the_image_is_not_clipped():
    assert read(bbox=[-4.5, 2, 1000, 2000])[0].target.box == PixelBox(-4.5, 2, 995.5, 2002)


def test_a_blank_expression_is_reported_and_the_others_stay():
    items = read(answer=["red", "  ", "left"])
    assert [item.key for item in items] == ["12/0", "12/1", "12/2"]
    assert items[1] == BadRow(key="12/1", reason="expression is empty")


@pytest.mark.parametrize(
    ("bbox", "reason"),
    [
        (None, "bbox is missing"),
        ([1, 2, 3], "bbox is not 4 numbers"),
        ([1, 2, 3, 4, 5], "bbox is not 4 numbers"),
        ("1,2,3,4", "bbox is not 4 numbers"),
        ([1, 2, math.nan, 4], "bbox is not finite"),
        ([1, math.inf, 3, 4], "bbox is not finite"),
        ([1, 10**400, 3, 4], "bbox is not finite"),
        ([1, 2, None, 4], "bbox is missing"),
        ([1, 2, "3", 4], "bbox is not a number"),
        ([True, 2, 3, 4], "bbox is not a number"),
        ([1, 2, 0, 4], "bbox has no area"),
        ([1, 2, 3, -4], "bbox has no area"),
    ],
)
def test_a_bad_box_makes_a_bad_row(bbox, reason):
    assert read(bbox=bbox) == [BadRow(key="12", reason=reason)]


@pytest.mark.parametrize("answer", [None, [], "red", [None]])
def test_bad_expressions_make_a_bad_row_that_is_counted_once(answer):
    (item,) = read(answer=answer)
    assert isinstance(item, BadRow)
    columns, samples_of = REFCOCO.multiplicity
    assert columns == ("answer",)
    assert samples_of({"answer": answer}) == 1


def test_columns_that_are_missing():
    assert REFCOCO.missing(("question_id", "image", "answer", "bbox", "x")) is None
    assert "'bbox' is missing (perhaps your 'box')" in REFCOCO.missing(("question_id", "image", "answer", "box"))
