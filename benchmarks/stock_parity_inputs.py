"""Images and prompts on which a pipeline could leave the stock path, all drawn here."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from PIL import Image

__all__ = ["images_of", "kinds", "prompts_of", "random_prompts", "sized"]

_LARGE = 8000
_PNG_UP_TO = 400_000  # pixels
_ORIENTATION = 0x0112


def images_of(tile_px: Sequence[int], large: bool) -> Iterator[tuple[str, bytes]]:
    """Name and bytes, one after another: the large ones are a hundred megabytes decoded.

    Args:
        tile_px: sides at whose multiples sizes are tried, one more and one less.
        large: also 8,000 px a side.
    """
    yield from kinds()
    yield from _sizes(tile_px)
    if large:
        yield "PNG of 20,000 px", _saved(Image.new("1", (20_000, 20_000)), "PNG")
        for width, height in ((_LARGE, _LARGE), (_LARGE, 6000), (_LARGE, 40), (40, _LARGE), (_LARGE, 1)):
            yield f"{width}×{height}", _saved(_smooth(width, height))


def kinds() -> Iterator[tuple[str, bytes]]:
    """Modes, formats, kinds of JPEG and of damage, none of them large."""
    yield from _modes()
    yield from _formats()
    yield from _jpegs()
    yield from _broken()


def sized(width: int, height: int) -> bytes:
    """An image of that size: PNG where that is small, else JPEG."""
    return _saved(_smooth(width, height, seed=width), "PNG" if width * height < _PNG_UP_TO else "JPEG")


def prompts_of(processor: Any) -> list[tuple[str, str]]:
    """Name and text: what a question may look like, with the special tokens of a family inside."""
    tokenizer = processor.tokenizer
    others = {processor.image_token, getattr(processor, "video_token", None)}
    special = [t.content for t in tokenizer.added_tokens_decoder.values() if t.content not in others]
    token = str(processor.image_token)
    return [
        ("empty", ""),
        ("a space", " "),
        ("line ends", "\n\n \r\n\t\n"),
        ("ordinary", "What is in the picture?"),
        ("non-Latin", "Где кот? 猫はどこ 고양이 القط कहाँ \u202eabc\u202c שלום"),
        ("pictographs", "\U0001f600\U0001f469\u200d\U0001f52c e\u0301 é ﬁ \ufeff \u00a0\u3000"),
        ("control characters", "a\x00b\x1bc\x7f\x85d"),
        ("private use", "\U000f0000\U000f0001\ue000 " + token[:-1]),
        ("a lone surrogate", "a\ud800b"),
        ("very long", "The quick brown fox, 12345. " * 1500),
        ("very long word", "x" * 20_000),
        ("very long non-Latin", "猫はどこ？" * 2000),
        ("special tokens", "".join(special)),
        ("special tokens apart", " \n".join(special[:80])),
        ("halves of special tokens", "".join(t[: len(t) // 2] + " " + t[len(t) // 2 :] for t in special[:40])),
        ("end of a special token first", f"{token[1:]} x {token[:-1]}"),
        ("markup", "<b>&lt;image&gt;</b> {{ 7 * 7 }} {% raw %} ${x} %s {0}"),
        ("a placeholder", f"what is {token}?"),
        ("two placeholders", f"{token}{token}"),
    ]


def random_prompts(processor: Any, count: int) -> Iterator[str]:
    """Texts put together from special tokens, pieces of them, white space and letters of several scripts."""
    rng = np.random.default_rng(0)
    tokenizer = processor.tokenizer
    others = {processor.image_token, getattr(processor, "video_token", None)}
    special = [t.content for t in tokenizer.added_tokens_decoder.values() if t.content not in others]
    pieces = [
        "\n",
        "\n\n",
        " ",
        "  ",
        "\t",
        "a",
        "The",
        " dog",
        "é",
        "日本",
        "😀",
        ">",
        "<",
        "</",
        "\u00a0",
        "\r\n",
        "7",
    ]
    pieces += [processor.image_token[:-1], processor.image_token[1:], "\U000f0000"]
    for _ in range(count):
        chosen = [
            special[rng.integers(len(special))] if rng.random() < 0.3 else pieces[rng.integers(len(pieces))]
            for _ in range(rng.integers(1, 12))
        ]
        yield "".join(chosen)


def _smooth(width: int, height: int, mode: str = "RGB", seed: int = 0) -> Image.Image:
    """Waves with noise on a coarse grid, enlarged: compresses like a photograph and is quickly made."""
    rng = np.random.default_rng(seed)
    coarse = (min(width, 640), min(height, 640))
    y, x = np.mgrid[0 : coarse[1], 0 : coarse[0]]
    waves = [127 + 100 * np.sin((x * a + y * b) / 40) for a, b in ((1.0, 0.3), (0.2, 1.1), (0.7, -0.6))]
    pixels = np.stack(waves, axis=-1) + rng.normal(0, 8, (coarse[1], coarse[0], 3))
    image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    return (image if image.size == (width, height) else image.resize((width, height))).convert(mode)


def _saved(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _modes() -> Iterator[tuple[str, bytes]]:
    size = (230, 170)
    yield "grey JPEG", _saved(_smooth(*size, "L"))
    for mode in ("L", "LA", "1", "P", "RGBA"):
        yield f"{mode} PNG", _saved(_smooth(*size, mode), "PNG")
    yield "palette, one transparent", _saved(_smooth(*size, "P"), "PNG", transparency=3)
    alphas = bytes(range(0, 256, 2))
    yield "palette, translucent", _saved(_smooth(*size, "P"), "PNG", transparency=alphas)
    yield "RGB PNG, one colour transparent", _saved(_smooth(*size), "PNG", transparency=(10, 20, 30))
    yield "grey PNG, one value transparent", _saved(_smooth(*size, "L"), "PNG", transparency=7)
    seen = _smooth(*size, "RGBA")
    seen.putalpha(_smooth(*size, "L", seed=1))
    yield "RGBA, translucent", _saved(seen, "PNG")
    yield "grey and alpha, translucent", _saved(seen.convert("LA"), "PNG")
    yield "CMYK JPEG", _saved(_smooth(*size, "CMYK"))
    yield "CMYK TIFF", _saved(_smooth(*size, "CMYK"), "TIFF")
    yield "LAB TIFF", _saved(Image.fromarray(np.asarray(_smooth(*size)), "LAB"), "TIFF")
    ramp = np.linspace(0, 65535, size[0] * size[1]).reshape(size[1], size[0])
    yield "16-bit grey PNG", _saved(Image.fromarray(ramp.astype(np.uint16)), "PNG")
    yield "16-bit grey PNG, dark", _saved(Image.fromarray((ramp / 300).astype(np.uint16)), "PNG")
    yield "16-bit RGB PNG", _sixteen_bit_png(np.stack([ramp, ramp[::-1], ramp[:, ::-1]], axis=-1))
    yield "16-bit RGBA PNG", _sixteen_bit_png(np.stack([ramp, ramp[::-1], ramp[:, ::-1], ramp], axis=-1))
    yield "32-bit TIFF", _saved(Image.fromarray(ramp.astype(np.int32)), "TIFF")
    yield "float TIFF", _saved(Image.fromarray((ramp / 256).astype(np.float32)), "TIFF")


def _sixteen_bit_png(values: Any) -> bytes:
    """A PNG of 16 bits a channel, which Pillow reads and cannot write."""
    height, width, channels = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", width, height, 16, {3: 2, 4: 6}[channels], 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


def _formats() -> Iterator[tuple[str, bytes]]:
    first, second = _smooth(210, 130), _smooth(210, 130, seed=1)
    frames: dict[str, Any] = {"save_all": True, "append_images": [second], "duration": 50}
    yield "GIF", _saved(first.convert("P"), "GIF")
    yield "GIF, transparent", _saved(first.convert("P"), "GIF", transparency=5)
    yield "animated GIF", _saved(first, "GIF", **frames)
    yield "animated PNG", _saved(first, "PNG", **frames)
    for kind in ("BMP", "TIFF", "PPM", "TGA", "PCX", "ICO"):
        yield kind, _saved(first, kind)
    Image.init()
    if "WEBP" in Image.SAVE:
        yield "WebP", _saved(first, "WEBP")
        yield "WebP, lossless", _saved(first, "WEBP", lossless=True)
        yield "WebP, alpha", _saved(_smooth(210, 130, "RGBA"), "WEBP")
        yield "animated WebP", _saved(first, "WEBP", **frames)
    for kind in ("AVIF", "JPEG2000"):
        if kind in Image.SAVE:
            yield kind, _saved(first, kind)
    yield "two pictures in a JPEG", _saved(first, "MPO", save_all=True, append_images=[second])


def _jpegs() -> Iterator[tuple[str, bytes]]:
    photograph = _smooth(640, 480)
    yield "photograph", _saved(photograph)
    yield "progressive", _saved(photograph, progressive=True)
    yield "progressive grey", _saved(photograph.convert("L"), progressive=True)
    for name in ("4:4:4", "4:2:2", "4:2:0"):
        yield f"JPEG {name}", _saved(_smooth(333, 517), subsampling=name)
    yield "JPEG, quality 1", _saved(photograph, quality=1)
    yield "JPEG, quality 100", _saved(photograph, quality=100)
    yield "JPEG that stores RGB", _saved(photograph, keep_rgb=True)
    yield "JPEG with restart markers", _saved(photograph, restart_marker_blocks=3)
    yield (
        "JPEG with a profile and a comment",
        _saved(photograph, icc_profile=b"x" * 70_000, comment=b"\xff\xd9 " * 9),
    )
    yield "JPEG with a tail", _saved(photograph) + b"tail"
    yield "JPEG with a tail that ends as a JPEG", _saved(photograph) + b"tail\xff\xd9"
    for turn in range(1, 9):
        exif = Image.Exif()
        exif[_ORIENTATION] = turn
        yield f"EXIF orientation {turn}", _saved(_smooth(300, 200), exif=exif.tobytes())
    exif = Image.Exif()
    exif[_ORIENTATION] = 6
    yield "EXIF orientation in a PNG", _saved(_smooth(300, 200), "PNG", exif=exif.tobytes())


def _broken() -> Iterator[tuple[str, bytes]]:
    photograph, progressive = (_saved(_smooth(640, 480), progressive=flag) for flag in (False, True))
    for part in (2, 3, 20, 300, 5000, len(photograph) - 2):
        yield f"JPEG cut after {part} bytes", photograph[:part]
    yield "JPEG cut and ended", photograph[: len(photograph) // 2] + b"\xff\xd9"
    yield "progressive JPEG cut and ended", progressive[: len(progressive) // 2] + b"\xff\xd9"
    damaged = bytearray(photograph)
    damaged[len(damaged) // 2 : len(damaged) // 2 + 40] = b"\x5a" * 40
    yield "JPEG damaged", bytes(damaged)
    place = photograph.index(b"\xff\xc0") + 5
    yield "JPEG that says 65,000 px", photograph[:place] + b"\xfd\xe8\xfd\xe8" + photograph[place + 4 :]
    yield "JPEG that says 0 px", photograph[:place] + b"\0\0\0\0" + photograph[place + 4 :]
    yield "JPEG that says 2 components", photograph[: place + 4] + b"\x02" + photograph[place + 5 :]
    for kind in ("PNG", "GIF", "BMP", "TIFF", "WEBP"):
        whole = _saved(_smooth(210, 130), kind)
        yield f"{kind} cut in half", whole[: len(whole) // 2]
    yield "nothing", b""
    yield "no image", b"<html>not found</html>"
    yield "start and end of a JPEG", b"\xff\xd8\xff\xd9"


def _sizes(tile_px: Sequence[int]) -> Iterator[tuple[str, bytes]]:
    found: dict[tuple[int, int], None] = {}
    for side in (1, 2, 3, 4, 5):
        found |= dict.fromkeys([(side, side), (side, 900), (900, side)])
    found |= dict.fromkeys([(7, 900), (900, 7), (9, 450), (13, 2600), (2600, 13), (199, 1), (1, 201)])
    for border in (*tile_px, 447, 448, 449, 511, 512, 513):
        near = [border - 1, border, border + 1] if border in tile_px else [border]
        found |= dict.fromkeys([pair for side in near for pair in ((side, border), (border, side), (side, 300))])
    for side in (2047, 2048, 2049):
        found |= dict.fromkeys([(side, 1536), (1536, side), (side, side), (side, 500)])
    found |= dict.fromkeys([(427, 640), (1275, 1650), (1920, 1080), (641, 479), (1023, 769)])
    for width, height in found:
        yield f"{width}×{height}", sized(width, height)
