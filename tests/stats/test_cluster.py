"""Clustered means, against statsmodels and simulation."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from argus_eval.errors import ArgusEvalError
from argus_eval.stats.cluster import (
    accuracy_interval,
    cluster_robust_interval,
    cluster_totals,
    skewness_corrected_interval,
    skewness_corrected_statistic,
)
from argus_eval.stats.intervals import wilson

from .simulate import clusters_of, correlated_events


def graded_sample(seed=0, items=120, images=30):
    rng = np.random.default_rng(seed)
    return rng.choice([0.0, 0.3, 0.6, 0.9, 1.0], size=items), rng.integers(images, size=items)


def test_cluster_robust_interval_equals_statsmodels():
    values, clusters = graded_sample()
    fit = sm.OLS(values, np.ones_like(values)).fit(cov_type="cluster", cov_kwds={"groups": clusters}, use_t=True)
    interval = cluster_robust_interval(values, clusters, 0.95)
    assert (interval.low, interval.high) == pytest.approx(tuple(fit.conf_int(0.05)[0]))


def test_one_item_an_image_is_the_plain_t_interval():
    values, _ = graded_sample()
    sample = cluster_totals(values, np.arange(values.size))
    assert sample.standard_error == pytest.approx(values.std(ddof=1) / np.sqrt(values.size))


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000))
def test_relabelling_images_and_permuting_items_changes_nothing(seed):
    rng = np.random.default_rng(seed)
    values, clusters = graded_sample(seed)
    names = np.array([f"sha256:{number}" for number in rng.permutation(1_000)[:30]])
    order = rng.permutation(values.size)
    one = accuracy_interval(values, clusters)
    other = accuracy_interval(values[order], names[clusters][order])
    assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=1e-9)


def test_binary_items_of_their_own_images_get_wilson():
    values = np.repeat([1.0, 0.0], [70, 30])
    assert accuracy_interval(values, np.arange(100)) == wilson(70, 100)


def test_shared_images_widen_the_interval():
    values = np.repeat(np.random.default_rng(2).integers(0, 2, size=100).astype(float), 5)
    shared = accuracy_interval(values, clusters_of(500, 5))
    apart = accuracy_interval(values, np.arange(500))
    assert shared.half_width > 2 * apart.half_width


@pytest.mark.parametrize("value", [0.0, 1.0, 0.6])
def test_equal_values_are_not_certain(value):
    interval = accuracy_interval(np.full(900, value), clusters_of(900, 3))
    unseen = 1 - 0.05 ** (1 / 300)
    assert interval.low == pytest.approx(value - value * unseen)
    assert interval.high == pytest.approx(value + (1 - value) * unseen)
    assert interval.half_width > 0


def test_too_few_items_have_no_interval():
    assert accuracy_interval([1.0], ["a"]) is None
    assert accuracy_interval([25.0, 31.0], ["a", "a"]) is None
    assert cluster_robust_interval([0.2, 0.4], ["a", "a"]) is None


def test_one_image_of_many_items_says_little():
    interval = accuracy_interval(np.repeat([1.0, 0.0], [8, 2]), np.zeros(10))
    assert interval.low < 0.1


@pytest.mark.parametrize(
    ("accuracy", "items", "correlation"),
    [(0.6, 300, 0.0), (0.6, 300, 0.3), (0.97, 300, 0.3), (0.995, 900, 0.0)],
)
def test_accuracy_interval_covers(accuracy, items, correlation):
    rng = np.random.default_rng(int(accuracy * 1000 + items + correlation * 10))
    clusters = clusters_of(items, 3)
    hits = []
    for _ in range(200):
        wrong = correlated_events(
            (accuracy, 1 - accuracy), items=items, per_image=3, correlation=correlation, rng=rng
        )
        hits.append(accuracy_interval(1.0 - wrong, clusters).contains(accuracy))
    assert np.mean(hits) >= 0.93 - 3 * np.sqrt(0.05 * 0.95 / 200)


def test_skewness_correction_inverts_its_statistic_and_leans_towards_the_long_tail():
    values, clusters = np.repeat([0.0, 1.0], [180, 20]), np.arange(200)
    sample = cluster_totals(values, clusters)
    interval = skewness_corrected_interval(sample, 0.9)
    low, high = (skewness_corrected_statistic(sample, end) for end in (interval.low, interval.high))
    assert low == pytest.approx(-high, rel=1e-9)
    plain = cluster_robust_interval(values, clusters, 0.9)
    assert interval.low > plain.low
    assert interval.high > plain.high


def test_skewness_correction_mirrors_with_the_data():
    values, clusters = graded_sample(6)
    one = skewness_corrected_interval(cluster_totals(values, clusters))
    other = skewness_corrected_interval(cluster_totals(-values, clusters))
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))


def test_weights_repeat_items():
    values, clusters = graded_sample(7, items=20, images=6)
    weights = np.random.default_rng(7).integers(1, 4, size=20)
    weighted = cluster_totals(values, clusters, weights)
    repeated = cluster_totals(np.repeat(values, weights), np.repeat(clusters, weights))
    assert weighted.mean == pytest.approx(repeated.mean)
    assert weighted.standard_error == pytest.approx(repeated.standard_error)


@pytest.mark.parametrize(
    ("values", "clusters"), [([], []), ([1.0, float("nan")], [0, 1]), ([1.0, 0.0], [0]), ([[1.0]], [[0]])]
)
def test_unusable_values_are_refused(values, clusters):
    with pytest.raises(ArgusEvalError, match="clustered values"):
        cluster_totals(values, clusters)
