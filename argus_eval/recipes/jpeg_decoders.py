"""Libraries that decode a JPEG straight to interleaved pixels with libjpeg-turbo, and which of them to use here.

torchcodec comes first: torchvision 0.29 has handed its decoders over to it and will take them away. On 28
photographs and on files of every subsampling, three qualities and four sizes, progressive or not, torchcodec 0.17,
torchvision 0.29 and Pillow 13 gave equal bytes.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from argus_eval.errors import IncompatibleError
from argus_eval.recipes.jpeg_header import without_exif

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

__all__ = ["JpegLibrary", "find_jpeg_library"]

_PROBE_SIZE = (45, 61)
_MOST_DIFFERENCE = 1  # another build of libjpeg-turbo may round the other way


class JpegLibrary(NamedTuple):
    """A library that is here.

    ``decode``: bytes to (H, W, 3), not turned by EXIF; RuntimeError for a broken file.
    """

    name: str
    decode: Callable[[bytes], Pixels]


def find_jpeg_library() -> JpegLibrary:
    """The first library that can be loaded and decodes a small picture as Pillow does.

    Raises:
        IncompatibleError: there is none; the message says what is the matter with each.
    """
    obstacles = []
    for name, load in (("torchcodec", _torchcodec), ("torchvision", _torchvision)):
        try:
            library = JpegLibrary(name=name, decode=load())
            difference = _difference(library.decode)
        # A build for another torch fails with any of these.
        except (ImportError, AttributeError, OSError, RuntimeError, TypeError) as problem:
            obstacles.append(f"{name}: {str(problem).partition(chr(10))[0]}")
            continue
        if difference <= _MOST_DIFFERENCE:
            return library
        obstacles.append(f"{name}: its pixels differ from Pillow's by {difference}")
    raise IncompatibleError(
        f"no library here decodes JPEGs to pixels ({'; '.join(obstacles)}); install argus-eval[jpeg]"
    )


def _torchcodec() -> Callable[[bytes], Pixels]:
    from torchcodec.decoders import decode_jpeg

    def decode(data: bytes) -> Pixels:
        # It turns what EXIF says lies on its side, which `Image.open` does not.
        return _interleaved(decode_jpeg(without_exif(data), mode="RGB"))

    return decode


def _torchvision() -> Callable[[bytes], Pixels]:
    import numpy as np
    import torch
    from torchvision.io import ImageReadMode

    # The function around this operator warns at every call that it is deprecated.
    operator, mode = torch.ops.image.decode_jpeg, ImageReadMode.RGB.value

    def decode(data: bytes) -> Pixels:
        return _interleaved(operator(torch.from_numpy(np.frombuffer(data, np.uint8).copy()), mode))

    return decode


def _interleaved(planes: Any) -> Pixels:
    pixels: Pixels = planes.permute(1, 2, 0).contiguous().numpy()
    return pixels


def _difference(decode: Callable[[bytes], Pixels]) -> int:
    """The largest difference from Pillow's pixels on a picture of all colours."""
    import numpy as np
    from PIL import Image

    ramps = [Image.linear_gradient("L").rotate(turn).resize(_PROBE_SIZE) for turn in (0, 90, 180)]
    buffer = io.BytesIO()
    Image.merge("RGB", ramps).save(buffer, "JPEG")
    with Image.open(buffer) as image:
        expected = np.asarray(image.convert("RGB"), dtype=np.int16)
    found = decode(buffer.getvalue())
    if found.shape != expected.shape:
        raise RuntimeError(f"an array of shape {found.shape} where Pillow has {expected.shape}")
    return int(np.abs(found - expected).max())
