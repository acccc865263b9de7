"""Intervals of independent values, against scipy and statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from argus_eval.errors import ArgusEvalError, UsageError
from argus_eval.stats.intervals import (
    Interval,
    early_stopping_bound,
    minimum_requests,
    order_statistic_interval,
    quantile_with_minimum,
    t_bounds,
    t_interval,
    wilson,
)


@pytest.mark.parametrize(("successes", "n"), [(0, 1), (0, 40), (3, 10), (17, 20), (899, 900), (900, 900)])
@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_wilson_equals_statsmodels(successes, n, level):
    low, high = proportion_confint(successes, n, alpha=1 - level, method="wilson")
    interval = wilson(successes, n, level)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=1e-12)
    assert interval.level == level


def test_wilson_has_nothing_to_say_about_no_items():
    assert wilson(0, 0) is None


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_mirrors_when_success_and_failure_swap(pair):
    successes, n = pair
    one, other = wilson(successes, n), wilson(n - successes, n)
    assert one.low == pytest.approx(1 - other.high, abs=1e-12)
    assert 0 <= one.low <= successes / n <= one.high <= 1
    assert one.half_width > 0


def test_t_interval_equals_scipy():
    values = np.random.default_rng(0).normal(3, 2, size=12)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.9875)
    interval = t_interval(values, 0.9875)
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high))


def test_t_bounds_of_many_rows_are_those_of_each_row():
    values = np.random.default_rng(1).normal(size=(5, 3, 6))
    low, high = t_bounds(values, 0.9)
    assert low.shape == (5, 3)
    one = t_interval(values[4, 2], 0.9)
    assert (low[4, 2], high[4, 2]) == pytest.approx((one.low, one.high))


def test_t_interval_needs_two_values():
    assert t_interval([1.0]) is None
    with pytest.raises(ArgusEvalError, match="at least 2"):
        t_bounds(np.ones((4, 1)))


def test_order_statistic_ranks_of_a_median():
    # n = 20: ranks 6 and 15 (Conover, Practical Nonparametric Statistics, table of the binomial)
    interval = order_statistic_interval(np.arange(1.0, 21.0), 0.5)
    assert (interval.low, interval.high) == (6, 15)


@pytest.mark.parametrize(("n", "exists"), [(5, False), (6, True)])
def test_a_median_needs_six_values_for_an_interval(n, exists):
    assert (order_statistic_interval(np.arange(float(n)), 0.5) is not None) is exists


@pytest.mark.parametrize(("q", "n"), [(0.5, 25), (0.9, 64), (0.9, 200), (0.99, 700)])
def test_order_statistic_interval_covers(q, n):
    rng = np.random.default_rng(int(n * q))
    samples = rng.lognormal(sigma=0.8, size=(1_500, n))
    truth = float(stats.lognorm(0.8).ppf(q))
    intervals = [order_statistic_interval(row, q) for row in samples]
    assert np.mean([interval is not None and interval.contains(truth) for interval in intervals]) >= 0.94


@pytest.mark.parametrize(("q", "n"), [(0.5, 1), (0.9, 64), (0.95, 130), (0.99, 662), (0.999, 6_636)])
def test_minimum_number_of_requests(q, n):
    assert minimum_requests(q) == n


@pytest.mark.parametrize(("q", "n"), [(0.9, 63), (0.99, 661)])
def test_too_few_requests_have_no_percentile(q, n):
    values = np.linspace(1, 2, n)
    assert quantile_with_minimum(values, q) is None
    assert quantile_with_minimum(np.append(values, 2.1), q) is not None


def test_repeating_one_request_does_not_make_it_many():
    values = np.linspace(1, 2, 64)
    names = [f"image {i % 8}" for i in range(64)]
    assert quantile_with_minimum(values, 0.9, requests=names) is None
    median = quantile_with_minimum(values, 0.5, requests=names)
    assert median.n == 8


def test_early_stopping_bound_is_an_upper_confidence_bound():
    rng = np.random.default_rng(3)
    samples = rng.exponential(size=(1_000, 200))
    truth = float(stats.expon.ppf(0.9))
    bounds = [early_stopping_bound(row, 0.9) for row in samples]
    assert np.mean([bound >= truth for bound in bounds]) >= 0.985
    assert early_stopping_bound(samples[0][:63], 0.9) is None
    assert early_stopping_bound(samples[0][:64], 0.9) == samples[0][:64].max()


def test_an_interval_refuses_what_is_not_one():
    with pytest.raises(ArgusEvalError, match="NaN"):
        Interval(low=float("nan"), high=1.0, level=0.95)
    with pytest.raises(UsageError, match=r"0\.95"):
        wilson(1, 2, level=95)
    with pytest.raises(UsageError, match="90th"):
        order_statistic_interval([1.0, 2.0], 90)


def test_clipping_keeps_the_possible_part():
    assert Interval(low=-0.1, high=0.2, level=0.95).clip(0, 1) == Interval(low=0, high=0.2, level=0.95)
