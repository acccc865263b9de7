"""Medians, ratios and targets of the paper's table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

__all__ = ["TARGETS", "Ratio", "Target", "interval_of_median", "judged", "ratio_of_medians"]

_DRAWS = 2000


class Target(NamedTuple):
    """One cell of the table of targets: how many times faster ``lossless`` is wanted to be than an arm."""

    model: str
    metric: str
    against: str
    ratio: float
    stretch: float
    needs_device: bool = False

    @property
    def label(self) -> str:
        """The cell in words."""
        return f"{self.model} {self.metric} against {self.against}"


#: −80 % is 5 times faster, −45 % 1.82 times, −90 % 10 times, −55 % 2.22 times.
TARGETS = (
    Target("smolvlm-256m", "to_uint8_tiles", "baseline@pil", 10, 15),
    Target("smolvlm-256m", "to_uint8_tiles", "baseline", 4, 6),
    Target("smolvlm-256m", "to_model_ready", "baseline@pil", 5, 12),
    Target("smolvlm-256m", "to_model_ready", "baseline", 3, 5),
    Target("internvl3-2b", "to_uint8_tiles", "baseline@pil", 5, 8),
    Target("internvl3-2b", "to_uint8_tiles", "baseline", 3, 4),
    Target("internvl3-2b", "to_model_ready", "baseline@pil", 2.5, 6),
    Target("internvl3-2b", "to_model_ready", "baseline", 2, 3),
    Target("smolvlm-256m", "ttft", "baseline", 5, 10, needs_device=True),
    Target("internvl3-2b", "ttft", "baseline", 1 / 0.55, 1 / 0.45, needs_device=True),
)


class Ratio(NamedTuple):
    """A ratio of medians with its 95 % interval."""

    value: float
    low: float
    high: float

    def text(self) -> str:
        """``4.2× [4.0, 4.5]``."""
        return f"{self.value:.2f}× [{self.low:.2f}, {self.high:.2f}]"

    def as_data(self) -> dict[str, float]:
        """For the file of raw results."""
        return {"value": self.value, "low": self.low, "high": self.high}


def ratio_of_medians(slow: Sequence[float], fast: Sequence[float]) -> Ratio:
    """median(slow) / median(fast); interval: percentile bootstrap that draws the same requests of both."""
    numerator, denominator = np.asarray(slow), np.asarray(fast)
    drawn = np.random.default_rng(0).integers(0, len(numerator), (_DRAWS, len(numerator)))
    ratios = np.median(numerator[drawn], axis=1) / np.median(denominator[drawn], axis=1)
    low, high = np.percentile(ratios, [2.5, 97.5])
    return Ratio(float(np.median(numerator) / np.median(denominator)), float(low), float(high))


def interval_of_median(times: Sequence[float]) -> tuple[float, float, float]:
    """Low, median, high: the distribution-free 95 % interval from order statistics."""
    ordered, count = np.sort(times), len(times)
    first = int(stats.binom.ppf(0.025, count, 0.5))
    return (
        float(ordered[max(0, first - 1)]),
        float(np.median(ordered)),
        float(ordered[min(count - 1, count - first)]),
    )


def judged(target: Target, ratio: Ratio) -> str:
    """Whether the ratio of medians reaches the target; the interval is printed beside it."""
    if ratio.value >= target.stretch:
        return "pass (stretch)"
    return "pass" if ratio.value >= target.ratio else "FAIL"
