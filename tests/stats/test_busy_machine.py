"""The claim rule on a machine that interrupts: few small blocks, a heavy tail, the stopping rule inside.

What a run prints as its smallest detectable effect is taken from one run and injected into the next, as somebody
would who tries the tool out.
"""

from __future__ import annotations

import numpy as np
import pytest

from argus_eval.stats.claims import Contrast, judge
from argus_eval.stats.detectable import minimum_detectable_effect
from argus_eval.stats.latency import LOOKS, speedup, stop_reason
from argus_eval.stats.verdict import AccuracyStatus

RUNS = 200


def rows(rng: np.random.Generator, count: int, interrupted: float, burst: bool) -> np.ndarray:
    """Seconds of (rows, [baseline, arm, twin]); a request is interrupted for about as long as it takes itself.

    With ``burst`` the neighbour is there for a third of the run and away for the rest.
    """
    image = 0.05 * np.exp(rng.normal(0, 0.4, (count, 1)))
    away = np.arange(count)[:, None] % 24 < 16 if burst else np.zeros((count, 1), dtype=bool)
    hit = (rng.random((count, 3)) < interrupted) & ~away
    return image * np.exp(rng.normal(0, 0.05, (count, 3))) + hit * rng.exponential(0.05, (count, 3))


def run(times: np.ndarray, effect: float) -> tuple[bool, float]:
    """Whether the arm is claimed, and the smallest effect that the run says it could have claimed."""
    times = times * np.array([1 + effect, 1.0, 1 + effect])
    for look in (look for look in LOOKS if look <= len(times)):
        used = times[:look]
        effects = [np.log(used[:, 0] / used[:, other]) for other in (1, 2)]
        if stop_reason(effects, budget_spent=False) is not None:
            break
    arm, twin = (speedup(used[:, :1], used[:, other : other + 1]) for other in (1, 2))
    claim = judge(Contrast(metric="TTFT", arm="a", speedup=arm, twin=twin, accuracy=AccuracyStatus.HASH_EQUAL))
    assert arm.replicate_sd is not None
    sharp = minimum_detectable_effect(arm.replicate_sd, most=arm.replicates, sd_replicates=arm.replicates)
    assert sharp is not None
    return claim.claim, sharp


@pytest.mark.parametrize(("blocks", "interrupted", "burst"), [(10, 0.5, False), (24, 0.5, False), (24, 0.8, True)])
def test_claims_of_nothing_of_twice_and_of_a_quarter(blocks: int, interrupted: float, burst: bool) -> None:
    rng = np.random.default_rng(blocks)
    claimed = {0.0: 0, 2.0: 0, 0.25: 0}
    for _ in range(RUNS):
        nothing, sharp = run(rows(rng, blocks, interrupted, burst), 0.0)
        claimed[0.0] += nothing
        for times in (2.0, 0.25):
            claimed[times] += run(rows(rng, blocks, interrupted, burst), times * sharp)[0]
    assert claimed[0.0] <= 0.05 * RUNS
    assert claimed[2.0] >= 0.95 * RUNS
    assert claimed[0.25] <= 0.2 * RUNS
