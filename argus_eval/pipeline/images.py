"""What a decoder hands on: a Pillow image, or the same pixels as an array.

Stock decodes to a Pillow image. A recipe that decodes faster hands on a ``uint8`` array of shape (H, W, 3). Parts
that read pixels take either; stock parts get a Pillow image again, because an array alone does not say which
axis is colour.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

__all__ = ["as_pil", "pixel_array", "pixel_tensor"]


def pixel_array(image: Image.Image | NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W, 3) uint8; writable, and a copy only where Pillow does not lend its own memory."""
    return image if isinstance(image, np.ndarray) else np.array(image)


def pixel_tensor(image: Image.Image | NDArray[np.uint8]) -> torch.Tensor:
    """(3, H, W) uint8 as a view of interleaved pixels: the order torch's resize kernel reads directly."""
    return torch.from_numpy(pixel_array(image)).permute(2, 0, 1)


def as_pil(image: Any) -> Any:
    """A Pillow image; whatever is not an array passes through."""
    return Image.fromarray(image) if isinstance(image, np.ndarray) else image
