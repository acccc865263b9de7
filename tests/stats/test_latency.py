"""Paired speed-ups, looks and the stopping rule."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from argus_eval.errors import ArgusEvalError, UsageError
from argus_eval.stats.latency import (
    LOOK_LEVEL,
    LOOKS,
    StopReason,
    at_look,
    looks,
    replicate_effect,
    speedup,
    stop_reason,
)

from .simulate import latencies, replicate_effects


def run(seed=0, **changes):
    settings_ = {"effect": 0.1, "sd": 0.01, "replicates": 6, "images": 96} | changes
    return latencies(rng=np.random.default_rng(seed), **settings_)


def test_looks_and_their_level():
    assert looks() == LOOKS == (6, 10, 16, 24)
    assert pytest.approx(1 - 0.05 / 4) == LOOK_LEVEL
    assert [at_look(n) for n in (5, 6, 9, 10, 23, 24, 40)] == [None, 6, 6, 10, 16, 24, 24]
    assert looks(5) == ()


def test_speedup_of_a_constant_factor():
    data = run(sd=0, item_sd=0)
    result = speedup(data.baseline, data.baseline / 1.9)
    for ratio in (result.median, result.geomean, result.p90, result.interval.low, result.interval.high):
        assert ratio == pytest.approx(1.9)
    assert result.slower_share == 0


def test_interval_and_p_value_are_those_of_scipy():
    data = run(1)
    result = speedup(data.baseline, data.arm)
    effects = np.log(data.baseline / data.arm).mean(axis=1)
    test = stats.ttest_1samp(effects, 0)
    expected = test.confidence_interval(LOOK_LEVEL)
    assert result.interval.low == pytest.approx(math.exp(expected.low))
    assert result.interval.high == pytest.approx(math.exp(expected.high))
    assert result.p_value == pytest.approx(min(1, 4 * test.pvalue))
    assert result.geomean == pytest.approx(stats.gmean((data.baseline / data.arm).ravel()))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.01, 100))
def test_swapping_the_arms_inverts_the_ratio_and_units_do_not_matter(seed, unit):
    data = run(seed)
    forward = speedup(data.baseline * unit, data.arm * unit)
    back = speedup(data.arm, data.baseline)
    assert forward.geomean == pytest.approx(1 / back.geomean)
    assert forward.median == pytest.approx(1 / back.median)
    assert forward.interval.low == pytest.approx(1 / back.interval.high)
    assert forward.p90 == pytest.approx(1 / back.p90)
    assert forward.slower_share == pytest.approx(1 - back.slower_share)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_the_order_of_images_does_not_matter(seed):
    data = run(seed)
    order = np.random.default_rng(seed).permutation(96)
    one, other = speedup(data.baseline, data.arm), speedup(data.baseline[:, order], data.arm[:, order])
    assert one.geomean == pytest.approx(other.geomean)
    assert one.p90_interval.low == pytest.approx(other.p90_interval.low)


def test_fewer_than_six_replicates_have_no_interval():
    data = run(replicates=5)
    result = speedup(data.baseline, data.arm)
    assert result.interval is None
    assert result.p_value is None
    assert result.interval_at(0.99) is None
    assert result.geomean == pytest.approx(math.exp(0.1), rel=0.05)


def test_replicates_between_looks_wait_for_the_next_look():
    data = run(replicates=9)
    assert speedup(data.baseline, data.arm).replicates == 6


def test_few_images_have_no_p90():
    data = run(images=63)
    result = speedup(data.baseline, data.arm)
    assert result.p90 is None
    assert result.p90_interval is None


def names(replicates, images, of):
    return np.array(
        [[f"i{(row * images + column) % of}" for column in range(images)] for row in range(replicates)]
    )


def test_disjoint_images_count_one_by_one():
    data = run(images=12)
    result = speedup(data.baseline, data.arm, images=names(6, 12, 72))
    assert result.images == 72
    assert result.p90 is not None
    assert result.p90_interval is None or result.p90_interval.contains(result.p90)


def test_images_that_come_again_are_no_further_images():
    data = run(images=12)
    result = speedup(data.baseline, data.arm, images=names(6, 12, 20))
    assert result.images == 20
    assert result.p90 is None
    assert result.p90_interval is None


def test_an_image_is_slower_on_average_or_it_is_not():
    # "a" comes four times and is once slower, by little; "b" comes twice and is always slower.
    arm = np.array([[0.5, 0.5, 1.1], [0.5, 1.1, 1.1]])
    images = np.array([["a", "a", "a"], ["a", "b", "b"]])
    result = speedup(np.ones((2, 3)), arm, images=images)
    assert result.slower_share == 0.5
    assert result.median == pytest.approx(math.exp(np.median([-np.log(arm.ravel()[:4]).mean(), -math.log(1.1)])))


def test_the_same_images_in_another_order_are_the_same_images():
    data = run()
    labels = np.array([[f"i{column}" for column in range(96)]] * 6)
    plain = speedup(data.baseline, data.arm)
    named = speedup(data.baseline, data.arm, images=labels)
    order = np.random.default_rng(0).permutation(96)
    mixed, mixed_names = [array.copy() for array in (data.baseline, data.arm)], labels.copy()
    for times in mixed:
        times[2] = times[2, order]
    mixed_names[2] = mixed_names[2, order]
    shuffled = speedup(*mixed, images=mixed_names)
    for other in (named, shuffled):
        assert (other.median, other.p90) == (pytest.approx(plain.median), pytest.approx(plain.p90))
        assert other.slower_share == plain.slower_share
        assert other.images == 96


def test_a_tail_that_got_slower_shows_in_the_ratio_of_p90s():
    data = run(effect=0, sd=0.002)
    order = np.argsort(data.baseline.mean(axis=0))
    factor = np.ones(96)
    factor[order[-20:]] = 0.8
    factor[order[:-20]] = 1.5
    result = speedup(data.baseline, data.baseline / factor)
    assert result.geomean > 1.2
    assert result.p90_interval.high < 1
    assert result.slower_share == pytest.approx(20 / 96)


def test_replicate_effect_of_many_runs_at_once():
    rng = np.random.default_rng(0)
    baseline, arm = rng.lognormal(size=(2, 7, 6, 10))
    effects = replicate_effect(baseline, arm)
    assert effects.shape == (7, 6)
    assert effects[3, 2] == pytest.approx(np.log(baseline[3, 2] / arm[3, 2]).mean())


@pytest.mark.parametrize("sd", [0.004, 0.02, 0.2])
def test_intervals_cover_with_the_stopping_rule_inside(sd):
    rng = np.random.default_rng(int(sd * 1000))
    arm, twin = replicate_effects(1_000, effect=0.05, sd=sd, replicates=24, rng=rng)
    hits = []
    for one, other in zip(arm, twin, strict=True):
        n = next(n for n in LOOKS if stop_reason([one[:n], other[:n]], budget_spent=False))
        low, high = stats.t.interval(LOOK_LEVEL, n - 1, one[:n].mean(), one[:n].std(ddof=1) / math.sqrt(n))
        hits.append(low <= 0.05 <= high)
    assert np.mean(hits) >= 0.95


def test_stopping_says_why():
    rng = np.random.default_rng(0)
    quiet, loud = rng.normal(0, 0.001, 24), rng.normal(0, 0.2, 24)
    assert stop_reason([quiet[:6]], budget_spent=False) is StopReason.NARROW
    assert stop_reason([quiet[:7]], budget_spent=False) is None
    assert stop_reason([quiet[:6], loud[:6]], budget_spent=False) is None
    assert stop_reason([loud[:6]], budget_spent=True) is StopReason.BUDGET
    assert stop_reason([loud], budget_spent=False) is StopReason.LAST_LOOK
    assert stop_reason([loud[:10]], budget_spent=False, most=12) is StopReason.LAST_LOOK
    assert stop_reason([quiet[:4]], budget_spent=True) is StopReason.BUDGET


def test_wrong_arguments():
    with pytest.raises(ArgusEvalError, match="pair requests"):
        speedup(np.ones((6, 4)), np.ones((6, 5)))
    with pytest.raises(ArgusEvalError, match="positive"):
        speedup(np.ones((6, 4)), np.zeros((6, 4)))
    with pytest.raises(ArgusEvalError, match="replicates, images"):
        speedup(np.ones(6), np.ones(6))
    with pytest.raises(UsageError, match=r"0\.02"):
        stop_reason([np.ones(6)], budget_spent=False, narrow=0)


def test_the_tail_of_small_replicates_is_that_of_neighbours_together():
    """Blocks of three images: three of four became faster, and the slow fourth slower."""
    rng = np.random.default_rng(5)
    size = (24, 3)
    slow = np.arange(72).reshape(size) % 4 == 0
    baseline = np.where(slow, 0.3, 0.1) * np.exp(rng.normal(0, 0.03, size))
    arm = baseline / np.where(slow, 1 / 1.6, 1.2) * np.exp(rng.normal(0, 0.03, size))
    result = speedup(baseline, arm, images=np.arange(72).reshape(size).astype(str))
    assert result.p90 < 1
    assert result.p90_interval.high < 1
    faster = speedup(baseline, baseline / 1.2, images=np.arange(72).reshape(size).astype(str))
    assert faster.p90_interval.low == pytest.approx(1.2)
