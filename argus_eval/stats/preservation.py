"""Is accuracy preserved: paired non-inferiority of an arm against its baseline.

The question is about the linear statistic ``s_arm − keep · s_baseline`` of one item, averaged over items and
clustered by image: PASS if its lower 95 % bound clears ``−absolute``, FAIL if its upper bound misses it,
INCONCLUSIVE otherwise. Scores may be 0/1 or graded. With 30 or more images on which the arms differ (in effect:
ten images that change as a whole among fifty that change a little count as ten), the bounds are Hall's
skewness-corrected cluster-robust t; with fewer they are exact-type bounds over images
(`argus_eval.stats.bounded_mean`), never Wald and never a bootstrap.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from scipy import special

from argus_eval.errors import ArgusEvalError, UsageError
from argus_eval.stats import bounded_mean
from argus_eval.stats.cluster import (
    FEW_DEVIATING,
    ClusterTotals,
    cluster_totals,
    skewness_corrected_interval,
    skewness_corrected_statistic,
)
from argus_eval.stats.intervals import Interval
from argus_eval.stats.pairs import PairedScores
from argus_eval.stats.power import pairs_for, rounded_up
from argus_eval.stats.verdict import Verdict

__all__ = ["Margin", "Method", "Preservation", "exact_mcnemar", "preservation"]

ALPHA = 0.05
#: Correlation of changes within an image that is assumed where few images changed (MEASUREMENT §21)
ASSUMED_CORRELATION = 0.3

# A benchmark larger than this does not exist; what needs more is said to be undecidable.
_MOST_PAIRS = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """How much may be lost.

    Attributes:
        absolute: points of the score, 0.01 for one point.
        keep: fraction of the baseline's score that has to be kept, 0.99 for MLPerf's "99 %".
    """

    absolute: float = 0.0
    keep: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.absolute < 1 or not 0 < self.keep <= 1:
            raise UsageError(
                f"margin: absolute {self.absolute}, keep {self.keep}; "
                "expected 0 <= absolute < 1 (0.01 is one point) and 0 < keep <= 1 (0.99 keeps 99 %)"
            )


class Method(StrEnum):
    """How the bounds were found."""

    SKEWNESS_CORRECTED = "cluster-robust t, skewness corrected (Hall)"
    EXACT = "exact-type bound over images (Gaffke)"
    BOOTSTRAP = "paired bootstrap over images"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preservation:
    """Outcome of one preservation test.

    Attributes:
        verdict: what is shown.
        reason: the same in words, with the n that would decide where nothing is shown.
        margin: what was tested.
        difference: mean score of the arm minus that of the baseline; None where nothing was paired.
        interval: of the tested statistic ``arm − keep · baseline``; each end is a one-sided bound at 1 − alpha, so
            that its level is 1 − 2 · alpha.
        p_pass, p_fail: one-sided p-values for PASS and for FAIL.
        n, images, discordant_images: pairs, images, images on which the arms differ.
        lost, gained: items that score lower and higher under the arm.
        mcnemar_p: exact McNemar over ``lost`` and ``gained``, two-sided; for display, it ignores clusters.
        method: how the bounds were found.
        needed: pairs that would decide an inconclusive test; None where it is decided or none would.
    """

    verdict: Verdict
    reason: str
    margin: Margin
    difference: float | None = None
    interval: Interval | None = None
    p_pass: float | None = None
    p_fail: float | None = None
    n: int = 0
    images: int = 0
    discordant_images: int = 0
    lost: int = 0
    gained: int = 0
    mcnemar_p: float | None = None
    method: Method | None = None
    needed: int | None = None


def preservation(
    scores: PairedScores,
    margin: Margin,
    *,
    identical: bool = False,
    available: int | None = None,
    alpha: float = ALPHA,
) -> Preservation:
    """Test whether the arm preserves the baseline's accuracy.

    Args:
        scores: the paired scores.
        margin: how much may be lost.
        identical: the caller verified by hash that the arm is L0 and that all outputs are equal; then a difference
            could only come from an unseen sample, and the verdict is PASS (identical) for any n.
        available: how many pairs the benchmark has, so that "needs more" can say "cannot be decided"; None where
            that is unknown.
        alpha: one-sided error of either verdict.

    Raises:
        ArgusEvalError: ``identical`` is claimed but scores differ.
    """
    if scores.n == 0:
        return Preservation(verdict=Verdict.NOT_MEASURED, reason="no scored pair", margin=margin)
    sample = cluster_totals(scores.arm - margin.keep * scores.baseline, scores.clusters, scores.weights)
    moved = cluster_totals((scores.arm != scores.baseline).astype(np.float64), scores.clusters)
    discordant = int((moved.totals > 0).sum())
    if identical and discordant:
        raise ArgusEvalError(
            f"preservation: the arm is said to be identical but {discordant} image(s) score differently; "
            "report a broken L0 claim instead"
        )
    few = min(discordant, sample.effective_deviating) < FEW_DEVIATING
    if few:
        share = _share_moving_together(moved)
        interval = _exact_bounds(sample, margin, alpha, share)
        p_pass, p_fail = _exact_p_values(sample, margin, share)
    else:
        interval = skewness_corrected_interval(sample, 1 - 2 * alpha)
        p_pass, p_fail = _t_p_values(sample, margin)
    result = Preservation(
        verdict=_verdict(p_pass, p_fail, alpha),
        reason="",
        margin=margin,
        difference=scores.mean_arm - scores.mean_baseline,
        interval=interval,
        p_pass=p_pass,
        p_fail=p_fail,
        n=scores.n,
        images=sample.clusters,
        discordant_images=discordant,
        lost=scores.lost,
        gained=scores.gained,
        mcnemar_p=exact_mcnemar(scores.lost, scores.gained),
        method=Method.EXACT if few else Method.SKEWNESS_CORRECTED,
    )
    return _explained(result, sample, scores.mean_baseline, identical, available)


def exact_mcnemar(lost: int, gained: int) -> float:
    """Two-sided exact McNemar p-value: binomial(lost + gained, ½); 1 where nothing changed.

    >>> exact_mcnemar(8, 1)
    0.0390625
    """
    changed = lost + gained
    return 1.0 if changed == 0 else min(1.0, 2 * float(special.bdtr(min(lost, gained), changed, 0.5)))


def _verdict(p_pass: float, p_fail: float, alpha: float) -> Verdict:
    if p_pass < alpha:
        return Verdict.PASS
    return Verdict.FAIL if p_fail < alpha else Verdict.INCONCLUSIVE


def _share_moving_together(moved: ClusterTotals) -> float:
    """How much of an unseen image's items would change at once, in (0, 1].

    The number of changed items of an image is averaged with its square as weight, because large jumps are what
    makes a mean skewed. It is never taken as less than the correlation the protocol is validated for gives: a few
    images cannot show that items are independent.
    """
    changed, size = moved.totals, moved.sizes
    typical = float((size**2).sum() / size.sum())
    squares = float((changed**2).sum())
    jump = float((changed**3).sum()) / squares if squares > 0 else 0.0
    return min(max(jump, 1 + ASSUMED_CORRELATION * (typical - 1)) / typical, 1.0)


def _exact_bounds(sample: ClusterTotals, margin: Margin, alpha: float, share: float) -> Interval:
    return Interval(
        low=bounded_mean.lower_bound(sample.totals, sample.sizes, -margin.keep, alpha, share),
        high=bounded_mean.upper_bound(sample.totals, sample.sizes, 1.0, alpha, share),
        level=1 - 2 * alpha,
    )


def _exact_p_values(sample: ClusterTotals, margin: Margin, share: float) -> tuple[float, float]:
    above = bounded_mean.probability_mean_above
    return (
        above(-sample.totals, sample.sizes, margin.keep, margin.absolute, share),
        above(sample.totals, sample.sizes, 1.0, -margin.absolute, share),
    )


def _t_p_values(sample: ClusterTotals, margin: Margin) -> tuple[float, float]:
    statistic = skewness_corrected_statistic(sample, -margin.absolute)
    freedom = sample.freedom
    return float(special.stdtr(freedom, -statistic)), float(special.stdtr(freedom, statistic))


def _explained(
    result: Preservation, sample: ClusterTotals, baseline: float, identical: bool, available: int | None
) -> Preservation:
    """The result with its reason, and the n that would decide where nothing was shown."""
    if identical:
        unseen = 3 / result.images
        return replace(
            result,
            verdict=Verdict.PASS_IDENTICAL,
            reason=f"all {result.n:,} outputs equal by hash; unseen loss at most {100 * unseen:.2g} points",
        )
    if result.interval is None or result.verdict is not Verdict.INCONCLUSIVE:
        bound = "lower" if result.verdict is Verdict.PASS else "upper"
        return replace(result, reason=f"{bound} bound {'clears' if bound == 'lower' else 'misses'} the margin")
    needed = _pairs_to_decide(result, sample, baseline)
    if needed is None:
        return replace(result, reason=f"cannot be decided by more pairs of this kind; has {result.n:,}")
    if available is not None and needed > available:
        reason = f"cannot be decided on this benchmark (needs {needed:,}; has {available:,})"
    else:
        reason = f"needs {needed:,}; has {result.n:,}"
    return replace(result, reason=reason, needed=needed)


def _pairs_to_decide(result: Preservation, sample: ClusterTotals, baseline: float) -> int | None:
    """Pairs that would decide with power 0.8 if the difference is what it looks like, lucky gains not counted."""
    margin = result.margin
    room = margin.absolute + (1 - margin.keep) * baseline
    gap = min(sample.mean + margin.absolute, room)
    alpha = ALPHA if result.interval is None else (1 - result.interval.level) / 2
    pairs = pairs_for(gap, sample.standard_error**2 * result.n, alpha)
    if pairs is None:
        return None
    if result.method is Method.EXACT and gap > 0:
        # Even without any discordance the bound has to fall below the margin: 1 − α^(1/images) < room.
        per_image = result.n / result.images
        pairs += math.ceil(per_image * math.log(alpha) / math.log1p(-room))
    needed = rounded_up(max(pairs, result.n + 1))
    return needed if needed <= _MOST_PAIRS else None
