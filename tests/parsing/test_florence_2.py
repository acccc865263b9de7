"""The numbers against the quantizer of transformers, before it truncates to whole pixels."""

from __future__ import annotations

import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers.models.florence2.processing_florence2 import Florence2PostProcessor

from argus_eval.core.geometry import ImageSize, PixelBox
from argus_eval.core.prediction import Parsed, Region, Regions
from argus_eval.parsing.florence_2 import DIALECT
from argus_eval.parsing.protocol import ParseContext

QUANTIZER = Florence2PostProcessor.__new__(Florence2PostProcessor)  # its methods need no tokenizer
QUANTIZER.quantize_bins = (1000, 1000)


@given(st.lists(st.integers(0, 8 * 640), min_size=4, max_size=4))
@settings(max_examples=60, deadline=None)
def test_encode_equals_transformers(eighths: list[int]) -> None:
    """Eighths of a pixel of a 1024 × 512 image are exact in either precision."""
    values = [value / 8 for value in eighths]
    size = ImageSize(1024, 512)
    text = DIALECT.encode([Region(box=PixelBox(*values).to_unit(size))], ParseContext())
    theirs = QUANTIZER.quantize(torch.tensor([values], dtype=torch.float64), size)[0].tolist()
    assert [int(number) for number in re.findall("[0-9]+", text)] == theirs


@given(st.lists(st.integers(0, 999), min_size=4, max_size=4))
@settings(max_examples=60, deadline=None)
def test_decode_equals_transformers_to_the_pixel(bins: list[int]) -> None:
    size = ImageSize(640, 480)
    prediction = DIALECT.decode("a" + "".join(f"<loc_{number}>" for number in bins), ParseContext())
    assert isinstance(prediction, Parsed)
    assert isinstance(prediction.value, Regions)
    ours = prediction.value.regions[0].box.to_pixels(size).as_list()
    theirs = QUANTIZER.dequantize(torch.tensor([bins]), size)[0].tolist()
    assert all(-1e-6 <= a - b < 1 + 1e-4 for a, b in zip(ours, theirs, strict=True))


def test_text_spotting_reads_words_with_their_corners() -> None:
    corners = "<loc_0><loc_0><loc_99><loc_9><loc_99><loc_29><loc_0><loc_19>"
    text = f"EXIT{corners}12<loc_1><loc_1><loc_2><loc_1><loc_2><loc_2><loc_1><loc_2>"
    prediction = DIALECT.decode(text, ParseContext(quads=True))
    assert isinstance(prediction, Parsed)
    assert isinstance(prediction.value, Regions)
    first, second = prediction.value.regions
    assert (first.label, second.label) == ("EXIT", "12")
    assert first.quad is not None
    assert first.quad.points == pytest.approx((0.0005, 0.0005, 0.0995, 0.0095, 0.0995, 0.0295, 0.0005, 0.0195))
    assert first.box.as_list() == pytest.approx([0.0005, 0.0005, 0.0995, 0.0295])
