"""Memory that is used again by the next request once nobody looks at it any more.

A request of 13 tiles writes some 40 MB of float pixels. Fresh memory of that size comes from the kernel page by
page, zeroed, every time; that costs as much as the arithmetic. A buffer is handed out again only when no array and
no tensor refers to it: its reference count says so, nothing has to be given back.
"""

from __future__ import annotations

import math
import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import DTypeLike, NDArray

__all__ = ["BufferPool"]

_ALIGNMENT = 64


class BufferPool:
    """Byte buffers, reused by size.

    Args:
        keep: buffers held at most; the smallest goes first.
    """

    def __init__(self, keep: int = 16) -> None:
        self._keep = keep
        self._buffers: list[NDArray[np.uint8]] = []
        self._lock = threading.Lock()
        self._idle = _references([bytearray()])[0]  # what counting itself holds differs between interpreters

    def take(self, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """An array of ``shape`` with whatever content; its memory is its own until the last view of it is gone."""
        import numpy as np

        kind = np.dtype(dtype)
        size = math.prod(shape) * kind.itemsize
        with self._lock:
            buffer = self._unused(size)
            if buffer is None:
                buffer = np.empty(size + _ALIGNMENT, dtype=np.uint8)
                self._drop_smallest()
                self._buffers.append(buffer)
            start = -buffer.__array_interface__["data"][0] % _ALIGNMENT
            return buffer[start : start + size].view(kind).reshape(shape)

    def _unused(self, size: int) -> NDArray[np.uint8] | None:
        """The smallest unused buffer that is large enough, and not several times too large."""
        wanted = size + _ALIGNMENT
        idle = [index for index, count in enumerate(_references(self._buffers)) if count == self._idle]
        fitting = [index for index in idle if wanted <= self._buffers[index].size <= 4 * wanted]
        if not fitting:
            return None
        return self._buffers[min(fitting, key=lambda index: self._buffers[index].size)]

    def _drop_smallest(self) -> None:
        """Make room for one more; buffers in use live on with whoever uses them."""
        if len(self._buffers) >= self._keep:
            smallest = min(range(len(self._buffers)), key=lambda index: self._buffers[index].size)
            del self._buffers[smallest]


def _references(objects: Sequence[object]) -> list[int]:
    return [sys.getrefcount(item) for item in objects]
