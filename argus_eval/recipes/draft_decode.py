"""draft-decode: large JPEGs are decoded at a half, a quarter or an eighth of their size, as far as tiles allow.

Bottleneck: a 12-megapixel photograph is decompressed whole, only to be shrunk to the tiles' canvas. libjpeg can
leave out the fine frequencies while it decompresses.

The picture never gets smaller than the canvas it is resized to, but it is another picture: other pixels, and where
two grids fit equally well perhaps another grid. L2, in no preset.

Expected effect: 5 to 50 ms for images of 8 megapixels and more; none below twice the canvas.
"""

from __future__ import annotations

import dataclasses
import io
from typing import TYPE_CHECKING, Any

from argus_eval.core.loss_class import LossClass
from argus_eval.recipes.protocol import RecipeInfo

if TYPE_CHECKING:
    from argus_eval.pipeline.parts import Decoder
    from argus_eval.pipeline.pipeline import Pipeline

__all__ = ["INFO", "DraftDecoder", "apply"]

INFO = RecipeInfo(
    name="draft-decode",
    summary="large JPEGs are decoded at a fraction of their size, as far as the tiles allow",
    parts=frozenset({"decoder"}),
    scope="pipeline",
    loss_class=LossClass.L2,
    order=4,
    families=frozenset({"argus", "internvl", "smolvlm"}),
    conflicts=frozenset({"fast-decode"}),
)


class DraftDecoder:
    """Pillow with ``draft``; whatever is not a JPEG goes through ``inner``.

    Args:
        inner: the decoder it stands in front of.
        edge: no edge of the picture gets shorter than this, in pixels, unless it was.
    """

    def __init__(self, inner: Decoder, edge: int) -> None:
        self._inner, self._edge = inner, edge

    def __call__(self, data: bytes) -> Any:
        """See :class:`~argus_eval.pipeline.parts.Decoder`."""
        from PIL import Image

        if not data.startswith(b"\xff\xd8\xff"):
            return self._inner(data)
        try:
            with Image.open(io.BytesIO(data)) as image:
                longest = max(image.size)
                if longest < 2 * self._edge:
                    return self._inner(data)
                width, height = (max(1, -(-side * self._edge // longest)) for side in image.size)
                image.draft("RGB", (width, height))
                return image.convert("RGB")
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            return self._inner(data)  # it says what is wrong, in the words of the baseline


def apply(pipeline: Pipeline) -> Pipeline:
    """Put the decoder in front of the stock one."""
    processor = pipeline.processor.image_processor
    if pipeline.family == "smolvlm":
        edge = processor.size["longest_edge"]
    else:
        # The longest canvas is one row or one column of all tiles.
        edge = processor.max_patches * max(processor.size["height"], processor.size["width"])
    return dataclasses.replace(pipeline, decoder=DraftDecoder(pipeline.decoder, edge))
