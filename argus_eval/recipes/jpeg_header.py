"""What stands before the pixels of a JPEG: the frame's size, and EXIF blocks that would turn it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["JpegFrame", "jpeg_frame", "without_exif"]

_START, _END = b"\xff\xd8\xff", b"\xff\xd9"
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})  # baseline, extended, progressive; the others are not decoded here
_OTHER_FRAMES = frozenset(range(0xC3, 0xD0)) - {0xC4, 0xC8, 0xCC}
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD8)})
_START_OF_SCAN, _APPLICATION_1 = 0xDA, 0xE1
_EXIF = b"Exif\x00"
_NAME_AND_ORDER = 10  # "Exif", two zeros, "II*" or "MM": torchcodec reads on where the name alone is gone


class JpegFrame(NamedTuple):
    """What the frame header of a JPEG says."""

    height: int
    width: int
    components: int


class _Segment(NamedTuple):
    marker: int
    start: int  # of what follows the length


def jpeg_frame(data: bytes) -> JpegFrame | None:
    """The frame header of a complete baseline or progressive JPEG; ``None`` for anything else."""
    if not data.startswith(_START) or not data.endswith(_END):
        return None
    for marker, start in _segments(data):
        if marker in _FRAMES:
            sides = data[start + 1 : start + 5]
            height, width = int.from_bytes(sides[:2], "big"), int.from_bytes(sides[2:], "big")
            return JpegFrame(height, width, data[start + 5])
        if marker in _OTHER_FRAMES:
            return None
    return None


def without_exif(data: bytes) -> bytes:
    """The same JPEG with EXIF blocks that no reader takes for one; as long as before."""
    blocks = [start for marker, start in _segments(data) if marker == _APPLICATION_1]
    blocks = [start for start in blocks if data.startswith(_EXIF, start)]
    if not blocks:
        return data
    changed = bytearray(data)
    for start in blocks:
        changed[start : start + _NAME_AND_ORDER] = bytes(_NAME_AND_ORDER)
    return bytes(changed[: len(data)])


def _segments(data: bytes) -> Iterator[_Segment]:
    """Every segment before the first scan; ends where the file stops making sense."""
    position = 2
    while position + 9 < len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == _START_OF_SCAN:
            return
        if marker == 0xFF or marker in _WITHOUT_LENGTH:
            position += 1 if marker == 0xFF else 2
            continue
        yield _Segment(marker, position + 4)
        position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
