"""Frozen dataclasses to plain JSON and back, by their annotations.

Reading is strict about types and names, because files come from other people: the message carries the path of
the offending value. Unknown keys are ignored (files of a newer minor version stay readable).
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping, Sequence
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
    return typing.cast(T, _read(kind, data, path or kind.__name__))


def _json_name(field: dataclasses.Field[Any]) -> str:
    return str(field.metadata.get("json", field.name))


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _read(kind: Any, data: object, path: str) -> object:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any or kind is object:
        return data
    if origin in (typing.Union, types.UnionType):
        return _read_union(arguments, data, path)
    if origin is typing.Literal:
        if data not in arguments:
            raise ValueError(f"{path}: expected one of {', '.join(map(repr, arguments))}, got {data!r}")
        return data
    if dataclasses.is_dataclass(kind):
        return _read_dataclass(typing.cast(type, kind), data, path)
    if isinstance(kind, type) and issubclass(kind, Enum):
        try:
            return kind(data)
        except ValueError:
            valid = ", ".join(repr(item.value) for item in kind)
            raise ValueError(f"{path}: expected one of {valid}, got {data!r}") from None
    if origin in (tuple, list, Sequence) or kind in (tuple, list):
        return _read_sequence(arguments, data, path)
    if origin in (dict, Mapping):
        if not isinstance(data, dict):
            raise ValueError(f"{path}: expected an object, got {type(data).__name__}")
        return {str(key): _read(arguments[1], item, f"{path}.{key}") for key, item in data.items()}
    return _read_scalar(kind, data, path)


def _read_union(arguments: tuple[Any, ...], data: object, path: str) -> object:
    if data is None and type(None) in arguments:
        return None
    problems = []
    for option in arguments:
        if option is type(None):
            continue
        try:
            return _read(option, data, path)
        except ValueError as problem:
            problems.append(str(problem))
    raise ValueError(problems[0] if problems else f"{path}: unexpected {data!r}")


def _read_dataclass(kind: type, data: object, path: str) -> object:
    if not isinstance(data, dict):
        raise ValueError(f"{path}: expected an object, got {type(data).__name__}")
    hints, values = _hints(kind), {}
    for field in dataclasses.fields(kind):
        name = _json_name(field)
        if name in data:
            values[field.name] = _read(hints[field.name], data[name], f"{path}.{name}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise ValueError(f"{path}: {name!r} is missing")
    return kind(**values)


def _read_sequence(arguments: tuple[Any, ...], data: object, path: str) -> object:
    if not isinstance(data, list | tuple):
        raise ValueError(f"{path}: expected a list, got {type(data).__name__}")
    if (len(arguments) == 2 and arguments[1] is Ellipsis) or len(arguments) == 1:
        return tuple(_read(arguments[0], item, f"{path}[{i}]") for i, item in enumerate(data))
    if len(arguments) != len(data):
        raise ValueError(f"{path}: expected {len(arguments)} items, got {len(data)}")
    return tuple(
        _read(kind, item, f"{path}[{i}]") for i, (kind, item) in enumerate(zip(arguments, data, strict=True))
    )


def _read_scalar(kind: Any, data: object, path: str) -> object:
    if kind is float and isinstance(data, int | float) and not isinstance(data, bool):
        return float(data)
    if kind is int and isinstance(data, int) and not isinstance(data, bool):
        return data
    if kind in (str, bool) and isinstance(data, kind):
        return data
    raise ValueError(f"{path}: expected {getattr(kind, '__name__', kind)}, got {data!r}")
