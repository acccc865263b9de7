"""Text in which labels and boxes stand between tags: ``<ref>cat</ref><box>…</box>``.

One pass over the tags, so the time is linear in the text whatever is in it, and ``<`` may stand in a label.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = ["TagScan", "TagSyntax", "TaggedBox"]


class TaggedBox(NamedTuple):
    """One box element.

    Attributes:
        label: of the label element before it; several boxes may follow one label.
        body: text between the box tags.
        closed: the closing tag was there; otherwise the last thing in ``body`` may be cut off.
        opened: the opening tag was there; prompts that end in the opening tag make the model leave it out.
    """

    label: str | None
    body: str
    closed: bool
    opened: bool


class TagScan(NamedTuple):
    """Everything found in one text, and whether it ends inside an element."""

    boxes: tuple[TaggedBox, ...]
    outside: str
    truncated: bool

    @property
    def unclosed(self) -> bool:
        """A box element before the last lost its closing tag."""
        return not all(box.closed for box in self.boxes[:-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class TagSyntax:
    """The four tags of a dialect. Tags are literal text."""

    label_open: str
    label_close: str
    box_open: str
    box_close: str
    _tags: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        tags = (self.label_open, self.label_close, self.box_open, self.box_close)
        object.__setattr__(self, "_tags", re.compile("|".join(map(re.escape, tags))))

    def scan(self, text: str) -> TagScan:
        """Every box element in ``text``."""
        boxes: list[TaggedBox] = []
        outside: list[str] = []
        label: str | None = None
        inside, start = "", 0
        for match in self._tags.finditer(text):
            tag, segment = match.group(), text[start : match.start()]
            if inside == self.box_open:
                boxes.append(TaggedBox(label, segment, tag == self.box_close, True))
            elif inside == self.label_open:
                label = segment
            elif tag == self.box_close:
                boxes.append(TaggedBox(label, segment, True, False))
            elif tag == self.label_close:
                label = segment
            else:
                outside.append(segment)
            inside, start = (tag if tag in (self.box_open, self.label_open) else ""), match.end()
        tail = text[start:]
        if inside == self.box_open:
            boxes.append(TaggedBox(label, tail, False, True))
        elif not inside:
            outside.append(tail)
        return TagScan(tuple(boxes), "".join(outside).strip(), bool(inside) or self._cut_tag(tail))

    def label_text(self, label: str | None) -> str:
        """The label element."""
        return f"{self.label_open}{label or ''}{self.label_close}"

    def box_text(self, body: str) -> str:
        """The box element."""
        return f"{self.box_open}{body}{self.box_close}"

    def _cut_tag(self, tail: str) -> bool:
        """Whether the text ends within a tag."""
        at = tail.rfind("<")
        rest = tail[at:] if at >= 0 else ""
        return bool(rest) and any(tag.startswith(rest) for tag in (self.label_open, self.box_open, self.box_close))
