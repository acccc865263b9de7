"""fast-decode: JPEG bytes straight to interleaved pixels with torchvision's libjpeg-turbo.

Bottleneck: Pillow feeds the decompressor in pieces, stores four bytes a pixel, and lends them out three bytes a
pixel through one more copy. torchvision's decoder writes the array that the resize kernel reads.

Only baseline and progressive JPEGs of one or three components take this way. Everything else (PNG, CMYK, a file
that does not end as a JPEG should) goes through Pillow as before, and fails as before. EXIF orientation is
ignored, as ``Image.open`` ignores it.

Expected effect: one to four milliseconds an image, more for large ones. Both decoders are libjpeg-turbo; L1
because two builds of it may round differently.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple

from argus_eval.core.loss_class import LossClass
from argus_eval.recipes.protocol import RecipeInfo

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from argus_eval.pipeline.parts import Decoder
    from argus_eval.pipeline.pipeline import Pipeline

__all__ = ["INFO", "JpegDecoder", "JpegFrame", "apply", "jpeg_frame"]

INFO = RecipeInfo(
    name="fast-decode",
    summary="JPEG bytes straight to interleaved pixels with torchvision's libjpeg-turbo",
    parts=frozenset({"decoder"}),
    scope="pipeline",
    loss_class=LossClass.L1,
    order=5,
    conflicts=frozenset({"draft-decode"}),
)

_START, _END = b"\xff\xd8\xff", b"\xff\xd9"
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})  # baseline, extended, progressive; the others are not decoded here
_OTHER_FRAMES = frozenset(range(0xC3, 0xD0)) - {0xC4, 0xC8, 0xCC}
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD8)})
_START_OF_SCAN = 0xDA
_AMBIGUOUS = 4  # an array with a side this short could be taken for planes of colour


class JpegFrame(NamedTuple):
    """What the frame header of a JPEG says."""

    height: int
    width: int
    components: int


def jpeg_frame(data: bytes) -> JpegFrame | None:
    """The frame header of a complete baseline or progressive JPEG; ``None`` for anything else."""
    if not data.startswith(_START) or not data.endswith(_END):
        return None
    position = 2
    while position + 9 < len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker in _FRAMES:
            sides = data[position + 5 : position + 9]
            height, width = int.from_bytes(sides[:2], "big"), int.from_bytes(sides[2:], "big")
            return JpegFrame(height, width, data[position + 9])
        if marker in _OTHER_FRAMES or marker == _START_OF_SCAN:
            return None
        if marker == 0xFF or marker in _WITHOUT_LENGTH:
            position += 1 if marker == 0xFF else 2
            continue
        position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return None


class JpegDecoder:
    """JPEGs to (H, W, 3) uint8 arrays; everything else through ``inner``."""

    def __init__(self, inner: Decoder) -> None:
        from PIL import Image

        self._inner = inner
        # Above it Pillow warns or refuses; that is for Pillow to say.
        self._largest = Image.MAX_IMAGE_PIXELS or float("inf")

    def __call__(self, data: bytes) -> Any:
        """See :class:`~argus_eval.pipeline.parts.Decoder`."""
        frame = jpeg_frame(data)
        if frame is None or frame.components not in (1, 3) or min(frame.height, frame.width) <= _AMBIGUOUS:
            return self._inner(data)
        if frame.height * frame.width > self._largest:
            return self._inner(data)
        return self._decoded(data)

    def _decoded(self, data: bytes) -> Any:
        import numpy as np
        import torch
        from torchvision.io import ImageReadMode, decode_jpeg

        try:
            planes = decode_jpeg(torch.from_numpy(np.frombuffer(data, np.uint8).copy()), mode=ImageReadMode.RGB)
        except RuntimeError:
            return self._inner(data)  # it says what is wrong, in the words of the baseline
        pixels: NDArray[np.uint8] = planes.permute(1, 2, 0).contiguous().numpy()
        return pixels


def apply(pipeline: Pipeline) -> Pipeline:
    """Put the decoder in front of the stock one."""
    return dataclasses.replace(pipeline, decoder=JpegDecoder(pipeline.decoder))
