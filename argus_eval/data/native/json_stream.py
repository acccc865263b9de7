"""Large JSON files, one element at a time.

Official annotation files are single JSON values of up to a gigabyte (LVIS, Visual Genome). Read whole they take
ten times their size in memory; here only one element of a top-level array exists at a time.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from argus_eval.errors import EnvironmentError_, UsageError

__all__ = ["elements"]

CHUNK_BYTES = 1 << 20
ELEMENT_LIMIT_CHARACTERS = 64 << 20

_SPACE = " \t\n\r"
_FOLLOWS = tuple(",]}:" + _SPACE)


def elements(path: Path) -> Iterator[tuple[str | None, object]]:
    """Elements of the arrays of a top-level object, as ``(name of the array, element)``.

    Members that are no arrays come whole, under their name. A top-level array's elements come with ``None``.

    Raises:
        UsageError: the file is no such JSON; the message says near which byte.
        EnvironmentError_: it cannot be read.
    """
    try:
        with path.open("rb") as handle:
            yield from _Reader(handle, path).elements()
    except OSError as problem:
        raise EnvironmentError_(f"{path}: cannot be read ({problem.strerror or problem})") from problem


class _Reader:
    """A window of text that moves over the file."""

    def __init__(self, handle: BinaryIO, path: Path) -> None:
        self._handle = handle
        self._path = path
        self._decode = codecs.getincrementaldecoder("utf-8-sig")()
        self._json = json.JSONDecoder()
        self._text = ""
        self._at = 0
        self._ended = False

    def elements(self) -> Iterator[tuple[str | None, object]]:
        if self._peek() == "[":
            for element in self._array():
                yield None, element
        else:
            self._expect("{")
            while self._peek() != "}":
                name = self._value()
                if not isinstance(name, str):
                    raise self._broken("name")
                self._expect(":")
                if self._peek() == "[":
                    for element in self._array():
                        yield name, element
                else:
                    yield name, self._value()
                self._separator("}")
            self._expect("}")
        if self._peek():
            raise self._broken("end")

    def _array(self) -> Iterator[object]:
        self._expect("[")
        while self._peek() != "]":
            yield self._value()
            self._separator("]")
        self._expect("]")

    def _separator(self, closing: str) -> None:
        if self._peek() == ",":
            self._expect(",")
            if self._peek() == closing:
                raise self._broken("value")
        elif self._peek() != closing:
            raise self._broken(f"',' or {closing!r}")

    def _value(self) -> object:
        """The JSON value here. It is complete when what may follow a value follows: ``0`` may go on as ``0.5``."""
        self._peek()
        wanted = CHUNK_BYTES
        while True:
            try:
                value, end = self._json.raw_decode(self._text, self._at)
                if self._ended or self._text[end : end + 1] in _FOLLOWS:
                    self._at = end
                    return value
            except RecursionError:
                raise UsageError(
                    f"{self._path}: JSON is nested too deeply near byte {self._handle.tell()}"
                ) from None
            except ValueError as problem:
                if self._ended:
                    raise self._broken("value") from problem
            if len(self._text) - self._at > ELEMENT_LIMIT_CHARACTERS:
                raise UsageError(
                    f"{self._path}: one element is longer than {ELEMENT_LIMIT_CHARACTERS >> 20} Mi characters, "
                    f"near byte {self._handle.tell()}"
                )
            self._more(wanted)
            wanted *= 2  # so that a long element is tried a few times, not once a chunk

    def _peek(self) -> str:
        """The next character that is no white space, or empty at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if self._ended:
                return ""
            self._more(CHUNK_BYTES)

    def _expect(self, character: str) -> None:
        if self._peek() != character:
            raise self._broken(repr(character))
        self._at += 1

    def _more(self, count: int) -> None:
        data = self._handle.read(count)
        self._ended = not data
        try:
            self._text = self._text[self._at :] + self._decode.decode(data, final=self._ended)
        except UnicodeDecodeError as problem:
            raise UsageError(f"{self._path}: not valid UTF-8 near byte {self._handle.tell()}") from problem
        self._at = 0

    def _broken(self, expected: str) -> UsageError:
        return UsageError(f"{self._path}: not the JSON expected near byte {self._handle.tell()}: no {expected}")
