"""fast-decode: JPEG bytes straight to interleaved pixels with the libjpeg-turbo of torchcodec or torchvision.

Bottleneck: Pillow feeds the decompressor in pieces, stores four bytes a pixel, and lends them out three bytes a
pixel through one more copy. These decoders write the array that the resize kernel reads.

Only baseline and progressive JPEGs of one or three components take this way. Everything else (PNG, CMYK, a file
that does not end as a JPEG should) goes through Pillow as before, and fails as before. EXIF orientation is
ignored, as ``Image.open`` ignores it.

Expected effect: one to four milliseconds an image, more for large ones. All decoders are libjpeg-turbo; L1 because
two builds of it may round differently.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from argus_eval.core.loss_class import LossClass
from argus_eval.recipes.jpeg_decoders import JpegLibrary, find_jpeg_library
from argus_eval.recipes.jpeg_header import jpeg_frame
from argus_eval.recipes.protocol import RecipeInfo

if TYPE_CHECKING:
    from argus_eval.pipeline.parts import Decoder
    from argus_eval.pipeline.pipeline import Pipeline

__all__ = ["INFO", "JpegDecoder", "apply"]

INFO = RecipeInfo(
    name="fast-decode",
    summary="JPEG bytes straight to interleaved pixels with torchcodec's or torchvision's libjpeg-turbo",
    parts=frozenset({"decoder"}),
    scope="pipeline",
    loss_class=LossClass.L1,
    order=5,
    conflicts=frozenset({"draft-decode"}),
)

_AMBIGUOUS = 4  # an array with a side this short could be taken for planes of colour


class JpegDecoder:
    """JPEGs to (H, W, 3) uint8 arrays; everything else through ``inner``."""

    def __init__(self, inner: Decoder, library: JpegLibrary) -> None:
        from PIL import Image

        self._inner, self._decode = inner, library.decode
        # Above it Pillow warns or refuses; that is for Pillow to say.
        self._largest = Image.MAX_IMAGE_PIXELS or float("inf")

    def __call__(self, data: bytes) -> Any:
        """See :class:`~argus_eval.pipeline.parts.Decoder`."""
        frame = jpeg_frame(data)
        if frame is None or frame.components not in (1, 3) or min(frame.height, frame.width) <= _AMBIGUOUS:
            return self._inner(data)
        if frame.height * frame.width > self._largest:
            return self._inner(data)
        try:
            return self._decode(data)
        except RuntimeError:
            return self._inner(data)  # it says what is wrong, in the words of the baseline


def apply(pipeline: Pipeline) -> Pipeline:
    """Put the decoder in front of the stock one.

    Raises:
        IncompatibleError: no library here has a decoder to put there.
    """
    return dataclasses.replace(pipeline, decoder=JpegDecoder(pipeline.decoder, find_jpeg_library()))
