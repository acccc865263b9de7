"""What an arm does to the first token: the largest logit difference and the divergence from the baseline."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from argus_eval.backends.protocol import ArmRunner, ShowsLogits
from argus_eval.engine.workload import WorkItem
from argus_eval.errors import SampleError

__all__ = ["FirstToken", "compare_first_tokens", "divergence"]

# A forward pass of every arm each: enough to see a wrong pipeline, few enough for a model of two billion.
_IMAGES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstToken:
    """Differences over ``n`` images; ``largest`` in logits, ``kl`` the largest KL(baseline ‖ arm) in nats."""

    n: int
    largest: float
    kl: float


def compare_first_tokens(
    baseline: ArmRunner,
    arms: Mapping[str, ArmRunner],
    items: Sequence[WorkItem],
    out_of_time: Callable[[], bool],
) -> dict[str, FirstToken]:
    """Compare each arm's first-token logits with the baseline's, on the same images.

    At least one image is looked at, whatever the time. An image on which either side fails is left out: the
    comparison of inputs reports it.

    Returns:
        Arm id → differences; an arm whose logits cannot be seen is absent.
    """
    found: dict[str, FirstToken] = {}
    for count, item in enumerate(items[:_IMAGES] if arms else ()):
        if count and out_of_time():
            break
        stock = _logits(baseline, item)
        if stock is None:
            continue
        for arm, runner in arms.items():
            logits = _logits(runner, item)
            if logits is not None and logits.shape == stock.shape:
                found[arm] = _worst(found.get(arm), stock, logits)
    return found


def _logits(runner: ArmRunner, item: WorkItem) -> NDArray[np.float64] | None:
    if not isinstance(runner, ShowsLogits):
        return None
    try:
        logits = runner.first_logits(item.request)
    except SampleError:
        return None
    return None if logits is None else logits.astype(np.float64)


def _worst(seen: FirstToken | None, stock: NDArray[np.float64], logits: NDArray[np.float64]) -> FirstToken:
    # Masked tokens are minus infinity on both sides; their difference is none.
    both = np.isfinite(stock) & np.isfinite(logits)
    alike = bool(np.array_equal(np.isfinite(stock), np.isfinite(logits)))
    largest = float(np.abs(stock[both] - logits[both]).max(initial=0.0)) if alike else float("inf")
    kl = divergence(stock, logits)
    if seen is None:
        return FirstToken(n=1, largest=largest, kl=kl)
    return FirstToken(n=seen.n + 1, largest=max(seen.largest, largest), kl=max(seen.kl, kl))


def divergence(baseline: NDArray[np.float64], arm: NDArray[np.float64]) -> float:
    """KL(baseline ‖ arm) of the distributions that two vectors of logits stand for, in nats; never below 0."""
    p, q = log_softmax(baseline), log_softmax(arm)
    possible = np.isfinite(p)
    return max(0.0, float(np.sum(np.exp(p[possible]) * (p[possible] - q[possible]))))
