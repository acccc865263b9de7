"""The cluster bootstrap, on statistics whose error is known otherwise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from argus_eval.errors import ArgusEvalError, UsageError
from argus_eval.stats.bootstrap import cluster_bootstrap, cluster_weights, paired_cluster_bootstrap
from argus_eval.stats.cluster import cluster_robust_interval

from .simulate import clusters_of


def weighted_mean(values):
    return lambda weights: float(np.average(values, weights=weights)) if weights.any() else None


def sample(seed=0, images=300, per_image=3):
    rng = np.random.default_rng(seed)
    clusters = clusters_of(images * per_image, per_image)
    return rng.normal(size=images)[clusters] + rng.normal(size=clusters.size), clusters


def test_interval_of_a_mean_is_the_cluster_robust_one():
    values, clusters = sample()
    result = cluster_bootstrap(weighted_mean(values), clusters, seed=1, draws=4_000)
    robust = cluster_robust_interval(values, clusters)
    assert result.estimate == pytest.approx(values.mean())
    assert (result.interval.low, result.interval.high) == pytest.approx((robust.low, robust.high), abs=0.012)


def test_interval_of_a_median_is_that_of_scipy():
    values = np.random.default_rng(2).lognormal(size=201)
    expected = stats.bootstrap((values,), np.median, n_resamples=4_000, method="percentile", rng=3)
    result = cluster_bootstrap(
        lambda weights: float(np.median(np.repeat(values, weights.astype(int)))),
        np.arange(values.size),
        seed=4,
        draws=4_000,
    )
    interval = expected.confidence_interval
    assert (result.interval.low, result.interval.high) == pytest.approx((interval.low, interval.high), abs=0.03)


def test_an_image_is_drawn_whole_and_the_number_of_images_stays():
    clusters = np.array(["b", "a", "b", "c"])
    for weights in cluster_weights(clusters, 50, 0):
        assert weights[0] == weights[2]
        assert weights[0] + weights[1] + weights[3] == 3


def test_pairing_cancels_what_both_arms_share():
    values, clusters = sample(5)
    result = paired_cluster_bootstrap(
        weighted_mean(values), weighted_mean(values - 0.25), clusters, seed=6, draws=1_000
    )
    assert result.interval.low == pytest.approx(-0.25)
    assert result.interval.high == pytest.approx(-0.25)


def test_swapping_the_arms_flips_the_sign():
    one, clusters = sample(7)
    other = sample(8)[0]
    forward = paired_cluster_bootstrap(weighted_mean(one), weighted_mean(other), clusters, seed=9, draws=1_000)
    back = paired_cluster_bootstrap(weighted_mean(other), weighted_mean(one), clusters, seed=9, draws=1_000)
    assert forward.interval.low == pytest.approx(-back.interval.high)


def test_keeping_a_fraction_tests_that_fraction():
    values, clusters = sample(10)
    result = paired_cluster_bootstrap(
        weighted_mean(values + 5), weighted_mean(values + 5), clusters, seed=0, draws=1_000, keep=0.9
    )
    assert result.estimate == pytest.approx(0.1 * (values.mean() + 5))


def test_few_images_have_draws_but_no_interval():
    values, clusters = sample(images=199)
    result = cluster_bootstrap(weighted_mean(values), clusters, seed=0, draws=1_000)
    assert result.interval is None
    assert result.draws.size == 1_000


def test_a_statistic_that_is_often_undefined_has_no_interval():
    values, clusters = sample()
    calls = iter(range(10_000))
    result = cluster_bootstrap(
        lambda weights: None if next(calls) % 20 == 0 else weighted_mean(values)(weights),
        clusters,
        seed=0,
        draws=1_000,
    )
    assert result.undefined == 50
    assert result.interval is None


def test_refusals():
    values, clusters = sample()
    with pytest.raises(UsageError, match="1,000"):
        cluster_bootstrap(weighted_mean(values), clusters, seed=0, draws=100)
    with pytest.raises(ArgusEvalError, match="no item"):
        next(cluster_weights([], 1, 0))
