"""Speed-ups from interleaved replicates, with the looks at which they may be judged.

A latency array has shape (replicates, images): replicate r is one process (or block) that saw the same list of
images under every arm. The effect of a replicate is the mean over images of ``ln t_baseline − ln t_arm``, so that
the spread over images, which is tens of times larger than the effect, cancels; the interval is Student's t over
replicate effects and nothing else (MEASUREMENT §9–10).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from scipy import special

from argus_eval.errors import ArgusEvalError, UsageError
from argus_eval.stats.intervals import FloatArray, Interval, minimum_requests, t_bounds, t_interval

__all__ = [
    "FAMILY_LEVEL",
    "LOOKS",
    "LOOK_LEVEL",
    "NARROW",
    "Speedup",
    "StopReason",
    "at_look",
    "log_ratios",
    "looks",
    "replicate_effect",
    "speedup",
    "stop_reason",
]

#: Names of images, by content: shape (replicates, images)
ImageLabels = npt.NDArray[np.str_]

#: Numbers of replicates at which an interval may be formed
LOOKS = (6, 10, 16, 24)
#: Confidence that holds over all looks together
FAMILY_LEVEL = 0.95
#: Confidence of the interval at one look (Bonferroni over the looks)
LOOK_LEVEL = 1 - (1 - FAMILY_LEVEL) / len(LOOKS)
#: Half-width of the interval, as a relative difference, at which measuring stops
NARROW = 0.02
# Requests in which a 90th percentile is looked for; 64 distinct images make six such groups.
_TAIL_REQUESTS = 10


class StopReason(StrEnum):
    """Why no further replicate is measured."""

    NARROW = "narrow enough"
    LAST_LOOK = "last look reached"
    BUDGET = "time budget spent"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Speedup:
    """How much faster one arm is than the baseline: ratios ``t_baseline / t_arm``, above 1 where it is faster.

    Attributes:
        replicates: replicates the numbers rest on (those up to the last look).
        images: distinct images.
        median: median over images of the per-image ratio.
        geomean: geometric mean of all ratios; what ``interval`` and ``p_value`` are about.
        p90: ratio of the 90th percentiles over images; None for fewer than 64 images.
        slower_share: share of images whose ratio is below 1, in [0, 1].
        interval: of ``geomean``, at ``LOOK_LEVEL``, which makes 95 % over all looks; None below 6 replicates.
        p_value: two-sided, of "the ratio is 1", times the number of looks; None below 6 replicates.
        p90_interval: of the ratio of p90s, at 95 %, from its value in each replicate, or in as many neighbours as
            have ten requests; None where p90 is, and below 6 of these.
        effects: shape (replicates,), the log effect of each replicate.
    """

    replicates: int
    images: int
    median: float
    geomean: float
    p90: float | None
    slower_share: float
    interval: Interval | None
    p_value: float | None
    p90_interval: Interval | None
    effects: FloatArray

    def interval_at(self, level: float) -> Interval | None:
        """Interval of the geometric mean at a level of one's own; None below 6 replicates."""
        if self.replicates < LOOKS[0]:
            return None
        interval = t_interval(self.effects, level)
        return None if interval is None else interval.map(math.exp)

    @property
    def replicate_sd(self) -> float | None:
        """Standard deviation of the replicate effects (natural log units); None for one replicate."""
        return float(self.effects.std(ddof=1)) if self.replicates > 1 else None


def looks(most: int = LOOKS[-1]) -> tuple[int, ...]:
    """The looks that at most ``most`` replicates reach.

    >>> looks(12)
    (6, 10)
    """
    return tuple(look for look in LOOKS if look <= most)


def at_look(replicates: int) -> int | None:
    """The largest look not above ``replicates``; None below the first."""
    reached = looks(replicates)
    return reached[-1] if reached else None


def log_ratios(baseline: FloatArray, arm: FloatArray) -> FloatArray:
    """``ln t_baseline − ln t_arm`` for paired latencies of any equal shape, seconds > 0."""
    if baseline.shape != arm.shape:
        raise ArgusEvalError(
            f"paired latencies: baseline {baseline.shape}, arm {arm.shape}; "
            "pair requests by replicate and image first"
        )
    if not ((baseline > 0).all() and (arm > 0).all()):
        raise ArgusEvalError(
            "paired latencies: a value is not a positive number of seconds; leave failed blocks out"
        )
    return np.log(baseline) - np.log(arm)


def replicate_effect(baseline: FloatArray, arm: FloatArray) -> FloatArray:
    """Mean paired log-ratio of each replicate.

    Args:
        baseline, arm: shape (…, replicates, images), seconds.

    Returns:
        Shape (…, replicates); positive where the arm is faster.
    """
    effects: FloatArray = log_ratios(baseline, arm).mean(axis=-1)
    return effects


