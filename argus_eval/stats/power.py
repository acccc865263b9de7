"""How many pairs an accuracy question needs, and how often it is then answered.

Normal approximation for the mean of paired differences. For 0/1 answers with a share ``discordance`` of changed
items and a true ``loss``, the variance of one difference is ``discordance − loss²``; graded scores bring their own
variance.
"""

from __future__ import annotations

import math

from scipy import special

from argus_eval.errors import UsageError

__all__ = ["answer_variance", "fail_power", "pairs_for", "pass_power", "rounded_up"]

#: Power at which "the n that would decide" decides
DECIDING_POWER = 0.8


def answer_variance(discordance: float, loss: float = 0.0) -> float:
    """Variance of one paired difference of 0/1 answers.

    Args:
        discordance: share of items on which the arms differ, in [0, 1].
        loss: accuracy of the baseline minus that of the arm; at most ``discordance`` in size.
    """
    if not abs(loss) <= discordance <= 1:
        raise UsageError(f"discordance {discordance} and loss {loss}: expected |loss| <= discordance <= 1")
    return discordance - loss**2


def pass_power(margin: float, loss: float, variance: float, n: float, alpha: float = 0.05) -> float:
    """Probability that a true loss of ``loss`` is found to be above −``margin`` (PASS).

    Args:
        margin, loss: in the unit of the score, 0.01 for one point.
        variance: of one paired difference, times the design effect where items share images.
        n: pairs.
        alpha: one-sided error.
    """
    return _normal_power(margin - loss, variance, n, alpha)


def fail_power(margin: float, loss: float, variance: float, n: float, alpha: float = 0.05) -> float:
    """Probability that a true loss of ``loss`` is found to be beyond the margin (FAIL).

    >>> round(fail_power(0.01, 0.02, answer_variance(0.04, 0.02), 2_500), 2)
    0.81
    """
    return _normal_power(loss - margin, variance, n, alpha)


def pairs_for(gap: float, variance: float, alpha: float = 0.05, power: float = DECIDING_POWER) -> int | None:
    """Pairs with which a true distance of ``gap`` from the margin is decided with ``power``.

    ``(z_{1−α} + z_power)² · variance / gap²``; None for a gap of zero, which no number of pairs decides.

    >>> pairs_for(0.01, answer_variance(0.04))
    2474
    """
    if gap == 0:
        return None
    reach = float(special.ndtri(1 - alpha) + special.ndtri(power))
    return max(1, math.ceil(reach**2 * variance / gap**2))


def rounded_up(pairs: int, digits: int = 3) -> int:
    """The next number with at most ``digits`` significant digits; more would be false precision.

    >>> rounded_up(15_032)
    15100
    """
    unit = int(10 ** max(len(str(pairs)) - digits, 0))
    return -(-pairs // unit) * unit


def _normal_power(gap: float, variance: float, n: float, alpha: float) -> float:
    if variance <= 0:
        return 1.0 if gap > 0 else 0.0
    return float(special.ndtr(gap * math.sqrt(n / variance) - special.ndtri(1 - alpha)))
