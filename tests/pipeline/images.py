"""Encoded images of every awkward kind, made here."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from argus_eval.core.fingerprint import sha256_hex
from argus_eval.core.geometry import ImageSize
from argus_eval.core.request import Decoding, Request
from argus_eval.core.sample import EncodedImage

__all__ = ["AWKWARD", "encoded", "picture", "request"]


def picture(width: int, height: int, mode: str = "RGB", seed: int = 0) -> Image.Image:
    """Smooth gradients with some noise: compresses like a photograph, not like a blank page."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    waves = [127 + 100 * np.sin((x * a + y * b) / 40) for a, b in ((1.0, 0.3), (0.2, 1.1), (0.7, -0.6))]
    pixels = np.stack(waves, axis=-1) + rng.normal(0, 6, (height, width, 3))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).convert(mode)


def encoded(image: Image.Image, kind: str = "JPEG", **options: object) -> EncodedImage:
    """A compressed image as a data set would hold it."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    data = buffer.getvalue()
    return EncodedImage(data=data, sha256=sha256_hex(data), size=ImageSize(*image.size), format=kind)


def exif_rotated() -> EncodedImage:
    """A photograph whose orientation tag says that it lies on its side."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(picture(300, 200), exif=exif.tobytes())


AWKWARD: dict[str, EncodedImage] = {
    "landscape": encoded(picture(640, 480)),
    "portrait": encoded(picture(300, 520)),
    "grey": encoded(picture(200, 300, "L")),
    "palette": encoded(picture(120, 90, "P"), "PNG"),
    "cmyk": encoded(picture(160, 120, "CMYK")),
    "alpha": encoded(picture(160, 120, "RGBA"), "PNG"),
    "one pixel": encoded(picture(1, 1), "PNG"),
    "a line": encoded(picture(700, 3)),
    "large": encoded(picture(2400, 1800)),
    "exif": exif_rotated(),
}


def request(
    image: EncodedImage, prompt: str = "What is in the picture?", tokens: int = 6, fixed: bool = False
) -> Request:
    """One question about one image."""
    return Request(
        key="k", images=(image,), prompt=prompt, decoding=Decoding(max_new_tokens=tokens, fixed_length=fixed)
    )
