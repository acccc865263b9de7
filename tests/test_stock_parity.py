"""The published processors at their true size: stock against baseline and presets, on a part of the benchmark.

The whole of it is ``python benchmarks/stock_parity.py``.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch

from benchmarks.stock_parity import Check, request_of
from benchmarks.stock_parity_inputs import kinds, prompts_of, random_prompts, sized

#: What other decoders, code paths or libraries could read differently.
KINDS = (
    "16-bit RGB PNG",
    "RGB PNG, one colour transparent",
    "palette, translucent",
    "CMYK JPEG",
    "JPEG that stores RGB",
    "JPEG cut and ended",
    "JPEG damaged",
    "JPEG that says 65,000 px",
    "JPEG that says 2 components",
    "EXIF orientation 6",
    "two pictures in a JPEG",
    "animated GIF",
)
#: Model → sizes around the borders of its tiles, and slivers.
SIZES = {
    "internvl3-2b": ((449, 448), (448, 897), (3, 900), (1, 1)),
    "argus-2b": ((513, 512), (512, 1023), (900, 3), (1, 1)),
}


@pytest.fixture(scope="module", params=SIZES)
def check(request: pytest.FixtureRequest) -> Check:
    torch.set_num_threads(1)
    return Check(request.param, {"lossless", "fastest"})


def compared(check: Check, images: dict[str, bytes], prompts: list[str]) -> list[str]:
    """What differs on each image with a question, and on each prompt with up to two of them."""
    del check.differences[:]
    for name, data in images.items():
        check.compare(name, request_of([data], "What is it?"))
    small = sized(5, 5)
    for index, prompt in enumerate(prompts):
        check.compare(f"prompt {prompt[:40]!r}", request_of([small] * (index % 3), prompt))
    return check.differences


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
def test_nothing_differs_and_refusals_are_stock_s(check: Check) -> None:
    images = {name: data for name, data in kinds() if name in KINDS}
    assert images.keys() == set(KINDS)
    if check.name == "internvl3-2b":
        images = {}  # the same image processor with three times the tiles: sizes will do
    images |= {f"{width}×{height}": sized(width, height) for width, height in SIZES[check.name]}
    prompts = [text for _, text in prompts_of(check.processor)] + list(random_prompts(check.processor, 12))
    assert compared(check, images, prompts) == []
    assert check.left_out == []
    assert check.refused >= 3
    assert set(check.tensors) == {"baseline", "halves", "lossless", "fastest"}
    answered = len(images) + len(prompts) - check.refused
    assert min(check.tensors.values()) >= 2 * answered + len(images) // 2


class Dishonest:
    """A pipeline whose last value is off by the smallest step, and which fails without pixels."""

    def __init__(self, honest: Any) -> None:
        self._honest, self.recipes = honest, honest.recipes

    def prepare(self, request: Any, recorder: Any) -> Any:
        inputs = self._honest.prepare(request, recorder)
        pixels = inputs.tensors["pixel_values"].clone()
        pixels[-1, -1, -1, -1] = torch.nextafter(pixels[-1, -1, -1, -1], torch.tensor(9.0))
        return dataclasses.replace(inputs, tensors={**inputs.tensors, "pixel_values": pixels})


def test_one_value_or_another_error_would_be_seen(check: Check) -> None:
    honest = check.arms["lossless"]
    check.arms["lossless"] = Dishonest(honest)  # type: ignore[assignment]
    try:
        found = compared(check, {"an image": sized(30, 20)}, ["no image"])
    finally:
        check.arms["lossless"] = honest
    assert [line.split(": largest")[0].split(" against ")[0] for line in found] == [
        "lossless: an image: pixel_values",
        "lossless: prompt 'no image': tensors",
    ]
