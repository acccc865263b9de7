from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from argus_eval.errors import SampleError
from argus_eval.tasks.lmms.question import encode_picture, turn_from_messages, turn_from_parts

NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8))


def encoded(image: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=kind)
    return buffer.getvalue()


def user(*content: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": list(content)}]


IMAGE, TEXT = {"type": "image", "url": NOISE}, {"type": "text", "text": "What?"}


def test_images_then_text_is_one_turn() -> None:
    system = {"role": "system", "content": [{"type": "text", "text": "Be brief."}]}
    turn = turn_from_messages([system, *user(IMAGE, IMAGE, TEXT, {"type": "text", "text": " Why?"})])

    assert (len(turn.pictures), turn.text, turn.system) == (2, "What? Why?", "Be brief.")
    assert turn_from_messages(user(TEXT)).pictures == ()
    assert turn_from_messages([{"role": "user", "content": "What?"}]).text == "What?"


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        (user(TEXT, IMAGE), "between pieces of text"),
        (user({"type": "video", "url": "x.mp4"}, TEXT), "shows video"),
        ([*user(TEXT), {"role": "assistant", "content": "Yes"}, *user(TEXT)], "several turns"),
        (user({"type": "image", "url": 3}, TEXT), "int"),
        (user({"type": "image", "url": "no/such.png"}, TEXT), "no image file"),
        (None, "no messages"),
    ],
)
def test_what_is_no_single_turn_says_why(messages: Any, reason: str) -> None:
    with pytest.raises(SampleError, match=reason):
        turn_from_messages(messages)


def test_a_prompt_that_is_no_text_is_refused() -> None:
    with pytest.raises(SampleError, match="no text but int"):
        turn_from_parts([NOISE], 3)


def test_the_data_sets_own_bytes_are_kept_where_they_show_the_picture() -> None:
    photo = encoded(NOISE, "JPEG")
    with Image.open(io.BytesIO(photo)) as image:
        shown = image.convert("RGB")

    assert encode_picture(shown, [b"broken", encoded(NOISE, "PNG"), photo]).data == photo


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "CMYK", "1"])
def test_any_other_picture_is_kept_to_the_pixel(mode: str) -> None:
    picture = NOISE.convert(mode)

    found = encode_picture(picture, [encoded(NOISE, "JPEG")])

    with Image.open(io.BytesIO(found.data)) as image:
        assert image.convert("RGB").tobytes() == picture.convert("RGB").tobytes()
    assert found.format == "PNG"
