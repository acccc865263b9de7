"""Drift of the machine and the price of instrumentation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from argus_eval.errors import ArgusEvalError
from argus_eval.stats.drift import drift, paired_overhead, replayed_overhead


def sentinels(total, noise, n=40, seed=0):
    rng = np.random.default_rng(seed)
    times = np.sort(rng.uniform(100, 700, n))
    share = (times - times.min()) / np.ptp(times)
    return times, 0.05 * np.exp(math.log1p(total) * share + rng.normal(0, noise, n))


def test_drift_is_the_theil_sen_total():
    times, latencies = sentinels(0.1, 0.01)
    expected = stats.theilslopes(np.log(latencies), times, alpha=0.95)
    span = np.ptp(times)
    result = drift(times, latencies)
    assert result.total == pytest.approx(math.expm1(expected.slope * span))
    assert result.interval.low == pytest.approx(math.expm1(expected.low_slope * span))
    assert result.interval.contains(0.1)


@pytest.mark.parametrize(
    ("total", "noise", "flagged"), [(0.0, 0.005, False), (0.1, 0.005, True), (0.0, 0.2, True), (-0.1, 0.005, True)]
)
def test_what_cannot_be_excluded_is_flagged(total, noise, flagged):
    assert drift(*sentinels(total, noise)).flagged is flagged


def test_a_quarter_of_disturbed_sentinels_do_not_drift():
    times, latencies = sentinels(0.0, 0.003)
    latencies[::5] *= 3
    assert abs(drift(times, latencies).total) < 0.01


def test_different_sentinels_are_compared_with_themselves():
    times, latencies = sentinels(0.05, 0.002)
    names = np.array(["small", "large"] * 20)
    scaled = np.where(names == "large", 9 * latencies, latencies)
    assert drift(times, scaled, requests=list(names)).total == pytest.approx(0.05, abs=0.01)


def test_the_interval_covers():
    hits = [drift(*sentinels(0.03, 0.02, n=24, seed=seed)).interval.contains(0.03) for seed in range(200)]
    assert np.mean(hits) >= 0.92


def test_settled_is_a_trend_interval_that_contains_zero():
    assert drift(*sentinels(0.0, 0.05)).settled
    assert not drift(*sentinels(-0.4, 0.02)).settled


def test_too_few_sentinels_say_nothing():
    assert drift(np.arange(5.0), np.ones(5)) is None
    assert drift(np.ones(9), np.ones(9)) is None
    with pytest.raises(ArgusEvalError, match="latencies > 0"):
        drift(np.arange(9.0), np.zeros(9))


def test_replayed_overhead_bounds_the_usual_request_whatever_interrupts_a_few() -> None:
    rng = np.random.default_rng(2)
    covered, repetitions = 0, 400
    for _ in range(repetitions):
        shares = 0.004 * np.exp(rng.normal(0, 0.3, 24))
        shares[:2] *= 100
        found = replayed_overhead(shares)
        assert found is not None
        assert found.lower <= found.cost <= found.upper
        assert not found.hides_stages
        covered += found.upper >= 0.004
    assert covered / repetitions > 0.93
    assert replayed_overhead(np.full(24, 0.03)).hides_stages  # type: ignore[union-attr]
    assert replayed_overhead(np.full(4, 0.03)) is None
    assert replayed_overhead(np.empty(0)) is None


def test_paired_overhead_finds_a_small_price_under_large_differences() -> None:
    rng = np.random.default_rng(5)
    covered, below, repetitions = 0, 0, 400
    for _ in range(repetitions):
        image = rng.uniform(0.01, 0.1, (40, 1))
        moment = np.exp(rng.normal(0, 0.02, (40, 1)))
        off = image * moment * np.exp(rng.normal(0, 0.03, (40, 3)))
        on = 1.01 * image * moment * np.exp(rng.normal(0, 0.03, (40, 3)))
        found = paired_overhead(on, off)
        assert found is not None
        covered += found.upper >= 0.01
        below += found.lower <= 0.01
    # 95 % of the one-sided bounds lie beyond the truth.
    assert 0.92 < covered / repetitions < 0.98
    assert 0.92 < below / repetitions < 0.98


def test_paired_overhead_needs_two_rows_of_the_same_requests() -> None:
    assert paired_overhead(np.ones((1, 3)), np.ones((1, 3))) is None
    with pytest.raises(ArgusEvalError, match="two equal shapes"):
        paired_overhead(np.ones((3, 3)), np.ones((3, 2)))
