"""When a speed-up may be put into words (MEASUREMENT §11).

A sentence "TTFT −47 % (1.9×)" is a claim. It needs a quiet A/A twin, an effect beyond what the twin shows, Holm
over everything that was compared, a tail that does not contradict it, and accuracy that is shown to be preserved.
Whatever is missing, the sentence says less and ``claim`` is false.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from argus_eval.stats.intervals import Interval
from argus_eval.stats.latency import FAMILY_LEVEL, LOOKS, Speedup
from argus_eval.stats.multiple import holm
from argus_eval.stats.verdict import AccuracyStatus

__all__ = ["Claim", "Contrast", "NoiseFloor", "judge", "judge_all", "noise_floor", "time_change"]

#: Confidence of the A/A interval that has to contain 1, over all metrics of the run
QUIET_LEVEL = 0.99
ALPHA = 1 - FAMILY_LEVEL

# Two arms timed by a clock without noise differ by the rounding of a logarithm.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """One arm on one metric, against the baseline and the baseline's twin.

    Attributes:
        metric: the word the sentence starts with ("TTFT").
        arm: name of the arm.
        speedup: the arm against the baseline.
        twin: the A/A twin against the baseline on the same metric and regime; None where there was none.
        accuracy: what stands behind the arm's accuracy.
        accuracy_n: items it rests on, for the sentence; None where none were scored.
    """

    metric: str
    arm: str
    speedup: Speedup
    twin: Speedup | None
    accuracy: AccuracyStatus
    accuracy_n: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseFloor:
    """What two builds of the same arm differ by: their ratio and its 95 % interval."""

    ratio: float
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A judged contrast.

    Attributes:
        claim: whether "faster" is claimed.
        sentence: what may be printed.
        reason: why it is or is not claimed, for people.
        shown: "faster" or "slower" where a difference is shown beyond the noise of the twin, whatever the
            accuracy; None where none is.
        ratio: geometric mean of ``t_baseline / t_arm``.
        interval: of ``ratio``; 95 % over all looks; None below 6 replicates.
        aa: the noise floor; None below 6 replicates or without a twin.
    """

    claim: bool
    sentence: str
    reason: str
    ratio: float
    interval: Interval | None
    aa: NoiseFloor | None
    shown: Literal["faster", "slower"] | None = None


def judge_all(contrasts: Sequence[Contrast]) -> tuple[Claim, ...]:
    """Judge every arm × metric contrast of a run together, in the given order.

    Holm runs over the contrasts that have a p-value. One restless A/A twin leaves the whole run without claims;
    its 99 % is shared among the twins, so that a run of many metrics is not refused more often than a run of one.
    """
    judged = [contrast.speedup.p_value for contrast in contrasts]
    adjusted = iter(holm([p for p in judged if p is not None]))
    twins = {id(c.twin): (c.metric, c.twin) for c in contrasts if c.twin is not None}
    level = 1 - (1 - QUIET_LEVEL) / max(len(twins), 1)
    restless = [metric for metric, twin in twins.values() if not _quiet(twin, level)]
    return tuple(
        _judge(contrast, None if p is None else float(next(adjusted)), restless)
        for contrast, p in zip(contrasts, judged, strict=True)
    )


def judge(contrast: Contrast) -> Claim:
    """Judge one contrast as the only one of its run."""
    return judge_all([contrast])[0]


def noise_floor(twin: Speedup | None) -> NoiseFloor | None:
    """The A/A ratio with its 95 % interval; None without a twin or below 6 replicates."""
    interval = None if twin is None else twin.interval_at(FAMILY_LEVEL)
    return None if twin is None or interval is None else NoiseFloor(ratio=twin.geomean, interval=interval)


def time_change(ratio: float) -> str:
    """Change of the time that a speed-up of ``ratio`` means, in per cent.

    >>> time_change(1.9), time_change(1 / 1.12), time_change(1.02)
    ('−47 %', '+12 %', '−2.0 %')
    """
    change = 100 * (1 / ratio - 1)
    digits = 0 if abs(change) >= 9.95 else 1 if abs(change) >= 0.995 else 2
    return f"{'−' if change < 0 else '+'}{abs(change):.{digits}f} %"


def _judge(contrast: Contrast, adjusted_p: float | None, restless: Sequence[str]) -> Claim:
    speed = contrast.speedup
    floor = noise_floor(contrast.twin)
    doubt = _doubt(contrast, floor, adjusted_p, restless)
    change = f"{contrast.metric} {time_change(speed.geomean)}"
    shown = f"{change} ({_times(speed.geomean)})"
    claimed = False
    shown_as: Literal["faster", "slower"] | None = None
    if doubt is None:
        shown_as = "slower" if speed.geomean < 1 else "faster"
    if doubt is not None:
        sentence, reason = f"{contrast.metric}: no difference shown", doubt
    elif speed.geomean < 1:
        sentence, reason = shown, "slower than the baseline, beyond the noise of the A/A twin"
    elif not contrast.accuracy.preserved:
        evidence = contrast.accuracy.value
        if contrast.accuracy_n is not None:
            evidence += f", n = {contrast.accuracy_n:,}"
        sentence = f"{change}; accuracy preservation not shown ({evidence})"
        reason = "faster beyond the noise of the A/A twin, but a gain needs accuracy to be preserved"
    else:
        claimed = True
        sentence, reason = shown, f"beyond the noise of the A/A twin; accuracy: {contrast.accuracy.value}"
    return Claim(
        claim=claimed,
        sentence=sentence,
        reason=reason,
        ratio=speed.geomean,
        interval=speed.interval,
        aa=floor,
        shown=shown_as,
    )


def _doubt(
    contrast: Contrast, floor: NoiseFloor | None, adjusted_p: float | None, restless: Sequence[str]
) -> str | None:
    """The first condition on speed that does not hold, in words; None where a difference is shown."""
    speed = contrast.speedup
    if adjusted_p is None:
        count = f"{speed.replicates} replicate{'s' if speed.replicates != 1 else ''}"
        return f"{count}; an interval needs {LOOKS[0]}"
    if floor is None:
        return "no A/A twin with enough replicates, so the noise of this run is unknown"
    if restless:
        return f"two builds of the baseline differ ({', '.join(restless)}): no claim in this run"
    if adjusted_p > ALPHA:
        return f"p = {adjusted_p:.2g} after Holm, above {ALPHA:.2g}"
    if abs(math.log(speed.geomean)) <= _far_end(floor.interval):
        return "not beyond the far end of the A/A interval"
    if speed.geomean > 1 and speed.median < 1:
        return "the mean is faster but the median image is slower"
    if speed.geomean > 1 and speed.p90_interval is not None and speed.p90_interval.high < 1:
        return "the mean is faster but the 90th percentile is slower"
    return None


def _quiet(twin: Speedup, level: float) -> bool:
    interval = twin.interval_at(level)
    return interval is None or interval.low - _ROUNDING <= 1 <= interval.high + _ROUNDING


def _far_end(interval: Interval) -> float:
    """The larger of the two deviations from 1 that the interval allows, as a log ratio."""
    return max(abs(math.log(interval.low)), abs(math.log(interval.high)))


def _times(ratio: float) -> str:
    digits = 0 if ratio >= 9.95 else 1 if ratio >= 1.495 else 2 if abs(ratio - 1) >= 0.00995 else 3
    return f"{ratio:.{digits}f}×"