def speedup(baseline: FloatArray, arm: FloatArray, *, images: ImageLabels | None = None) -> Speedup:
    """Compare an arm with the baseline it was interleaved with.

    Args:
        baseline, arm: shape (replicates, images), seconds. Replicates beyond the last look are not used.
        images: shape (replicates, images), which image each request was about, where replicates saw different
            ones: a hundred requests about ten images say no more of the tail over images than ten. None: the same
            images in the same columns of every replicate.

    Raises:
        ArgusEvalError: shapes differ, nothing was measured, or a latency is not positive.
    """
    ratios = log_ratios(baseline, arm)
    if ratios.ndim != 2 or ratios.size == 0:
        raise ArgusEvalError(f"speed-up: expected shape (replicates, images), got {ratios.shape}")
    used = at_look(ratios.shape[0]) or ratios.shape[0]
    ratios, baseline, arm = ratios[:used], baseline[:used], arm[:used]
    effects: FloatArray = ratios.mean(axis=1)
    groups = _requests_of_each_image(ratios.shape, None if images is None else images[:used])
    per_image = _over_images(ratios, groups, np.mean)
    p90, p90_interval = _tail_ratio(baseline, arm, groups)
    return Speedup(
        replicates=used,
        images=per_image.size,
        median=math.exp(float(np.median(per_image))),
        geomean=math.exp(float(effects.mean())),
        p90=p90,
        slower_share=float((per_image < 0).mean()),
        interval=_look_interval(effects),
        p_value=_p_value(effects),
        p90_interval=p90_interval,
        effects=effects,
    )


def stop_reason(
    effects: Sequence[FloatArray], *, budget_spent: bool, narrow: float = NARROW, most: int = LOOKS[-1]
) -> StopReason | None:
    """Whether to stop measuring now.

    The rule looks at widths only, never at the size of an effect, and at nothing between looks.

    Args:
        effects: the replicate effects so far of every contrast, the A/A twin's among them; each of shape (n,).
        budget_spent: whether the time budget allows no further look.
        narrow: relative half-width that is enough, 0.02 for ±2 %.
        most: replicates at which to stop in any case.

    Returns:
        The reason to stop, or None to go on.
    """
    if narrow <= 0:
        raise UsageError(f"interval half-width {narrow}: expected a positive fraction, such as 0.02 for ±2 %")
    if not effects:
        raise ArgusEvalError("stopping rule: no contrast; pass the replicate effects of every arm")
    n = min(values.size for values in effects)
    reached = looks(most)
    if n in reached and all(_half_width(values[:n]) <= math.log1p(narrow) for values in effects):
        return StopReason.NARROW
    if not reached or n >= reached[-1]:
        return StopReason.LAST_LOOK
    return StopReason.BUDGET if budget_spent else None


def _half_width(effects: FloatArray) -> float:
    low, high = t_bounds(effects, LOOK_LEVEL)
    return float(high - low) / 2


def _look_interval(effects: FloatArray) -> Interval | None:
    if effects.size < LOOKS[0]:
        return None
    interval = t_interval(effects, LOOK_LEVEL)
    return None if interval is None else interval.map(math.exp)


def _p_value(effects: FloatArray) -> float | None:
    n = effects.size
    if n < LOOKS[0]:
        return None
    error = float(effects.std(ddof=1)) / math.sqrt(n)
    mean = float(effects.mean())
    if error == 0:
        return 1.0 if mean == 0 else 0.0
    tail = float(special.stdtr(n - 1, -abs(mean) / error))
    return min(1.0, 2 * tail * len(LOOKS))


def _requests_of_each_image(
    shape: tuple[int, ...], images: ImageLabels | None
) -> tuple[npt.NDArray[np.intp], ...]:
    """Indices into the flattened requests, one array an image."""
    labels = np.broadcast_to(np.arange(shape[1]), shape) if images is None else images
    if labels.shape != shape:
        raise ArgusEvalError(f"speed-up: {shape} requests but {labels.shape} image names; pass one each")
    _, inverse, counts = np.unique(labels.ravel(), return_inverse=True, return_counts=True)
    return tuple(np.split(np.argsort(inverse, kind="stable"), np.cumsum(counts)[:-1]))


def _over_images(
    values: FloatArray, groups: Sequence[npt.NDArray[np.intp]], typical: Callable[[FloatArray], np.floating]
) -> FloatArray:
    flat = values.ravel()
    return np.array([float(typical(flat[group])) for group in groups])


def _tail_ratio(
    baseline: FloatArray, arm: FloatArray, groups: Sequence[npt.NDArray[np.intp]]
) -> tuple[float | None, Interval | None]:
    """Ratio of p90s over distinct images, and an interval of it from groups of requests in the order made."""
    if len(groups) < minimum_requests(0.9):
        return None, None
    before, after = (_over_images(times, groups, np.median) for times in (baseline, arm))
    ratio = float(np.quantile(before, 0.9) / np.quantile(after, 0.9))
    # The tail of a replicate of one image is that image: small neighbours are looked at together.
    count = min(baseline.shape[0], baseline.size // _TAIL_REQUESTS)
    if count < LOOKS[0]:
        return ratio, None
    tails = [
        [np.log(np.quantile(part, 0.9)) for part in np.array_split(times.ravel(), count)]
        for times in (baseline, arm)
    ]
    interval = t_interval(np.subtract(tails[0], tails[1]), FAMILY_LEVEL)
    return ratio, None if interval is None else interval.map(math.exp)
