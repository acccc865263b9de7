"""Frame headers and EXIF blocks of JPEGs, read without decoding."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from argus_eval.recipes.jpeg_header import jpeg_frame, without_exif
from tests.models.families.awkward import IMAGES
from tests.pipeline.images import encoded, picture


@pytest.mark.parametrize(
    ("kind", "frame"),
    [("photograph", (480, 640, 3)), ("progressive", (517, 333, 3)), ("grey", (80, 120, 1)), ("cmyk", (60, 80, 4))],
)
def test_frame_headers_are_read(kind: str, frame: tuple[int, int, int]) -> None:
    assert jpeg_frame(IMAGES[kind].data) == frame
    assert jpeg_frame(IMAGES["alpha"].data) is None
    assert jpeg_frame(IMAGES[kind].data[:-40]) is None


@pytest.mark.parametrize("orientation", range(1, 9))
def test_without_exif_a_reader_finds_no_orientation_and_the_same_pixels(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(picture(64, 40), exif=exif).data
    plain = without_exif(data)
    with Image.open(io.BytesIO(data)) as before, Image.open(io.BytesIO(plain)) as after:
        assert before.getexif()[0x0112] == orientation
        assert not after.getexif()
        assert np.array_equal(np.asarray(before), np.asarray(after))
    assert len(plain) == len(data)


def test_what_has_no_exif_is_handed_back_as_it_is() -> None:
    data = IMAGES["photograph"].data
    assert without_exif(data) is data
    # The word among the pixels is none.
    assert without_exif(data[:-2] + b"\xff\xe1\x00\x08Exif\x00\x00\xff\xd9")[-8:-2] == b"Exif\x00\x00"


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8\xff\xd9", b"\xff\xd8\xff\xe1\x00", b"\xff\xd8\xff\xe1\xff\xffExif\x00\x00"]
)
def test_a_stump_is_no_frame_and_no_error(data: bytes) -> None:
    assert jpeg_frame(data) is None
    assert len(without_exif(data)) == len(data)
