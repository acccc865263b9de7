"""A document of lmms-eval as a question of ours: images, text, system turn."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from argus_eval.core.sample import EncodedImage
from argus_eval.data.images import encoded_image
from argus_eval.errors import SampleError

__all__ = ["Turn", "encode_picture", "turn_from_messages", "turn_from_parts"]

_PNG_MODES = frozenset(("1", "L", "LA", "P", "RGB", "RGBA", "I;16"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One user turn: pictures first, then text, as our pipelines show them."""

    pictures: tuple[Any, ...]
    text: str
    system: str | None = None


def turn_from_messages(messages: object) -> Turn:
    """The turn that chat messages of lmms-eval amount to.

    Raises:
        SampleError: they are no single user turn with its images in front of its text.
    """
    if not isinstance(messages, Sequence) or isinstance(messages, str) or not messages:
        raise SampleError("the task gives no messages")
    system = None
    if messages[0]["role"] == "system":
        system = "".join(text for kind, text in _parts(messages[0]) if kind == "text")
        messages = messages[1:]
    if [message["role"] for message in messages] != ["user"]:
        raise SampleError("the task asks in several turns; a request here is one")
    parts = list(_parts(messages[0]))
    kinds = [kind for kind, _ in parts]
    if other := next((kind for kind in kinds if kind not in ("image", "text")), None):
        raise SampleError(f"the task shows {other}; requests here carry images only")
    images = kinds.count("image")
    if kinds[:images] != ["image"] * images:
        raise SampleError("the task puts images between pieces of text; here they stand before it")
    return turn_from_parts([value for kind, value in parts if kind == "image"], _joined(parts), system)


def turn_from_parts(visuals: Sequence[Any] | None, text: object, system: str | None = None) -> Turn:
    """The turn of ``doc_to_visual`` and ``doc_to_text``.

    Raises:
        SampleError: a visual is no image, or the text is no string.
    """
    pictures = tuple(_picture(visual) for visual in visuals or ())
    if not isinstance(text, str):
        raise SampleError(f"the task's prompt is no text but {type(text).__name__}")
    return Turn(pictures=pictures, text=text, system=system)


def encode_picture(picture: Image.Image, originals: Sequence[bytes]) -> EncodedImage:
    """The picture compressed: the data set's own bytes where they decode to it, else a lossless PNG.

    Args:
        picture: what the task shows.
        originals: encoded images of the same document.
    """
    shown = picture.convert("RGB")
    for data in originals:
        if _decodes_to(data, shown):
            return encoded_image(data)
    exact = picture if picture.mode in _PNG_MODES else shown
    buffer = io.BytesIO()
    exact.save(buffer, format="PNG", compress_level=1)
    return encoded_image(buffer.getvalue())


def _decodes_to(data: bytes, shown: Image.Image) -> bool:
    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.size == shown.size and image.convert("RGB").tobytes() == shown.tobytes()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False


def _parts(message: Any) -> list[tuple[str, Any]]:
    content = message["content"]
    if isinstance(content, str):
        return [("text", content)]
    return [(part["type"], part["text"] if part["type"] == "text" else part.get("url")) for part in content]


def _joined(parts: Sequence[tuple[str, Any]]) -> str:
    return "".join(value for kind, value in parts if kind == "text")


def _picture(visual: Any) -> Image.Image:
    if isinstance(visual, Image.Image):
        return visual
    if isinstance(visual, str):
        try:
            with Image.open(visual) as image:
                image.load()
                return image
        except (OSError, ValueError) as problem:
            raise SampleError(f"the task shows {visual[:120]!r}, which is no image file") from problem
    raise SampleError(f"the task shows a {type(visual).__name__}; requests here carry images only")
