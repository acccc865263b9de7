"""Bounds of a mean with few deviating values, against the exact binomial and brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from argus_eval.errors import ArgusEvalError
from argus_eval.stats.bounded_mean import lower_bound, probability_mean_above, upper_bound


def differences(n, lost, gained):
    values = np.zeros(n)
    values[:lost] = -1
    values[lost : lost + gained] = 1
    return values


@pytest.mark.parametrize(("n", "lost"), [(300, 0), (300, 1), (300, 7), (60, 29), (10, 9), (2, 1)])
def test_only_losses_give_the_clopper_pearson_bound(n, lost):
    bound = lower_bound(differences(n, lost, 0), np.ones(n), -1.0, 0.05)
    exact = stats.binomtest(lost, n).proportion_ci(0.9, method="exact").high
    assert bound == pytest.approx(-exact, abs=1e-6)


def test_no_deviating_value_gives_the_rule_of_three():
    assert lower_bound(np.zeros(900), np.ones(900), -1.0, 0.05) == pytest.approx(
        -(1 - 0.05 ** (1 / 900)), rel=1e-12
    )


@pytest.mark.parametrize(("n", "lost", "gained"), [(300, 5, 3), (40, 2, 9), (900, 14, 15)])
def test_mixed_differences_match_dirichlet_draws(n, lost, gained):
    draws = np.random.default_rng(0).dirichlet([lost + 1, gained, n - lost - gained], size=400_000)
    expected = np.quantile(draws[:, 1] - draws[:, 0], 0.05)
    bound = lower_bound(differences(n, lost, gained), np.ones(n), -1.0, 0.05)
    assert bound == pytest.approx(expected, rel=0.01)


def test_graded_clusters_of_unequal_size_match_draws():
    rng = np.random.default_rng(5)
    sizes = rng.integers(1, 6, size=80).astype(float)
    totals = np.where(rng.random(80) < 0.15, rng.choice([0.3, 0.6, 1.0], 80), 0) * sizes
    weights = rng.standard_exponential((200_000, 81))
    worst = (sizes**2).sum() / sizes.sum()
    means = (weights[:, :-1] @ totals + weights[:, -1] * worst) / (
        weights[:, :-1] @ sizes + weights[:, -1] * worst
    )
    assert upper_bound(totals, sizes, 1.0, 0.05) == pytest.approx(np.quantile(means, 0.95), rel=0.01)


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(10, 400),
    lost=st.integers(0, 5),
    gained=st.integers(0, 5),
    alpha=st.sampled_from([0.01, 0.025, 0.05]),
)
def test_the_bound_is_where_the_p_value_is_alpha(n, lost, gained, alpha):
    values = differences(n, lost, gained)
    bound = upper_bound(values, np.ones(n), 1.0, alpha)
    assert values.mean() < bound <= 1
    assert probability_mean_above(values, np.ones(n), 1.0, bound) == pytest.approx(alpha, rel=1e-3)
    assert lower_bound(-values, np.ones(n), -1.0, alpha) == pytest.approx(-bound)


@pytest.mark.parametrize("share", [0.01, 0.03, 0.1])
@pytest.mark.parametrize("n", [30, 120, 300])
def test_bounds_hold_their_level_for_graded_losses(share, n):
    rng = np.random.default_rng(int(1000 * share) + n)
    grades, odds = np.array([0.0, 0.3, 0.6, 1.0]), np.array([1 - share, share / 2, share / 4, share / 4])
    truth = float(grades @ odds)
    tails = []
    for counts in rng.multinomial(n, odds, size=400):
        values = np.repeat(grades, counts)
        tails.append(probability_mean_above(values, np.ones(n), 1.0, truth))
    assert np.mean(np.array(tails) < 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)


def test_a_value_beyond_its_bound_is_an_error():
    with pytest.raises(ArgusEvalError, match="beyond its bound"):
        upper_bound(np.array([2.0, 0.0]), np.ones(2), 1.0, 0.05)
