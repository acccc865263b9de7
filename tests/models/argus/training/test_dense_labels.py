"""Labels of cells against boxes that are easy to check by hand."""

from __future__ import annotations

import numpy as np

from argus_eval.models.argus.training.dense_labels import CATEGORY_NAMES, NOTHING, dense_labels
from argus_eval.models.argus.training.examples import Example, Thing

_PIXELS = np.zeros((64, 64, 3), dtype=np.uint8)


def _example(*things: Thing) -> Example:
    return Example(pixels=_PIXELS, things=things, writings=(), questions=())


def test_cells_belong_to_the_box_that_holds_their_centre() -> None:
    left = Thing(category="cup", colour="red", texture="plain", box=(0.0, 0.0, 0.5, 1.0))
    labels = dense_labels(_example(left), 4)
    grid = labels.category.reshape(4, 4)
    assert (grid[:, :2] == CATEGORY_NAMES.index("cup")).all()
    assert (grid[:, 2:] == NOTHING).all()
    assert (labels.colour.reshape(4, 4)[:, 2:] == -1).all()
    assert labels.centre.sum() == 1
    np.testing.assert_allclose(labels.box.reshape(4, 4, 4)[3, 1], (0.0, 0.0, 0.5, 1.0))


def test_a_small_thing_before_a_large_one_keeps_its_cell() -> None:
    large = Thing(category="house", colour="blue", texture="plain", box=(0.0, 0.0, 1.0, 1.0))
    small = Thing(category="key", colour="red", texture="striped", box=(0.26, 0.26, 0.34, 0.34))
    grid = dense_labels(_example(small, large), 4).category.reshape(4, 4)
    assert grid[1, 1] == CATEGORY_NAMES.index("key")
    assert (grid == CATEGORY_NAMES.index("house")).sum() == 15
