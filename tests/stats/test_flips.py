"""Flip rates against the floor."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from argus_eval.stats.flips import flip_rate, judge_flips
from argus_eval.stats.verdict import Verdict

from .simulate import clusters_of, correlated_events


def flips(changed, n, per_image=1):
    return flip_rate(np.arange(n) < changed, clusters_of(n, per_image))


@pytest.mark.parametrize(("changed", "n"), [(0, 500), (1, 500), (12, 900)])
def test_few_flips_have_clopper_pearson_bounds(changed, n):
    rate = flips(changed, n)
    exact = stats.binomtest(changed, n).proportion_ci(0.9, method="exact")
    assert rate.interval.high == pytest.approx(1 - 0.05 ** (1 / n) if changed == 0 else exact.high, abs=1e-6)
    assert rate.interval.low == pytest.approx(exact.low, abs=1e-6)
    assert rate.interval.level == pytest.approx(0.9)


@pytest.mark.parametrize("correlation", [0.0, 0.3])
def test_the_upper_bound_covers(correlation):
    rng = np.random.default_rng(4)
    hits = []
    for _ in range(300):
        changed = correlated_events((0.97, 0.03), items=1_500, per_image=3, correlation=correlation, rng=rng)
        hits.append(flip_rate(changed == 1, clusters_of(1_500, 3)).interval.high >= 0.03)
    assert np.mean(hits) >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / 300)


@pytest.mark.parametrize(
    ("arm", "floor", "verdict"),
    [
        ((0, 900), (0, 900), Verdict.PASS),
        ((0, 100), (0, 900), Verdict.INCONCLUSIVE),
        ((30, 900), (30, 900), Verdict.INCONCLUSIVE),
        ((30, 3_000), (30, 3_000), Verdict.PASS),
        ((60, 900), (9, 900), Verdict.FAIL),
    ],
)
def test_an_arm_may_add_one_point_to_the_floor(arm, floor, verdict):
    outcome = judge_flips(flips(*arm), flips(*floor))
    assert outcome.verdict is verdict
    assert "floor" in outcome.reason


def test_without_a_floor_nothing_is_judged():
    assert judge_flips(flips(1, 100), None).verdict is Verdict.NOT_MEASURED
    assert flip_rate([], []) is None


def test_noise_that_an_arm_shares_with_the_baseline_is_not_held_against_it():
    """Both change 5 % of their answers, and the floor is a small one: it comes out too low in every other run."""
    rng = np.random.default_rng(5)
    images = np.arange(1_500)

    def verdict(share, answers):
        floor = flip_rate(rng.random(answers) < 0.05, images[:answers])
        return judge_flips(flip_rate(rng.random(1_500) < share, images), floor).verdict

    noise = [verdict(0.05, 60) for _ in range(100)]
    assert np.mean([found is Verdict.FAIL for found in noise]) <= 0.05
    assert all(verdict(0.2, 200) is Verdict.FAIL for _ in range(10))


def test_a_floor_of_few_answers_excuses_and_blames_nobody():
    assert judge_flips(flips(30, 900), flips(1, 20)).verdict is Verdict.NOT_MEASURED
    assert judge_flips(flips(900, 900), flips(0, 49)).verdict is Verdict.NOT_MEASURED
    assert judge_flips(flips(900, 900), flips(0, 50)).verdict is Verdict.FAIL
