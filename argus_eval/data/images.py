"""Compressed images as samples carry them: bytes, hash and what the header says. Nothing is decoded here."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

from argus_eval.core.fingerprint import sha256_hex
from argus_eval.core.geometry import ImageSize
from argus_eval.core.sample import EncodedImage
from argus_eval.errors import SampleError

__all__ = ["FORMATS", "encoded_image"]

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
"""Formats that are read. Others (EPS, PSD …) start interpreters or have parsers nobody fuzzes."""


def encoded_image(value: object) -> EncodedImage:
    """The image of a row: ``{"bytes": …, "path": …}`` as ``datasets`` stores it, bytes, or the path of a file.

    Bad image bytes never raise: the size of what has no readable header is ``None``, and a truncated file has a
    size and fails later, in the decoder, as the sample's error.

    Raises:
        SampleError: there is no image at all: the value is empty, or its file cannot be read.
    """
    data = _read(value)
    if not data:
        raise SampleError("image is empty")
    size, kind = _header(data)
    return EncodedImage(data=data, sha256=sha256_hex(data), size=size, format=kind)


def _read(value: object) -> bytes:
    if isinstance(value, Mapping):
        data, path = value.get("bytes"), value.get("path")
        return _read(data if data else path)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, str | Path) and str(value):
        try:
            return Path(value).read_bytes()
        except OSError as problem:
            raise SampleError(f"image file cannot be read ({problem.strerror or problem})") from problem
        except ValueError as problem:  # a null byte in the name
            raise SampleError("image file cannot be read (invalid path)") from problem
    raise SampleError("image is missing")


def _header(data: bytes) -> tuple[ImageSize | None, str | None]:
    from PIL import Image

    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            return ImageSize(*image.size), image.format
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None, None
    except (OSError, ValueError, SyntaxError, LookupError, ArithmeticError, TypeError, EOFError, struct.error):
        return None, None  # what Pillow's header parsers raise on hostile bytes
