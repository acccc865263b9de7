"""How wide and how tall text is, known without a font library.

Two faces: the scalable one that Pillow carries (Aileron), and a stroke face drawn from the lines below. The
extents of the first were read from Pillow once, in thousandths of the letter size; text is fitted to the place
they predict when it is painted, so that a place computed here is true whatever the font library does.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = ["Face", "Extent", "extent", "letter_ends", "strokes", "SPACE", "covers"]

#: ``sans`` and ``bold`` are Aileron (bold thickens it), ``stroke`` is a marker-like face of capitals and digits.
Face = Literal["sans", "bold", "stroke"]

#: Width of a blank, in letter sizes.
SPACE = 0.27


class Extent(NamedTuple):
    """Where the ink of a word lies, relative to its origin on the baseline, in letter sizes, y up."""

    left: float
    bottom: float
    right: float
    top: float
    advance: float


#: advance, left, bottom, right, top of the ink, in thousandths
# fmt: off
_SANS: dict[str, tuple[int, int, int, int, int]] = {
    "!": (242, 57, -14, 185, 690), "\"": (339, 86, 485, 316, 735), "#": (580, 70, 0, 510, 690),
    "$": (580, 53, -90, 526, 780), "%": (740, 41, -14, 699, 700), "&": (654, 64, -14, 622, 704),
    "'": (176, 43, 485, 133, 735), "(": (315, 100, -80, 279, 780), ")": (315, 30, -80, 209, 780),
    "*": (560, 85, 82, 475, 475), "+": (580, 80, 85, 500, 549), ",": (220, -31, -120, 140, 100),
    "-": (274, 32, 255, 242, 311), ".": (220, 37, -14, 165, 114), "/": (303, -5, -30, 308, 720),
    "0": (580, 41, -14, 539, 704), "1": (580, 130, 0, 406, 690), "2": (580, 60, 0, 526, 704),
    "3": (580, 45, -14, 534, 704), "4": (580, 33, 0, 548, 690), "5": (580, 57, -14, 537, 690),
    "6": (580, 43, -14, 531, 704), "7": (580, 50, 0, 538, 690), "8": (580, 44, -15, 536, 704),
    "9": (580, 49, -14, 537, 704), ":": (220, 37, -14, 165, 544), ";": (220, -31, -120, 165, 544),
    "<": (580, 103, 30, 504, 500), "=": (580, 80, 187, 500, 443), ">": (580, 68, 30, 469, 500),
    "?": (499, 36, -14, 468, 704), "@": (852, 54, -104, 790, 664), "A": (639, 29, 0, 631, 690),
    "B": (627, 100, 0, 588, 690), "C": (699, 47, -14, 655, 704), "D": (709, 100, 0, 671, 690),
    "E": (587, 100, 0, 559, 690), "F": (567, 100, 0, 549, 690), "G": (710, 47, -14, 655, 704),
    "H": (730, 100, 0, 652, 690), "I": (264, 100, 0, 186, 690), "J": (544, 56, -14, 488, 690),
    "K": (609, 100, 0, 628, 690), "L": (575, 100, 0, 559, 690), "M": (866, 100, 0, 788, 690),
    "N": (718, 100, 0, 639, 690), "O": (737, 47, -14, 699, 704), "P": (598, 100, 0, 583, 690),
    "Q": (733, 47, -52, 701, 704), "R": (619, 100, 0, 600, 690), "S": (585, 52, -14, 552, 704),
    "T": (612, 34, 0, 612, 690), "U": (682, 94, -14, 612, 690), "V": (622, 32, 0, 634, 690),
    "W": (952, 26, 0, 945, 690), "X": (625, 25, 0, 623, 690), "Y": (581, 19, 0, 593, 690),
    "Z": (591, 46, 0, 569, 690), "[": (307, 98, -80, 261, 780), "\\": (303, -5, -30, 308, 720),
    "]": (295, 34, -80, 197, 780), "^": (580, 80, 215, 500, 616), "_": (500, 50, -86, 450, -30),
    "`": (300, 41, 580, 182, 690), "a": (531, 36, -14, 464, 544), "b": (611, 74, -14, 581, 735),
    "c": (529, 30, -14, 503, 544), "d": (615, 30, -14, 537, 735), "e": (549, 30, -14, 509, 544),
    "f": (290, 21, 0, 282, 754), "g": (615, 30, -210, 537, 544), "h": (593, 74, 0, 522, 740),
    "i": (238, 62, 0, 172, 704), "j": (233, -13, -210, 167, 704), "k": (522, 74, 0, 520, 735),
    "l": (247, 71, -4, 222, 735), "m": (855, 74, 0, 784, 544), "n": (593, 74, 0, 522, 544),
    "o": (586, 30, -14, 556, 544), "p": (611, 74, -196, 581, 544), "q": (615, 30, -196, 537, 544),
    "r": (330, 74, 0, 318, 542), "s": (459, 24, -14, 429, 544), "t": (313, 20, -8, 276, 649),
    "u": (592, 66, -14, 514, 530), "v": (514, 1, 0, 508, 530), "w": (785, 1, 0, 779, 530),
    "x": (482, -6, 0, 470, 530), "y": (513, 1, -210, 507, 530), "z": (462, 20, 0, 433, 526),
    "{": (303, 64, -80, 270, 780), "|": (250, 96, -200, 154, 800), "}": (303, 33, -80, 239, 780),
    "~": (580, 77, 223, 502, 356), "×": (500, 0, 0, 500, 700), "€": (500, 0, 0, 500, 700),
    "£": (500, 0, 0, 500, 700), "°": (298, 28, 466, 270, 704), "é": (500, 0, 0, 500, 700),
}

#: Strokes on a grid 4 wide and 6 high, y down: points of a line joined by blanks, lines by bars.
_STROKES: dict[str, str] = {
    "A": "06 20 46|14 34", "B": "00 06 36 45 44 33 03|33 42 41 30 00", "C": "41 30 10 01 05 16 36 45",
    "D": "00 06 26 44 42 20 00", "E": "40 00 06 46|03 33", "F": "40 00 06|03 33",
    "G": "41 30 10 01 05 16 36 45 43 23", "H": "00 06|40 46|03 43", "I": "10 30|20 26|16 36",
    "J": "20 40|30 35 26 16 05", "K": "00 06|40 03 46", "L": "00 06 46", "M": "06 00 23 40 46",
    "N": "06 00 46 40", "O": "10 01 05 16 36 45 41 30 10", "P": "06 00 30 41 42 33 03",
    "Q": "10 01 05 16 36 45 41 30 10|24 46", "R": "06 00 30 41 42 33 03|23 46",
    "S": "41 30 10 01 02 13 33 44 45 36 16 05", "T": "00 40|20 26", "U": "00 05 16 36 45 40",
    "V": "00 26 40", "W": "00 16 22 36 40", "X": "00 46|40 06", "Y": "00 23 40|23 26", "Z": "00 40 06 46",
    "0": "10 01 05 16 36 45 41 30 10|05 41", "1": "11 20 26|16 36", "2": "01 10 30 41 42 06 46",
    "3": "00 40 23 34 45 36 16 05", "4": "30 04 44|30 36", "5": "40 00 02 32 43 45 36 06",
    "6": "40 20 02 05 16 36 45 44 33 13 04", "7": "00 40 16",
    "8": "10 01 02 13 33 44 45 36 16 05 04 13|33 42 41 30 10",
    "9": "42 33 13 02 01 10 30 41 44 26 06", "-": "13 33", "+": "13 33|22 24", "=": "12 32|14 34",
    ".": "15 16", ":": "12 13|15 16", "/": "06 40", "!": "20 24|25.6 26", "?": "01 10 30 41 33 24|25.6 26",
    "$": "41 30 10 01 02 13 33 44 45 36 16 05|20 26", "%": "06 40|00 10 11 01 00|35 45 46 36 35",
    "×": "12 34|32 14", "'": "20 22", "&": "46 12 11 20 31 04 05 16 26 44", "#": "10 06|40 36|02 42|04 44",
}
# fmt: on

_CELL = 0.7 / 6  # the stroke face's capitals are as tall as Aileron's
_STROKE_ADVANCE = 0.62
_HALF_PEN = 0.05
_BOLD_GROWTH = 0.022


def covers(face: Face, text: str) -> bool:
    """Whether every letter of ``text`` exists in the face (``stroke`` writes lower case as capitals)."""
    return all(letter in (_STROKES if face == "stroke" else _SANS) for letter in _cased(face, text))


def _cased(face: Face, text: str) -> str:
    return text.upper() if face == "stroke" else text


def strokes(letter: str) -> list[list[tuple[float, float]]]:
    """The lines of a letter of the stroke face, in letter sizes, origin on the baseline, y up."""
    lines = []
    for line in _STROKES[letter.upper()].split("|"):
        points = ((float(point[0]), float(point[1:])) for point in line.split())
        lines.append([(x * _CELL + _HALF_PEN, (6 - y) * _CELL) for x, y in points])
    return lines


def extent(word: str, face: Face) -> Extent:
    """Ink and advance of a word without blanks.

    Raises:
        KeyError: a letter is not in the face.
    """
    if face == "stroke":
        return _stroke_extent(word)
    at, left, bottom, right, top = 0, 1 << 30, 1 << 30, -(1 << 30), -(1 << 30)
    for letter in word:
        advance, x1, y1, x2, y2 = _SANS[letter]
        left, right = min(left, at + x1), max(right, at + x2)
        bottom, top = min(bottom, y1), max(top, y2)
        at += advance
    grown = _BOLD_GROWTH if face == "bold" else 0.0
    return Extent(
        left / 1000 - grown, bottom / 1000 - grown, right / 1000 + grown, top / 1000 + grown, at / 1000 + grown
    )


def letter_ends(word: str, face: Face) -> tuple[float, ...]:
    """Where each letter of a word ends, as a share of the width of its ink.

    >>> letter_ends("II", "sans")
    (0.65..., 1.0)

    Raises:
        KeyError: a letter is not in the face.
    """
    ink, at, ends = extent(word, face), 0.0, []
    for letter in word:
        at += _STROKE_ADVANCE if face == "stroke" else _SANS[letter][0] / 1000
        ends.append((at - ink.left) / (ink.right - ink.left))
    return (*ends[:-1], 1.0)


def _stroke_extent(word: str) -> Extent:
    points = [
        (x + index * _STROKE_ADVANCE, y)
        for index, letter in enumerate(word)
        for line in strokes(letter)
        for x, y in line
    ]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return Extent(
        min(xs) - _HALF_PEN,
        min(ys) - _HALF_PEN,
        max(xs) + _HALF_PEN,
        max(ys) + _HALF_PEN,
        len(word) * _STROKE_ADVANCE,
    )
