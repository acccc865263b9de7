"""Frozen dataclasses to plain JSON and back, by their annotations.

Reading is strict about types and names, because files come from other people: the message carries the path of
the offending value. Unknown keys are ignored (files of a newer minor version stay readable).
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import cache
from typing import Any, TypeVar

__all__ = ["from_json", "to_json"]

T = TypeVar("T")


def to_json(value: object) -> Any:
    """Nested dicts, lists, strings, numbers and None; non-finite floats become ``None``.

    A field whose metadata says ``{"json": "name"}`` is written under that name (``pass`` is no identifier).
    """
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {_json_name(field): to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(to_json(item) for item in value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | bool | int):
        return value
    raise TypeError(f"{type(value).__name__} has no JSON form")


def from_json(kind: type[T], data: object, path: str = "") -> T:
    """An instance of ``kind`` from what :func:`to_json` wrote.

    Raises:
        ValueError: a value has the wrong type or a required one is missing; the message names its path.
    """
    try:
        return typing.cast(T, _reader(typing.cast(Any, kind))(data))
    except _Wrong as wrong:
        raise ValueError(f"{path or kind.__name__}{wrong.place}: {wrong.what}") from None


class _Wrong(Exception):  # noqa: N818 - it never leaves this module
    """A value that does not fit. Readers above add their step to ``place``: paths are made only where needed."""

    def __init__(self, what: str, place: str = "") -> None:
        super().__init__(what)
        self.what, self.place = what, place

    def below(self, step: str) -> _Wrong:
        return _Wrong(self.what, step + self.place)


_Reader = Callable[[object], object]


def _json_name(field: dataclasses.Field[Any]) -> str:
    return str(field.metadata.get("json", field.name))


@cache
def _reader(kind: Any) -> _Reader:
    """What reads values of ``kind``; made once a type, because a file has a hundred thousand of them."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any or kind is object:
        return lambda data: data
    if origin in (typing.Union, types.UnionType):
        return _union_reader(arguments)
    if origin is typing.Literal:
        return _literal_reader(arguments)
    if dataclasses.is_dataclass(kind):
        return _dataclass_reader(typing.cast(type, kind))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _enum_reader(kind)
    if origin in (tuple, list, Sequence) or kind in (tuple, list):
        return _sequence_reader(arguments)
    if origin in (dict, Mapping):
        return _mapping_reader(arguments[1])
    return _scalar_reader(kind)


def _literal_reader(valid: tuple[Any, ...]) -> _Reader:
    def read(data: object) -> object:
        if data not in valid:
            raise _Wrong(f"expected one of {', '.join(map(repr, valid))}, got {data!r}")
        return data

    return read


def _enum_reader(kind: type[Enum]) -> _Reader:
    def read(data: object) -> object:
        try:
            return kind(data)
        except ValueError:
            valid = ", ".join(repr(item.value) for item in kind)
            raise _Wrong(f"expected one of {valid}, got {data!r}") from None

    return read


def _union_reader(arguments: tuple[Any, ...]) -> _Reader:
    optional = type(None) in arguments
    readers = [_reader(option) for option in arguments if option is not type(None)]

    def read(data: object) -> object:
        if data is None and optional:
            return None
        first: _Wrong | None = None
        for reader in readers:
            try:
                return reader(data)
            except _Wrong as wrong:
                first = first or wrong
        raise first or _Wrong(f"unexpected {data!r}")

    return read


def _dataclass_reader(kind: type) -> _Reader:
    hints = typing.get_type_hints(kind)
    fields = [(_json_name(field), field.name, _reader(hints[field.name])) for field in dataclasses.fields(kind)]
    required = {
        _json_name(field)
        for field in dataclasses.fields(kind)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }

    def read(data: object) -> object:
        if not isinstance(data, dict):
            raise _Wrong(f"expected an object, got {type(data).__name__}")
        values = {}
        for key, name, reader in fields:
            if key in data:
                try:
                    values[name] = reader(data[key])
                except _Wrong as wrong:
                    raise wrong.below(f".{key}") from None
            elif key in required:
                raise _Wrong(f"{key!r} is missing")
        return kind(**values)

    return read


def _sequence_reader(arguments: tuple[Any, ...]) -> _Reader:
    endless = (len(arguments) == 2 and arguments[1] is Ellipsis) or len(arguments) == 1
    readers = [_reader(arguments[0])] if endless else [_reader(argument) for argument in arguments]

    def read(data: object) -> object:
        if not isinstance(data, list | tuple):
            raise _Wrong(f"expected a list, got {type(data).__name__}")
        if not endless and len(readers) != len(data):
            raise _Wrong(f"expected {len(readers)} items, got {len(data)}")
        found = []
        for index, item in enumerate(data):
            try:
                found.append(readers[0 if endless else index](item))
            except _Wrong as wrong:
                raise wrong.below(f"[{index}]") from None
        return tuple(found)

    return read


def _mapping_reader(kind: Any) -> _Reader:
    reader = _reader(kind)

    def read(data: object) -> object:
        if not isinstance(data, dict):
            raise _Wrong(f"expected an object, got {type(data).__name__}")
        found = {}
        for key, item in data.items():
            try:
                found[str(key)] = reader(item)
            except _Wrong as wrong:
                raise wrong.below(f".{key}") from None
        return found

    return read


def _scalar_reader(kind: Any) -> _Reader:
    name = getattr(kind, "__name__", kind)

    def read(data: object) -> object:
        if kind is float and isinstance(data, int | float) and not isinstance(data, bool):
            return float(data)
        if kind is int and isinstance(data, int) and not isinstance(data, bool):
            return data
        if kind in (str, bool) and isinstance(data, kind):
            return data
        raise _Wrong(f"expected {name}, got {data!r}")

    return read
