"""What a host stage costs at least here: the cheapest known implementation, measured in place on the same image.

Decoding: the fastest decoder that is installed. Image processing: one antialiased uint8 resize of the decoded
image to as many pixels as the tiles have, then one pass that subtracts and divides; nothing that feeds a vision
tower does less.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable
from io import BytesIO

__all__ = ["decode_floor_s", "process_floor_s"]

_ROUNDS = 5


def decode_floor_s(data: bytes, clock_ns: Callable[[], int] = time.perf_counter_ns) -> float:
    """Seconds of the fastest installed decoder on these bytes; the best of five rounds of each.

    Raises:
        OSError: no decoder can read them.
    """
    import numpy as np
    import torch
    from PIL import Image
    from torchvision.io import ImageReadMode, decode_image

    encoded = torch.from_numpy(np.frombuffer(data, np.uint8).copy())

    def pillow() -> object:
        with Image.open(BytesIO(data)) as image:
            return image.convert("RGB")

    found = [_best_s(pillow, clock_ns)]
    # It refuses formats and colour spaces that its build does not read.
    with contextlib.suppress(RuntimeError):
        found.append(_best_s(lambda: decode_image(encoded, ImageReadMode.RGB), clock_ns))
    return min(found)


def process_floor_s(
    data: bytes, tiles: int, tile_px: int, clock_ns: Callable[[], int] = time.perf_counter_ns
) -> float:
    """Seconds of one resize to ``tiles`` × ``tile_px``² pixels and one normalising pass; the best of five.

    Raises:
        OSError: the image cannot be decoded.
    """
    import numpy as np
    import torch
    from PIL import Image
    from torchvision.transforms.v2 import functional

    with Image.open(BytesIO(data)) as image:
        pixels = torch.from_numpy(np.asarray(image.convert("RGB")).copy()).permute(2, 0, 1)
    height, width = pixels.shape[1:]
    scale = math.sqrt(tiles * tile_px**2 / (height * width))
    size = [max(1, round(height * scale)), max(1, round(width * scale))]

    def work() -> object:
        resized = functional.resize(pixels, size, antialias=True)
        return resized.to(torch.float32).sub_(127.5).div_(127.5)

    return _best_s(work, clock_ns)


def _best_s(work: Callable[[], object], clock_ns: Callable[[], int]) -> float:
    work()
    found = []
    for _ in range(_ROUNDS):
        start = clock_ns()
        work()
        found.append(clock_ns() - start)
    return max(min(found), 1) / 1e9
