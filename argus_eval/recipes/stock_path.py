"""stock-path: the arm ``baseline@path``, stock called with a file's path instead of a decoded image.

Bottleneck: decoding with Pillow and copying its pixels out. Given a path, the torchvision processors decode by
themselves, with torchcodec where it is installed and torchvision otherwise.

The bytes of a request are written to a file in memory or on disk first, which counts: that is what calling it this
way costs here. So does a look at the header: a file that announces more pixels than Pillow accepts is refused as
in the baseline, before anybody takes gigabytes for it. Unlike ``Image.open`` that way turns a photograph the way
its EXIF orientation says, so a rotated one is another picture: L2.

Expected effect: a few milliseconds less decoding, minus the file.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import itertools
import pathlib
import tempfile
from typing import TYPE_CHECKING

from argus_eval.core.loss_class import LossClass
from argus_eval.errors import IncompatibleError, SampleError
from argus_eval.recipes.protocol import RecipeInfo

if TYPE_CHECKING:
    from argus_eval.pipeline.pipeline import Pipeline

__all__ = ["INFO", "FileDecoder", "apply"]

INFO = RecipeInfo(
    name="stock-path",
    summary="stock called with a path: it decodes by itself (the arm baseline@path)",
    parts=frozenset({"decoder"}),
    scope="pipeline",
    loss_class=LossClass.L2,
    order=1,
    staged=False,
    alone=True,
)

_FILES = 64  # more than images of one request


class FileDecoder:
    """Leaves decoding to the processor: writes the bytes to a file and hands on its path."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="argus-eval-path-")
        self._turn = itertools.cycle(range(_FILES))

    def __call__(self, data: bytes) -> str:
        """See :class:`~argus_eval.pipeline.parts.Decoder`."""
        _refuse_bombs(data)
        path = pathlib.Path(self._folder.name, f"image-{next(self._turn)}")
        path.write_bytes(data)
        return str(path)


def _refuse_bombs(data: bytes) -> None:
    """Raises what the baseline raises for too many pixels; anything else is for the processor to say."""
    from PIL import Image

    with contextlib.suppress(OSError, ValueError, SyntaxError):
        try:
            Image.open(io.BytesIO(data)).close()
        except Image.DecompressionBombError as problem:
            raise SampleError(f"image cannot be decoded: {problem}") from problem


def apply(pipeline: Pipeline) -> Pipeline:
    """Replace the decoder.

    Raises:
        IncompatibleError: the image processor works with Pillow, which is what the baseline does.
    """
    if getattr(pipeline.processor.image_processor, "backend", None) != "torchvision":
        raise IncompatibleError("the image processor decodes with Pillow by itself; this is the baseline")
    return dataclasses.replace(pipeline, decoder=FileDecoder())
