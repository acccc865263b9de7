"""Letters and words of cells against writing that is easy to check by hand, and against painted letters."""

from __future__ import annotations

import numpy as np
import pytest

from argus_eval.data.scenes.draws import Stream
from argus_eval.data.scenes.generate import generate_scene
from argus_eval.data.scenes.profile import only
from argus_eval.data.scenes.words import KNOWN_WORDS
from argus_eval.models.argus.training.examples import Writing, make_example
from argus_eval.models.argus.training.reading_labels import (
    LETTERS,
    NO_LETTER,
    SPOT_COLUMNS,
    SPOT_ROWS,
    UNNAMED,
    letters_and_words,
)


def _grid(letters: np.ndarray, side: int) -> list[str]:
    """Spots as they lie in the image, a line of letters each, with blanks."""
    spots = letters.reshape(side, side, SPOT_ROWS, SPOT_COLUMNS).swapaxes(1, 2)
    return [
        "".join(LETTERS[index] if index != NO_LETTER else " " for index in row)
        for row in spots.reshape(side * SPOT_ROWS, side * SPOT_COLUMNS)
    ]


def test_each_spot_has_the_letter_its_middle_lies_on() -> None:
    quad = (0.0, 0.5, 1.0, 0.5, 1.0, 1.0, 0.0, 1.0)
    letters, words = letters_and_words([Writing(text="exit", quad=quad, ends=(0.25, 0.5, 0.625, 1.0))], 2)
    assert _grid(letters, 2) == [" " * 8, " " * 8, "eexxittt", "eexxittt"]
    assert [KNOWN_WORDS[index] if index != UNNAMED else "" for index in words] == ["", "", "exit", "exit"]


def test_turned_writing_is_read_along_its_own_line() -> None:
    downwards = (1.0, 0.0, 1.0, 1.0, 0.5, 1.0, 0.5, 0.0)  # turned by a quarter: its left end is on top
    letters, _ = letters_and_words([Writing(text="go", quad=downwards, ends=(0.5, 1.0))], 2)
    assert _grid(letters, 2) == ["    gggg", "    gggg", "    oooo", "    oooo"]


def test_a_cell_with_two_words_names_the_one_that_fills_more_of_it() -> None:
    upper = Writing(text="cafe", quad=(0.0, 0.0, 0.6, 0.0, 0.6, 0.4, 0.0, 0.4), ends=(0.25, 0.5, 0.75, 1.0))
    lower = Writing(text="open", quad=(0.0, 0.6, 1.0, 0.6, 1.0, 1.0, 0.0, 1.0), ends=(0.25, 0.5, 0.75, 1.0))
    _, words = letters_and_words([upper, lower], 1)
    assert KNOWN_WORDS[words[0]] == "open"


@pytest.mark.parametrize(("text", "seen"), [("zorblax", "zorblax"), ("é1", " 1")])
def test_invented_words_and_unknown_signs_name_nothing(text: str, seen: str) -> None:
    ends = tuple((number + 1) / len(text) for number in range(len(text)))
    letters, words = letters_and_words(
        [Writing(text=text, quad=(0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0), ends=ends)], len(text)
    )
    assert "".join(row[::SPOT_COLUMNS] for row in _grid(letters, len(text))[:1]) == seen
    assert (words == UNNAMED).all()


def test_the_ink_of_a_painted_word_lies_under_its_letters() -> None:
    """Spots that are said to hold a letter differ from the paper around it; a shifted label would not find ink."""
    found = shifted = 0.0
    for seed in range(12):
        example = make_example(seed, 512, (), stream=Stream.VALIDATION, profile=only("signs"))
        letters, _ = letters_and_words(example.writings, 16)
        written = np.array([[sign != " " for sign in row] for row in _grid(letters, 16)])
        grey = example.pixels.astype(float).mean(axis=-1)
        spots = grey.reshape(written.shape[0], 512 // written.shape[0], written.shape[1], -1)
        contrast = spots.std(axis=(1, 3))
        found += float(contrast[written].mean()) if written.any() else 0.0
        shifted += float(contrast[np.roll(written, 5, axis=0)].mean()) if written.any() else 0.0
    assert found > 2 * shifted


def test_letters_end_where_the_typeface_ends_them() -> None:
    profile = only("signs")
    scene = generate_scene(3, profile, stream=Stream.VALIDATION)
    example = make_example(3, 64, (), stream=Stream.VALIDATION, profile=profile)
    texts = [word.text.lower() for block in scene.texts if block.owner is not None for word in block.words]
    assert len(texts) > 1
    assert [writing.text for writing in example.writings] == texts
    for writing in example.writings:
        assert len(writing.ends) == len(writing.text)
        assert list(writing.ends) == sorted(set(writing.ends))
        assert writing.ends[-1] == 1.0
