"""Typed fields of a row; what is missing or of the wrong type is the row's error, in words that can be counted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from argus_eval.core.geometry import PixelBox, PixelQuad
from argus_eval.data.rows import Row
from argus_eval.errors import SampleError

__all__ = [
    "box_xywh",
    "flag",
    "identifier",
    "number",
    "optional_text",
    "quad",
    "records",
    "sequence",
    "text",
    "texts",
    "wording",
]


def text(row: Row, column: str) -> str:
    """The stripped text of ``column``.

    Raises:
        SampleError: it is missing, empty or no text.
    """
    value = row.get(column)
    if not isinstance(value, str):
        raise SampleError(f"{column} is {'missing' if value is None else 'not text'}")
    if not value.strip():
        raise SampleError(f"{column} is empty")
    return value.strip()


def optional_text(row: Row, column: str) -> str | None:
    """The stripped text of ``column``; ``None`` where it is absent or blank.

    Raises:
        SampleError: it is something else than text.
    """
    value = row.get(column)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    return text(row, column)


def identifier(row: Row, *columns: str) -> str:
    """The first of ``columns`` that holds an id, text or integer, as text.

    Raises:
        SampleError: none does.
    """
    for column in columns:
        value = row.get(column)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if isinstance(value, str) and value.strip():
            return value.strip()
    raise SampleError(f"{columns[0]} is missing")


def wording(row: Row, column: str) -> str:
    """The text of ``column`` as it is, possibly empty.

    Raises:
        SampleError: it is missing or no text.
    """
    value = row.get(column)
    if not isinstance(value, str):
        raise SampleError(f"{column} is {'missing' if value is None else 'not text'}")
    return value


def sequence(row: Row, column: str) -> Sequence[object]:
    """The list in ``column``.

    Raises:
        SampleError: it is missing, empty or no list.
    """
    value = row.get(column)
    if not isinstance(value, list | tuple):
        raise SampleError(f"{column} is {'missing' if value is None else 'not a list'}")
    if not value:
        raise SampleError(f"{column} is empty")
    return value


def texts(row: Row, column: str) -> tuple[str, ...]:
    """The list of texts in ``column``, unstripped: official normalisers see them as they are.

    Raises:
        SampleError: it is missing, empty, or holds something else than text.
    """
    values = sequence(row, column)
    if not all(isinstance(value, str) for value in values):
        raise SampleError(f"{column} holds something that is not text")
    return tuple(str(value) for value in values)


def records(value: object, column: str) -> list[Mapping[str, object]]:
    """A list of objects, given as that or as ``datasets`` stores it: an object of equally long lists.

    Raises:
        SampleError: it is neither.
    """
    if isinstance(value, Mapping) and all(isinstance(item, list | tuple) for item in value.values()):
        lengths = {len(item) for item in value.values()}
        if len(lengths) > 1:
            raise SampleError(f"{column} has lists of different lengths")
        return [dict(zip(value, items, strict=True)) for items in zip(*value.values(), strict=True)]
    if isinstance(value, list | tuple) and all(isinstance(item, Mapping) for item in value):
        return [item for item in value if isinstance(item, Mapping)]
    raise SampleError(f"{column} is {'missing' if value is None else 'not a list of objects'}")


def number(value: object, what: str) -> float:
    """A finite number.

    Raises:
        SampleError: ``value`` is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SampleError(f"{what} is {'missing' if value is None else 'not a number'}")
    try:
        result = float(value)
    except OverflowError:
        result = math.inf
    if not math.isfinite(result):
        raise SampleError(f"{what} is not finite")
    return result


def flag(value: object, what: str) -> bool:
    """0 or 1, as a number or a boolean; what is not there is 0.

    Raises:
        SampleError: ``value`` is something else; the text "0" would pass for true.
    """
    if value is None:
        return False
    if not isinstance(value, int | float) or value not in (0, 1):
        raise SampleError(f"{what} is neither 0 nor 1")
    return bool(value)


def box_xywh(value: object, what: str = "bbox", *, may_be_empty: bool = False) -> PixelBox:
    """A box from ``[x, y, width, height]`` in pixels; neither clipped nor rounded.

    Args:
        value: the four numbers.
        what: name in messages.
        may_be_empty: accept a width or height of zero, as a few annotations of large data sets have.

    Raises:
        SampleError: these are not four finite numbers, or width or height is not positive.
    """
    x, y, width, height = _numbers(value, 4, what)
    if min(width, height) < 0 or (min(width, height) == 0 and not may_be_empty):
        raise SampleError(f"{what} has no area")
    return PixelBox.from_xywh(x, y, width, height)


def quad(value: object, what: str = "quad") -> PixelQuad:
    """Four corners from eight numbers ``x1, y1, …, x4, y4`` in pixels.

    Raises:
        SampleError: these are not eight finite numbers.
    """
    x1, y1, x2, y2, x3, y3, x4, y4 = _numbers(value, 8, what)
    return PixelQuad((x1, y1, x2, y2, x3, y3, x4, y4))


def _numbers(value: object, count: int, what: str) -> list[float]:
    if not isinstance(value, list | tuple) or len(value) != count:
        raise SampleError(f"{what} is {'missing' if value is None else f'not {count} numbers'}")
    return [number(item, what) for item in value]
