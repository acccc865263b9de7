from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from argus_eval.core.fingerprint import sha256_hex
from argus_eval.data.images import encoded_image
from argus_eval.errors import SampleError

from .tables import jpeg


def encode(kind: str, size: tuple[int, int] = (37, 21)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size).save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM"])
def test_size_and_format_come_from_the_header(kind):
    data = encode(kind)
    image = encoded_image({"bytes": data, "path": "whatever"})
    assert (image.data, image.sha256, image.size, image.format) == (data, sha256_hex(data), (37, 21), kind)


def test_a_path_is_read_and_bytes_win_over_it(tmp_path: Path):
    file = tmp_path / "a.jpg"
    file.write_bytes(jpeg(size=(8, 9)))
    assert encoded_image({"bytes": None, "path": str(file)}).size == (8, 9)
    assert encoded_image(file).size == (8, 9)
    assert encoded_image({"bytes": jpeg(size=(5, 6)), "path": str(file)}).size == (5, 6)


def test_a_truncated_image_has_a_size_and_fails_only_when_decoded():
    data = jpeg(size=(640, 480))[:-200]
    image = encoded_image(data)
    assert image.size == (640, 480)
    with pytest.raises(OSError, match="truncated"):
        Image.open(io.BytesIO(image.data)).load()


def test_eps_is_not_opened_because_pillow_would_start_an_interpreter():
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n"
    assert encoded_image(eps).size is None


def test_a_decompression_bomb_has_no_size():
    # a PNG header that claims 60,000 x 60,000 pixels, twelve times Pillow's limit
    data = bytearray(encode("PNG"))
    data[16:24] = (60_000).to_bytes(4, "big") * 2
    import zlib

    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    assert encoded_image(bytes(data)).size is None


@pytest.mark.parametrize("value", [None, {}, {"bytes": None, "path": None}, b"", {"bytes": b"", "path": ""}, 7])
def test_no_image_at_all_is_the_rows_error(value):
    with pytest.raises(SampleError, match=r"image is (missing|empty)"):
        encoded_image(value)


@pytest.mark.parametrize("path", ["/nowhere/at/all.jpg", "bad\0name.jpg", "/"])
def test_a_file_that_cannot_be_read_is_the_rows_error(path):
    with pytest.raises(SampleError, match="cannot be read"):
        encoded_image({"bytes": None, "path": path})


# Pillow says of some of them what is wrong, or that they would be a decompression bomb.
@pytest.mark.filterwarnings("ignore::UserWarning:PIL", "ignore::PIL.Image.DecompressionBombWarning")
@given(st.binary(min_size=1, max_size=400), st.integers(0, 6), st.integers(0, 60))
def test_bad_bytes_never_raise(noise, kind, at):
    good = encode(["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM"][kind])
    assert encoded_image(noise).data == noise
    damaged = good[:at] + noise + good[at + len(noise) :]
    assert encoded_image(damaged).data == damaged
