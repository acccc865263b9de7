"""What is written at each visual token: letters at a few spots of its cell, and the word most of them belong to.

A cell is divided into `SPOT_COLUMNS` × `SPOT_ROWS` spots, about as wide and as high as the letters on a sign; a
label says which letter the middle of a spot lies on.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from argus_eval.data.scenes.words import KNOWN_WORDS
from argus_eval.models.argus.training.examples import Writing

__all__ = ["LETTERS", "NO_LETTER", "SPOTS", "SPOT_COLUMNS", "SPOT_ROWS", "UNNAMED", "letters_and_words"]

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789$%:"
NO_LETTER = len(LETTERS)  #: the label of a spot without writing, or with a sign that is not asked about
UNNAMED = -1  #: the word of a cell without one, or with one that was invented
SPOT_COLUMNS, SPOT_ROWS = 4, 2
SPOTS = SPOT_COLUMNS * SPOT_ROWS

_LETTER = {letter: index for index, letter in enumerate(LETTERS)}
_WORD = {word: index for index, word in enumerate(KNOWN_WORDS)}


def letters_and_words(
    writings: Sequence[Writing], side: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Labels of side² cells: (side², SPOTS) letters, spots row by row, and (side²,) indices into `KNOWN_WORDS`."""
    fine = np.full((side * SPOT_ROWS, side * SPOT_COLUMNS), NO_LETTER, dtype=np.int64)
    whose = np.full_like(fine, -1)
    spots = _middles(side)
    for number, writing in enumerate(writings):
        along, inside = _places(writing, spots)
        letter = np.searchsorted(writing.ends, along[inside], side="left").clip(max=len(writing.text) - 1)
        names = np.array([_LETTER.get(sign, NO_LETTER) for sign in writing.text], dtype=np.int64)
        fine[inside], whose[inside] = names[letter], number
    letters, owners = _by_cell(fine, side), _by_cell(whose, side)
    words = np.full(side * side, UNNAMED, dtype=np.int64)
    for cell in np.flatnonzero((owners >= 0).any(axis=1)):
        counts = np.bincount(owners[cell][owners[cell] >= 0])
        words[cell] = _WORD.get(writings[int(counts.argmax())].text, UNNAMED)
    return letters, words


def _middles(side: int) -> npt.NDArray[np.float64]:
    """(rows, columns, 2) x and y of the middles of all spots, as fractions of the image."""
    x = (np.arange(side * SPOT_COLUMNS) + 0.5) / (side * SPOT_COLUMNS)
    y = (np.arange(side * SPOT_ROWS) + 0.5) / (side * SPOT_ROWS)
    return np.stack(np.meshgrid(x, y), axis=-1)


def _places(
    writing: Writing, spots: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """How far along a word each spot lies, from 0 to 1, and whether it lies on the word at all."""
    first, second, _, last = np.array(writing.quad, dtype=np.float64).reshape(4, 2)
    axes = np.stack([second - first, last - first], axis=1)
    along, down = np.moveaxis((spots - first) @ np.linalg.inv(axes).T, -1, 0)
    return along, (along >= 0) & (along <= 1) & (down >= 0) & (down <= 1)


def _by_cell(fine: npt.NDArray[np.int64], side: int) -> npt.NDArray[np.int64]:
    """(side · rows, side · columns) spots to (side², SPOTS)."""
    blocks = fine.reshape(side, SPOT_ROWS, side, SPOT_COLUMNS).swapaxes(1, 2)
    return blocks.reshape(side * side, SPOTS)
