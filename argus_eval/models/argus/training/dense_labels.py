"""What each visual token should know: which object lies there, its colour, its box, and what is written there.

A *cell* is the square of the image that one visual token covers. Labels are indices; -1 says "nothing asked".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from argus_eval.data.scenes.catalogue import CATEGORIES
from argus_eval.data.scenes.colours import COLOUR_NAMES
from argus_eval.data.scenes.scene import Texture
from argus_eval.models.argus.training.examples import Example, Thing
from argus_eval.models.argus.training.reading_labels import letters_and_words

__all__ = ["CATEGORY_NAMES", "TEXTURE_NAMES", "DenseLabels", "NOTHING", "dense_labels", "owners", "stack_labels"]

CATEGORY_NAMES: tuple[str, ...] = tuple(category.name for category in CATEGORIES)
TEXTURE_NAMES: tuple[str, ...] = get_args(Texture)
NOTHING = len(CATEGORY_NAMES)  #: the category of a cell without an object

_CATEGORY = {name: index for index, name in enumerate(CATEGORY_NAMES)}
_COLOUR = {name: index for index, name in enumerate(COLOUR_NAMES)}
_TEXTURE = {name: index for index, name in enumerate(TEXTURE_NAMES)}


class DenseLabels(NamedTuple):
    """Labels of V cells, or of a batch of them with a leading axis."""

    category: npt.NDArray[np.int64]  #: (V,) index into the categories, or `NOTHING`
    colour: npt.NDArray[np.int64]  #: (V,)
    texture: npt.NDArray[np.int64]  #: (V,)
    box: npt.NDArray[np.float32]  #: (V, 4) x1, y1, x2, y2 as fractions of the image
    centre: npt.NDArray[np.float32]  #: (V,) 1 where an object has its centre
    letter: npt.NDArray[np.int64]  #: (V, SPOTS) see `reading_labels`
    word: npt.NDArray[np.int64]  #: (V,)


def dense_labels(example: Example, side: int) -> DenseLabels:
    """The labels of a side × side grid, row by row.

    A cell belongs to the smallest object whose box holds the cell's centre; the cell an object's own centre lies
    in belongs to that object first, so that small objects are not lost between the centres of cells.
    """
    owner = owners(example.things, side)
    letters, words = letters_and_words(example.writings, side)
    labels = DenseLabels(
        category=np.full(side * side, NOTHING, dtype=np.int64),
        colour=np.full(side * side, -1, dtype=np.int64),
        texture=np.full(side * side, -1, dtype=np.int64),
        box=np.zeros((side * side, 4), dtype=np.float32),
        centre=np.zeros(side * side, dtype=np.float32),
        letter=letters,
        word=words,
    )
    for index, thing in enumerate(example.things):
        mine = owner == index
        labels.category[mine] = _CATEGORY[thing.category]
        labels.colour[mine] = _COLOUR[thing.colour]
        labels.texture[mine] = _TEXTURE[thing.texture]
        labels.box[mine] = thing.box
        labels.centre[_centre_cell(thing.box, side)] = 1.0
    return labels


def owners(things: Sequence[Thing], side: int) -> npt.NDArray[np.int64]:
    """(side²,) index of the object each cell belongs to, -1 for none."""
    owner = np.full((side, side), -1, dtype=np.int64)
    middle = (np.arange(side) + 0.5) / side
    by_size = sorted(range(len(things)), key=lambda index: -_area(things[index].box))
    for index in by_size:
        x1, y1, x2, y2 = things[index].box
        inside = ((middle >= y1) & (middle <= y2))[:, None] & ((middle >= x1) & (middle <= x2))[None, :]
        owner[inside] = index
    flat = owner.reshape(-1)
    for index in by_size:
        flat[_centre_cell(things[index].box, side)] = index
    return flat


def stack_labels(several: Sequence[DenseLabels]) -> DenseLabels:
    """A batch of labels, with a leading axis."""
    return DenseLabels(*(np.stack(parts) for parts in zip(*several, strict=True)))


def _area(box: tuple[float, float, float, float]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _centre_cell(box: tuple[float, float, float, float], side: int) -> int:
    column = min(side - 1, int((box[0] + box[2]) / 2 * side))
    row = min(side - 1, int((box[1] + box[3]) / 2 * side))
    return row * side + column
