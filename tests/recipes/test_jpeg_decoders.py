"""Which library decodes JPEGs: the first that is there and makes Pillow's pixels, without a deprecated call."""

from __future__ import annotations

import io
import sys
import types
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from argus_eval.errors import IncompatibleError
from argus_eval.recipes.compose import apply_recipes
from argus_eval.recipes.jpeg_decoders import find_jpeg_library
from tests.models.families.awkward import IMAGES
from tests.pipeline.images import encoded, picture

JPEGS = ("photograph", "progressive", "grey", "exif", "wide", "1:50", "tile", "a little more")


def stand_in(monkeypatch: pytest.MonkeyPatch, decode: Any) -> None:
    """A torchcodec whose ``decode_jpeg`` is this function; ``None``: one that is not installed."""
    package, decoders = types.ModuleType("torchcodec"), types.ModuleType("torchcodec.decoders")
    decoders.decode_jpeg = lambda data, *, mode: decode(data)  # type: ignore[attr-defined]
    package.decoders = decoders  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torchcodec", None if decode is None else package)
    monkeypatch.setitem(sys.modules, "torchcodec.decoders", None if decode is None else decoders)


def without_torchvision_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """A torchvision that has handed its decoders over."""
    import torchvision.io  # noqa: F401 - loads the operators

    monkeypatch.setattr(torch.ops, "image", types.SimpleNamespace())


def planes(data: bytes) -> torch.Tensor:
    """Planes of colour, upright as torchcodec turns them."""
    from PIL import ImageOps

    image = ImageOps.exif_transpose(Image.open(io.BytesIO(bytes(data)))).convert("RGB")
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)


def pillow(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def test_torchcodec_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, planes)
    assert find_jpeg_library().name == "torchcodec"


@pytest.mark.parametrize("orientation", [3, 6])
def test_nothing_is_turned(monkeypatch: pytest.MonkeyPatch, orientation: int) -> None:
    """``Image.open`` turns nothing, torchcodec everything."""
    stand_in(monkeypatch, planes)
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(picture(64, 40), exif=exif).data
    assert np.array_equal(find_jpeg_library().decode(data), pillow(data))


def older(_: bytes) -> torch.Tensor:
    raise RuntimeError("Could not load libtorchcodec")


def rounding(data: bytes) -> torch.Tensor:
    return planes(data).bitwise_xor(1)


def other_colours(data: bytes) -> torch.Tensor:
    return planes(data).flip(0)


@pytest.mark.parametrize("decode", [None, older, other_colours])
def test_torchvision_is_next(monkeypatch: pytest.MonkeyPatch, decode: Any) -> None:
    stand_in(monkeypatch, decode)
    assert find_jpeg_library().name == "torchvision"


def test_another_rounding_is_what_the_loss_class_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, rounding)
    assert find_jpeg_library().name == "torchcodec"


def test_without_either_the_recipe_is_not_applicable(monkeypatch: pytest.MonkeyPatch, pipeline: Any) -> None:
    stand_in(monkeypatch, None)
    without_torchvision_s(monkeypatch)
    with pytest.raises(IncompatibleError, match=r"torchcodec: .*; torchvision: .*; install argus-eval\[jpeg\]"):
        find_jpeg_library()
    with pytest.warns(RuntimeWarning, match="'fast-decode' is left out"):
        arm = apply_recipes(pipeline, ["fast-decode"])
    assert arm.recipes == ()
    assert "'fast-decode' is left out: no library here decodes JPEGs" in arm.notes[0]
    assert np.array_equal(np.asarray(arm.decoder(IMAGES["tile"].data)), pillow(IMAGES["tile"].data))


def test_nothing_deprecated_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        decode = find_jpeg_library().decode
        assert np.array_equal(decode(IMAGES["tile"].data), pillow(IMAGES["tile"].data))


def test_every_library_that_is_here_makes_pillow_s_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    libraries = [find_jpeg_library()]
    if libraries[0].name == "torchcodec":
        stand_in(monkeypatch, None)
        libraries.append(find_jpeg_library())
    for library in libraries:
        for kind in JPEGS:
            data = IMAGES[kind].data
            found = library.decode(data)
            assert found.flags.c_contiguous
            assert np.abs(found.astype(np.int16) - pillow(data)).max() <= 1, (library.name, kind)
