"""Encoded images for the paper's table: a 640 × 480 photograph, and sizes and formats that decide the tiling."""

from __future__ import annotations

import io
import pathlib
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from argus_eval.core.fingerprint import sha256_hex
from argus_eval.core.geometry import ImageSize
from argus_eval.core.sample import EncodedImage

__all__ = ["NamedImage", "photograph", "stratified_set"]

#: (width, height, format): megapixels × aspect ratio × format
STRATA = (
    (224, 224, "JPEG"),
    (320, 240, "PNG"),
    (480, 640, "JPEG"),
    (640, 480, "JPEG"),
    (640, 480, "PNG"),
    (1024, 1024, "JPEG"),
    (1280, 720, "JPEG"),
    (400, 1600, "JPEG"),
    (1920, 1080, "JPEG"),
    (1275, 1650, "JPEG"),
    (2400, 600, "JPEG"),
    (4000, 3000, "JPEG"),
)


class NamedImage(NamedTuple):
    """An encoded image and what to call it."""

    name: str
    image: EncodedImage


def photograph(folder: pathlib.Path | None) -> NamedImage:
    """The first 640 × 480 JPEG of a folder, its bytes untouched; without one a drawn scene of that size."""
    for path in _files(folder):
        with Image.open(path) as image:
            if image.size == (640, 480) and image.format == "JPEG" and image.mode == "RGB":
                return NamedImage(f"photograph {path.name}", _encoded(path.read_bytes(), image.size, "JPEG"))
    return NamedImage("drawn scene 640 × 480", _save(_scene(0).resize((640, 480)), "JPEG"))


def stratified_set(folder: pathlib.Path | None) -> list[NamedImage]:
    """One image a stratum, cut out of different photographs (or drawn scenes) and encoded anew."""
    files = _files(folder)
    images = []
    for index, (width, height, kind) in enumerate(STRATA):
        source = Image.open(files[index % len(files)]).convert("RGB") if files else _scene(index)
        images.append(NamedImage(f"{width}×{height} {kind}", _save(_fill(source, width, height), kind)))
    return images


def _files(folder: pathlib.Path | None) -> list[pathlib.Path]:
    return sorted(folder.rglob("*.jpg")) if folder is not None else []


def _fill(image: Image.Image, width: int, height: int) -> Image.Image:
    """The largest part of that shape from the middle, at that size."""
    scale = min(image.width / width, image.height / height)
    across, down = width * scale, height * scale
    left, top = (image.width - across) / 2, (image.height - down) / 2
    box = (left, top, left + across, top + down)
    return image.resize((width, height), Image.Resampling.BICUBIC, box=box)


def _scene(seed: int) -> Image.Image:
    """Shaded shapes with grain: compresses like a photograph, neither blank nor noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:960, 0:1280]
    waves = [
        127 + 90 * np.sin((x * a + y * b) / (40 + 7 * seed)) for a, b in ((1.0, 0.3), (0.2, 1.1), (0.7, -0.6))
    ]
    image = Image.fromarray(np.stack(waves, axis=-1).clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(25):
        left, top = rng.integers(0, 1100), rng.integers(0, 800)
        box = (int(left), int(top), int(left + rng.integers(40, 180)), int(top + rng.integers(40, 160)))
        draw.ellipse(box, fill=tuple(int(value) for value in rng.integers(0, 256, 3)))
    grain = rng.normal(0, 5, (960, 1280, 3))
    return Image.fromarray((np.asarray(image) + grain).clip(0, 255).astype(np.uint8))


def _save(image: Image.Image, kind: str) -> EncodedImage:
    buffer = io.BytesIO()
    image.save(buffer, kind, **({"quality": 90} if kind == "JPEG" else {}))
    return _encoded(buffer.getvalue(), image.size, kind)


def _encoded(data: bytes, size: tuple[int, int], kind: str) -> EncodedImage:
    return EncodedImage(data=data, sha256=sha256_hex(data), size=ImageSize(*size), format=kind)
