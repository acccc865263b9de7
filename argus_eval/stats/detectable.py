"""How small a speed-up a run can claim: minimum detectable effect under the whole protocol.

A formula for one t test would promise too much: the run stops at a look that depends on its own noise, the level
is that of a look, and the claim also has to clear the A/A twin. So the protocol itself is played through, on
normal replicate effects with a fixed seed, and for every simulated run the smallest effect it would have claimed
is read off. The quantiles of those are the power curve, without a root search.

The A/A condition alone refuses 1 % of all runs, so no effect, however large, is claimed in more than 99 %.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import special

from argus_eval.errors import ArgusEvalError
from argus_eval.stats.intervals import FloatArray
from argus_eval.stats.latency import FAMILY_LEVEL, LOOK_LEVEL, LOOKS, NARROW, looks

__all__ = ["claim_power", "minimum_detectable_effect"]

#: Share of runs that claim an effect of exactly the printed size
POWER = 0.8

_RUNS = 20_000
_SEED = 20_261_121
_QUIET = 0.99


def minimum_detectable_effect(
    replicate_sd: float,
    *,
    most: int = LOOKS[-1],
    sd_replicates: int | None = None,
    narrow: float = NARROW,
    contrasts: int = 1,
    power: float = POWER,
) -> float | None:
    """Smallest relative speed-up that a run of this noise claims with the given power.

    Args:
        replicate_sd: standard deviation of the replicate effects (mean paired log-ratios) of one contrast.
        most: replicates that the budget allows; measuring stops before them where the interval is narrow enough.
        sd_replicates: replicates from which ``replicate_sd`` was estimated (one more than its degrees of freedom);
            None where it is known. A guess from 6 replicates makes the effect about a fifth larger than a known
            value would.
        narrow: half-width at which measuring stops, 0.02 for ±2 %; 0 to use all replicates.
        contrasts: comparisons that Holm runs over; the effect is claimed although none of the others shows one.
        power: 0.8. With ``sd_replicates`` the power is the average over what the true deviation may be.

    Returns:
        ``t_baseline / t_arm − 1`` (0.03 for 1.03×), or None where fewer than 6 replicates can be had.
    """
    if not looks(most):
        return None
    if replicate_sd == 0:
        return 0.0
    needed = _smallest_claimed(float(replicate_sd), looks(most)[-1], sd_replicates, float(narrow), contrasts)
    return math.expm1(float(np.quantile(needed, power)))


def claim_power(
    ratio: float, replicate_sd: float, *, most: int = LOOKS[-1], narrow: float = NARROW
) -> float | None:
    """Share of runs that claim a true speed-up of ``ratio`` (> 1), the standard deviation being known.

    Returns:
        The power in [0, 1], or None where fewer than 6 replicates can be had.
    """
    if not looks(most):
        return None
    if replicate_sd == 0:
        return 1.0 if ratio > 1 else 0.0
    needed = _smallest_claimed(float(replicate_sd), looks(most)[-1], None, float(narrow))
    return float((needed < math.log(ratio)).mean())


@dataclass(frozen=True, slots=True)
class _Look:
    """Means and standard errors of the simulated runs at one look, each of shape (20,000,); ``quiet``: the A/A
    twin allows claims."""

    replicates: int
    mean: FloatArray
    error: FloatArray
    twin_mean: FloatArray
    twin_error: FloatArray
    quiet: npt.NDArray[np.bool_]


def _smallest_claimed(
    sd: float, most: int, sd_replicates: int | None, narrow: float, contrasts: int = 1
) -> FloatArray:
    """Log effect that each of the simulated runs would just claim; infinite where the A/A twin forbids all claims.

    Returns:
        Shape (20,000,).
    """
    if sd < 0 or not math.isfinite(sd):
        raise ArgusEvalError(f"detectable effect: replicate standard deviation {sd}; expected a number >= 0")
    # Holm's first step, as a confidence of the interval at a look.
    claimed_level = 1 - (1 - LOOK_LEVEL) / max(contrasts, 1)
    needed = np.full(_RUNS, np.inf)
    running = np.ones(_RUNS, dtype=np.bool_)
    for look in _simulated_looks(most, sd_replicates):
        freedom = look.replicates - 1
        half_width = special.stdtrit(freedom, (1 + LOOK_LEVEL) / 2) * sd * np.maximum(look.error, look.twin_error)
        stopping = running & ((half_width <= math.log1p(narrow)) | (look.replicates == most))
        far_end = np.abs(look.twin_mean) + special.stdtrit(freedom, (1 + FAMILY_LEVEL) / 2) * look.twin_error
        beyond_zero = special.stdtrit(freedom, (1 + claimed_level) / 2) * look.error
        just_claimed = np.where(look.quiet, sd * (np.maximum(beyond_zero, far_end) - look.mean), np.inf)
        needed[stopping] = just_claimed[stopping]
        running &= ~stopping
    return needed


@lru_cache(maxsize=8)
def _simulated_looks(most: int, sd_replicates: int | None) -> tuple[_Look, ...]:
    """Runs whose replicate effects deviate by 1, or were guessed to from ``sd_replicates`` of them."""
    rng = np.random.default_rng(_SEED)
    scale = np.ones(_RUNS)
    if sd_replicates is not None:
        if sd_replicates < 2:
            raise ArgusEvalError("detectable effect: a standard deviation needs at least 2 replicates")
        freedom = sd_replicates - 1
        scale = 1 / np.sqrt(rng.chisquare(freedom, size=_RUNS) / freedom)
    disturbances = rng.standard_normal((3, _RUNS, most)) * (scale / math.sqrt(2))[:, None]
    contrast, twin = disturbances[1] - disturbances[0], disturbances[2] - disturbances[0]
    found = []
    for look in looks(most):
        mean, error = _moments(contrast, look)
        twin_mean, twin_error = _moments(twin, look)
        quiet = np.abs(twin_mean) <= special.stdtrit(look - 1, (1 + _QUIET) / 2) * twin_error
        found.append(_Look(look, mean, error, twin_mean, twin_error, quiet))
    return tuple(found)


def _moments(effects: FloatArray, look: int) -> tuple[FloatArray, FloatArray]:
    used = effects[:, :look]
    mean: FloatArray = used.mean(axis=1)
    error: FloatArray = used.std(axis=1, ddof=1) / math.sqrt(look)
    return mean, error
