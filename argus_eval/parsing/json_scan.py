"""Objects out of text that is meant to be JSON.

Fences, prose around it, single quotes, tuples, stray commas, unbalanced brackets and cut ends are read. One
pass over tokens, a stack of bounded depth and no recursion: the time is linear in the text. Nothing is
evaluated. An object that the text ends inside is left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from argus_eval.parsing.coordinates import read_number

__all__ = ["JsonObject", "JsonScan", "JsonValue", "Word", "scan_json"]


@dataclass(frozen=True, slots=True)
class Word:
    """Something bare that is neither a finite number nor a string: ``null``, ``NaN``, ``x1``."""

    text: str


JsonValue: TypeAlias = "str | float | Word | tuple[JsonValue, ...]"


class JsonObject(NamedTuple):
    """Keys and values in the order written; objects inside it are listed on their own."""

    pairs: tuple[tuple[str, JsonValue], ...]
    start: int


class JsonScan(NamedTuple):
    """What was found.

    Attributes:
        objects: every whole object with a key, in the order of their opening brackets.
        lists: every whole list that stands in no object.
        repairs: slugs of what had to be mended.
        truncated: the text ends inside a bracket.
        surrounded: there is other text around.
    """

    objects: tuple[JsonObject, ...]
    lists: tuple[tuple[JsonValue, ...], ...]
    repairs: tuple[str, ...]
    truncated: bool
    surrounded: bool


_DEPTH = 32  # deeper nesting is runaway repetition; the innermost levels are what can be read

_START = re.compile(r"```[A-Za-z0-9]*|[\[({]+")
_TOKEN = re.compile(
    r"""(?P<open>[\[({]+) | (?P<close>[\])}]+) | (?P<fence>```) | (?P<comma>,) | (?P<colon>:)
    | (?P<string> "(?P<double>(?:[^"\\\n]|\\.|"(?!\s{0,64}(?:[,:\]})"`]|\Z)))*+)"
                | '(?P<single>(?:[^'\\\n]|\\.|'(?!\s{0,64}(?:[,:\]})'`]|\Z)))*+)' )
    | (?P<unclosed>["'][^\n]*)
    | (?P<bare>[^\s\[\](){},:"'`]+)
    | (?P<other>[\s`])""",
    re.VERBOSE,
)
_CLOSES = {"]": "[", ")": "(", "}": "{"}
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}

SINGLE_QUOTES = "single quotes"
PARENTHESES = "parentheses for brackets"
STRAY_COMMA = "stray comma"
MISSING_COMMA = "missing comma"
UNBALANCED = "unbalanced brackets"
BARE_KEY = "key without quotes"
OPEN_STRING = "unclosed string"


@dataclass(slots=True)
class _Frame:
    """An open bracket."""

    bracket: str
    start: int
    key: str | None = None
    pending: JsonValue | None = None
    pairs: list[tuple[str, JsonValue]] = field(default_factory=list)
    items: list[JsonValue] = field(default_factory=list)


def scan_json(text: str) -> JsonScan:
    """Read every object and list in ``text``."""
    return _Scanner(text).run()


class _Scanner:
    __slots__ = ("_last", "_lists", "_objects", "_repairs", "_stack", "_text", "_truncated")

    def __init__(self, text: str) -> None:
        self._text = text
        self._stack: list[_Frame] = []
        self._objects: list[JsonObject] = []
        self._lists: list[tuple[JsonValue, ...]] = []
        self._repairs: dict[str, None] = {}
        self._last = ""
        self._truncated = False

    def run(self) -> JsonScan:
        position, outside = 0, False
        while (start := _START.search(self._text, position)) is not None:
            outside = outside or bool(self._text[position : start.start()].strip())
            position = start.end()
            if not start.group().startswith("`"):
                self._open(start.group(), start.start())
                position = self._inside(position)
        outside = outside or bool(self._text[position:].strip().strip("`"))
        self._truncated = self._truncated or bool(self._stack)
        objects = sorted(self._objects, key=lambda item: item.start)
        return JsonScan(tuple(objects), tuple(self._lists), tuple(self._repairs), self._truncated, outside)

    def _inside(self, position: int) -> int:
        """Read tokens until every bracket is closed; returns where."""
        while self._stack and position < len(self._text):
            match = _TOKEN.match(self._text, position)
            assert match is not None, "the token pattern covers every character"
            position = match.end()
            self._token(str(match.lastgroup), match)
        return position

    def _token(self, kind: str, match: re.Match[str]) -> None:
        text = match.group()
        if kind in ("double", "single"):
            kind = "string"
        match kind:
            case "other":
                return
            case "open":
                self._open(text, match.start())
            case "close":
                self._close(text)
            case "fence":
                self._repair(UNBALANCED)
                while self._stack:
                    self._pop()
            case "comma":
                self._comma()
            case "colon":
                self._colon()
            case "unclosed":
                self._unclosed(text, match.end())
            case "string":
                if text[0] == "'":
                    self._repair(SINGLE_QUOTES)
                self._value(_unescape(text[1:-1]))
            case _:
                number = read_number(text)
                self._value(number if number is not None else Word(text))
        self._last = kind

    def _open(self, brackets: str, start: int) -> None:
        if "(" in brackets:
            self._repair(PARENTHESES)
        self._expect_comma()
        self._last = "open"
        skipped = max(0, len(brackets) - _DEPTH)
        for offset, bracket in enumerate(brackets[skipped:], skipped):
            if len(self._stack) == _DEPTH:
                self._repair(UNBALANCED)
                del self._stack[0]
            self._stack.append(_Frame(bracket, start + offset))

    def _close(self, brackets: str) -> None:
        if self._last == "comma":
            self._repair(STRAY_COMMA)
        for bracket in brackets:
            opening = _CLOSES[bracket]
            if not any(frame.bracket == opening for frame in self._stack):
                self._repair(UNBALANCED)
                if not self._stack:
                    return
                continue
            while self._stack[-1].bracket != opening:
                self._repair(UNBALANCED)
                self._pop()
            self._pop()

    def _pop(self) -> None:
        """Close the innermost bracket and hand its content on."""
        frame = self._stack.pop()
        self._settle(frame)
        if frame.bracket == "{":
            if frame.pairs:
                self._objects.append(JsonObject(tuple(frame.pairs), frame.start))
            return
        values = tuple(frame.items)
        if self._stack:
            self._stack[-1].pending = values
            self._settle(self._stack[-1])
        else:
            self._lists.append(values)

    def _value(self, value: JsonValue) -> None:
        self._expect_comma()
        self._settle(self._stack[-1])
        self._stack[-1].pending = value

    def _settle(self, frame: _Frame) -> None:
        """Put the value that was read last where it belongs."""
        value, frame.pending = frame.pending, None
        if frame.bracket != "{":
            if value is not None:
                frame.items.append(value)
        elif value is not None and frame.key is not None:
            frame.pairs.append((frame.key, value))
            frame.key = None

    def _expect_comma(self) -> None:
        """A value begins; right behind another one a comma is missing."""
        if self._stack and self._last in ("close", "string", "bare"):
            self._repair(MISSING_COMMA)

    def _comma(self) -> None:
        if self._last in ("comma", "open"):
            self._repair(STRAY_COMMA)
        self._settle(self._stack[-1])

    def _colon(self) -> None:
        frame = self._stack[-1]
        if isinstance(frame.pending, Word):
            self._repair(BARE_KEY)
        if isinstance(frame.pending, str | Word):
            frame.key = frame.pending if isinstance(frame.pending, str) else frame.pending.text
            frame.pending = None

    def _unclosed(self, text: str, end: int) -> None:
        """A string without its closing quote: cut off by the end of the text, or by the end of its line."""
        if end == len(self._text):
            self._truncated = True
            self._stack.clear()
        else:
            self._repair(OPEN_STRING)
            self._value(_unescape(text[1:].rstrip().rstrip(",")))

    def _repair(self, slug: str) -> None:
        self._repairs[slug] = None


def _unescape(text: str) -> str:
    """Resolve JSON escapes; an unknown one stands for the character behind the backslash."""
    if "\\" not in text:
        return text
    resolved = _ESCAPE.sub(_escape, text)
    return resolved.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _escape(match: re.Match[str]) -> str:
    code = match.group(1)
    return chr(int(code[1:], 16)) if len(code) == 5 else _ESCAPES.get(code, code)
