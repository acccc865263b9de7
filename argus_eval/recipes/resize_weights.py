"""The weights of torch's antialiased uint8 resize, and whether a piece of a line has those of the whole line.

Where 640 pixels become 1,792, every 5 pixels become 14, with the same weights each time, so 14 values can be made
from their own neighbourhood. The kernel computes its weights in floating point, however, and rounds them to
integers: a shift by whole periods could round another way. Whether it can is computed here, once for a ratio.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["REACH", "Piece", "Table", "piece_of", "repeats", "table"]

#: Pixels to each side that a filter looks at: of the result where it is smaller, of the source where that is.
REACH = {"bilinear": 1, "bicubic": 2, "lanczos": 3}

_BITS = 15  # weights are int16
_MOST_BITS = 22
_DOUBT = 1e-6  # of the last bit of a weight, or of a pixel: far more than floating point can be off by


class Piece(NamedTuple):
    """Values ``start`` to ``stop`` of a resized line, made from its pixels ``first`` to ``last`` alone.

    Those that were wanted have the values of the whole line; others near the ends lack neighbours.
    """

    start: int
    stop: int
    first: int
    last: int


class Table(NamedTuple):
    """For every value of a resized line: where it begins to look, and its weights in units of their last bit."""

    begin: NDArray[np.floating[Any]]
    weights: NDArray[np.floating[Any]]


def piece_of(name: str, source: int, target: int, wanted: slice, unit: int = 1) -> Piece | None:
    """The smallest piece that has the ``wanted`` values of a line of ``source`` pixels resized to ``target``.

    Args:
        name: "bilinear", "bicubic" or "lanczos".
        source, target: length of the line before and after.
        wanted: from which value to which.
        unit: the piece starts and stops at a multiple of it.

    Returns:
        ``None`` where the weights do not come again, or so rarely that the piece is much larger than that.
    """
    common = math.gcd(source, target)
    step = math.lcm(target // common, unit)
    reach = math.ceil(REACH[name] * max(1.0, target / source)) + 1
    start = max(0, (wanted.start - reach) // step * step)
    stop = min(target, -(-(wanted.stop + reach) // step) * step)
    if target % step or stop - start > (wanted.stop - wanted.start) * 5 // 4 + 2 * reach:
        return None
    if not repeats(name, source // common, target // common):
        return None
    return Piece(start, stop, start * source // target, stop * source // target)


@functools.lru_cache(maxsize=256)
def repeats(name: str, source: int, target: int) -> bool:
    """Whether lines of many times ``source`` pixels, resized to as many ``target``, have the same integer weights.

    Every weight of a longer line is one of a line of a few periods, up to rounding errors.
    """
    import numpy as np

    if target & (target - 1) == 0:
        return True  # positions are sums of powers of two: nothing is rounded before the filter
    periods = 2 + math.ceil((2 * REACH[name] + 1) * max(1.0 / source, 1.0 / target))
    begin, weights = table(name, source * periods, target * periods)
    inside = begin[begin > -_DOUBT]
    rounded = np.append(weights, 2 * weights.max())  # the largest decides how many bits all of them get
    return bool(np.abs(inside - np.rint(inside)).min() > _DOUBT and np.abs(rounded % 1 - 0.5).min() > _DOUBT)


def table(name: str, source: int, target: int) -> Table:
    """The kernel's weights before it rounds them."""
    import numpy as np

    scale = source / target
    support = REACH[name] * max(scale, 1.0)
    centre = scale * (np.arange(target) + 0.5)
    begin, end = centre - support + 0.5, np.minimum(centre + support + 0.5, source)
    first = np.trunc(np.maximum(begin, 0))[:, None]
    taps = np.arange(math.ceil(support) * 2 + 1) + first
    weights = np.where(
        taps < np.trunc(end)[:, None], _FILTERS[name]((taps - centre[:, None] + 0.5) / max(scale, 1.0)), 0.0
    )
    weights /= weights.sum(axis=1, keepdims=True)
    bits, largest = 0, float(weights.max())
    while bits < _MOST_BITS and int(0.5 + largest * (1 << (bits + 1))) < 1 << _BITS:
        bits += 1
    return Table(begin, weights * (1 << bits))


def _bilinear(x: Any) -> Any:
    import numpy as np

    return np.maximum(0.0, 1.0 - np.abs(x))


def _bicubic(x: Any) -> Any:
    import numpy as np

    x = np.abs(x)
    near, far = (1.5 * x - 2.5) * x * x + 1.0, ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def _lanczos(x: Any) -> Any:
    import numpy as np

    return np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0.0)


_FILTERS = {"bilinear": _bilinear, "bicubic": _bicubic, "lanczos": _lanczos}
