"""What goes over the pipes between a run and its measuring processes: one JSON object a line."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from argus_eval.core.codec import from_json, to_json
from argus_eval.core.geometry import ImageSize
from argus_eval.core.request import Decoding, Request
from argus_eval.core.sample import EncodedImage

__all__ = ["TWIN", "WorkerSpec", "array_from_json", "array_to_json", "request_from_json", "request_to_json"]

#: Stands for the recipes of the A/A arm: the baseline once more, built from scratch.
TWIN = ("(twin)",)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSpec:
    """What a measuring process loads: one model and some of its arms (arm id → recipes)."""

    model: str
    weights: str | None
    device: str
    dialect: str | None
    dtype: str | None
    seed: int
    runs_dir: str
    arms: Mapping[str, tuple[str, ...]]


def request_to_json(request: Request) -> dict[str, Any]:
    """A request with its compressed images in base 64."""
    return {
        "key": request.key,
        "prompt": request.prompt,
        "system": request.system,
        "prefix": request.prefix,
        "decoding": to_json(request.decoding),
        "images": [_image_to_json(image) for image in request.images],
    }


def request_from_json(data: Mapping[str, Any]) -> Request:
    """The inverse of :func:`request_to_json`."""
    return Request(
        key=data["key"],
        images=tuple(_image_from_json(image) for image in data["images"]),
        prompt=data["prompt"],
        decoding=from_json(Decoding, data["decoding"]),
        system=data["system"],
        prefix=data["prefix"],
    )


def array_to_json(array: NDArray[Any]) -> dict[str, Any]:
    """An array with its dtype and shape."""
    content = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {"dtype": array.dtype.str, "shape": list(array.shape), "data": content}


def array_from_json(data: Mapping[str, Any]) -> NDArray[Any]:
    """The inverse of :func:`array_to_json`."""
    flat: NDArray[Any] = np.frombuffer(base64.b64decode(data["data"]), dtype=np.dtype(data["dtype"]))
    return flat.reshape(data["shape"])


def _image_to_json(image: EncodedImage) -> dict[str, Any]:
    size = None if image.size is None else [image.size.width, image.size.height]
    content = base64.b64encode(image.data).decode()
    return {"data": content, "sha256": image.sha256, "size": size, "format": image.format}


def _image_from_json(data: Mapping[str, Any]) -> EncodedImage:
    size = None if data["size"] is None else ImageSize(*data["size"])
    return EncodedImage(
        data=base64.b64decode(data["data"]), sha256=data["sha256"], size=size, format=data["format"]
    )
