"""Thumbnails of data-set images. Broken, huge and odd files give no picture, never an error."""

from __future__ import annotations

import base64
import io

__all__ = ["MAX_SIDE_PX", "thumbnail"]

MAX_SIDE_PX = 256
_QUALITY = 74
#: A header that promises more than this is not decoded: a thumbnail is not worth a gigabyte.
_MAX_PIXELS = 120_000_000


def thumbnail(data: bytes | None) -> str | None:
    """A ``data:image/jpeg`` address of at most :data:`MAX_SIDE_PX` a side, or ``None`` where nothing can be read.

    The orientation tag is left alone: boxes refer to the pixels as they are stored.
    """
    if not data:
        return None
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > _MAX_PIXELS:
                return None
            image.draft("RGB", (MAX_SIDE_PX, MAX_SIDE_PX))
            small = image.convert("RGB")
            small.thumbnail((MAX_SIDE_PX, MAX_SIDE_PX))
            buffer = io.BytesIO()
            small.save(buffer, "JPEG", quality=_QUALITY, optimize=True)
    # Pillow's decoders raise any of these on truncated or malicious files.
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError):
        return None
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
