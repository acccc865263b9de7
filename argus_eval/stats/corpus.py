"""Is a corpus metric preserved: AP, CIDEr and others that are not a mean over items.

The same question as `argus_eval.stats.preservation`, answered with the paired bootstrap over images, which is what
such metrics allow. Where few images differ between the arms a bootstrap says nothing about those that were not
sampled, so nothing is concluded from it.
"""

from __future__ import annotations

from dataclasses import replace

from argus_eval.stats.bootstrap import MINIMUM_IMAGES, Bootstrap
from argus_eval.stats.cluster import FEW_DEVIATING
from argus_eval.stats.preservation import ALPHA, Margin, Method, Preservation
from argus_eval.stats.verdict import Verdict

__all__ = ["corpus_preservation", "nothing_differed"]


def corpus_preservation(
    difference: Bootstrap,
    margin: Margin,
    *,
    discordant_images: int,
    n: int,
    identical: bool = False,
    alpha: float = ALPHA,
) -> Preservation:
    """Test whether an arm preserves a corpus metric.

    Args:
        difference: `paired_cluster_bootstrap` of ``arm − keep × baseline`` with the margin's ``keep``.
        margin: how much may be lost, in the unit of the metric.
        discordant_images: images on which the arms' predictions differ.
        n: samples.
        identical: the caller verified by hash that the arm is L0 and that all outputs are equal.
        alpha: one-sided error of either verdict.
    """
    result = Preservation(
        verdict=Verdict.INCONCLUSIVE,
        reason="",
        margin=margin,
        difference=difference.estimate if margin.keep == 1 else None,
        interval=difference.interval_at(1 - 2 * alpha),
        n=n,
        images=difference.images,
        discordant_images=discordant_images,
        method=Method.BOOTSTRAP,
    )
    if difference.estimate is None:
        return replace(result, verdict=Verdict.NOT_MEASURED, reason="the metric is undefined on these samples")
    if identical:
        return replace(result, verdict=Verdict.PASS_IDENTICAL, reason=f"all {n:,} outputs equal by hash")
    if result.interval is None:
        return replace(
            result, reason=f"no bootstrap interval: {difference.images:,} images; needs {MINIMUM_IMAGES}"
        )
    if discordant_images < FEW_DEVIATING:
        return replace(
            result,
            reason=f"the arms differ on {discordant_images} image(s); a bootstrap needs {FEW_DEVIATING}",
        )
    if result.interval.low > -margin.absolute:
        return replace(result, verdict=Verdict.PASS, reason="lower bound clears the margin")
    if result.interval.high < -margin.absolute:
        return replace(result, verdict=Verdict.FAIL, reason="upper bound misses the margin")
    return replace(result, reason="the interval contains the margin")


def nothing_differed(outcome: Preservation, baseline: float | None, *, alpha: float = ALPHA) -> Preservation:
    """The outcome where no answer differs although equality is not proven (L1, L2).

    A bootstrap has nothing to draw; how many images could differ unseen, ``1 − alpha^(1/images)``, decides.

    Args:
        outcome: of :func:`corpus_preservation`.
        baseline: value of the metric; None where it is undefined, which leaves the outcome as it is.
        alpha: one-sided error.
    """
    if baseline is None or outcome.images == 0:
        return outcome
    room = outcome.margin.absolute + (1 - outcome.margin.keep) * baseline
    unseen = 1 - alpha ** (1 / outcome.images)
    return replace(
        outcome,
        verdict=Verdict.PASS if unseen < room else Verdict.INCONCLUSIVE,
        reason=f"every answer is equal; at most {100 * unseen:.2g} % of images could differ unseen",
    )
