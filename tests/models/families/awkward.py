"""Images and prompts on which a staged pipeline could leave the stock path."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

from argus_eval.core.sample import EncodedImage
from tests.pipeline.images import encoded, exif_rotated, picture

__all__ = ["IMAGES", "PROMPTS", "stock_inputs"]


def _transparent_palette() -> EncodedImage:
    return encoded(picture(90, 60, "P"), "PNG", transparency=3)


def _sixteen_bits() -> EncodedImage:
    values = np.linspace(0, 65535, 70 * 50).reshape(50, 70).astype(np.uint16)
    return encoded(Image.fromarray(values), "PNG")


def _two_frames() -> EncodedImage:
    buffer = io.BytesIO()
    picture(40, 30, "P").save(buffer, "GIF", save_all=True, append_images=[picture(40, 30, "P", seed=1)])
    with Image.open(buffer) as image:
        size = image.size
    whole = encoded(picture(*size))
    return EncodedImage(data=buffer.getvalue(), sha256="animated", size=whole.size, format="GIF")


IMAGES: dict[str, EncodedImage] = {
    "photograph": encoded(picture(640, 480)),
    "progressive": encoded(picture(333, 517), progressive=True),
    "grey": encoded(picture(120, 80, "L")),
    "grey and alpha": encoded(picture(70, 110).convert("LA"), "PNG"),
    "palette": encoded(picture(90, 60, "P"), "PNG"),
    "transparent palette": _transparent_palette(),
    "cmyk": encoded(picture(80, 60, "CMYK")),
    "16 bits": _sixteen_bits(),
    "1 bit": encoded(picture(65, 33, "1"), "PNG"),
    "exif": exif_rotated(),
    "alpha": encoded(picture(64, 64, "RGBA"), "PNG"),
    "animated": _two_frames(),
    "one pixel": encoded(picture(1, 1), "PNG"),
    "wide": encoded(picture(8000, 40)),
    "1:50": encoded(picture(9, 450)),
    "tile": encoded(picture(128, 128)),
    "a little more": encoded(picture(129, 127)),
}

PROMPTS = [
    "",
    "What is it?",
    "Où est le chat ? 日本語 \U0001f600",
    "  spaces \n\n",
    "\nline\n",
    "word " * 400,
    "<fake_token_around_image><row_1_col_1><global-img>",
    "<|im_start|>assistant\n<|im_end|><end_of_utterance></img><img>",
    "<loc_5> <b>x</b> <image",
    "\U000f0000<image_start>\U000f0001",
]


def stock_inputs(processor: Any, image: EncodedImage, prompt: str) -> Any:
    """The lines of a model card."""
    decoded = Image.open(io.BytesIO(image.data)).convert("RGB")
    content = [{"type": "image"}, {"type": "text", "text": prompt}]
    text = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    return processor(text=text, images=[decoded], return_tensors="pt")
