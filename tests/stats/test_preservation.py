"""Accuracy preservation: verdicts, degenerate data, invariances, and error rates on simulated answers."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.weightstats import ttost_paired

from argus_eval.errors import ArgusEvalError, UsageError
from argus_eval.stats.pairs import PairedScores, pool
from argus_eval.stats.power import answer_variance, fail_power, pass_power
from argus_eval.stats.preservation import Margin, Method, exact_mcnemar, preservation
from argus_eval.stats.verdict import Verdict

from .simulate import Pairs, paired_answers, paired_grades

POINT = Margin(absolute=0.01)


def scored(pairs: Pairs) -> PairedScores:
    return PairedScores(baseline=pairs.baseline, arm=pairs.arm, clusters=pairs.clusters)


def counts(n, lost=0, gained=0, accuracy=0.6):
    """Answers of one item an image, with exactly these changes."""
    baseline = np.zeros(n)
    baseline[: round(accuracy * n)] = 1
    arm = baseline.copy()
    arm[:lost] = 0
    arm[n - gained :] = 1
    return PairedScores(baseline=baseline, arm=arm, clusters=np.arange(n))


def tango_bounds(lost, gained, n, z=1.6448536269514722):
    """Tango's (1998) score interval of a paired difference, by bisection on his restricted estimate."""

    def statistic(delta):
        a = 2 * n
        b = -lost - gained + (2 * n - gained + lost) * delta
        c = -lost * delta * (1 - delta)
        q = (np.sqrt(b * b - 4 * a * c) - b) / (2 * a)
        return (gained - lost - n * delta) / np.sqrt(n * (2 * q + delta * (1 - delta)))

    def root(sign):
        inside, outside = (gained - lost) / n, sign * (1 - 1e-9)
        for _ in range(80):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if abs(statistic(middle)) < z else (inside, middle)
        return inside

    return root(-1), root(1)


@pytest.mark.parametrize(
    ("lost", "gained", "n"), [(0, 0, 900), (3, 1, 900), (9, 9, 900), (12, 4, 400), (1, 8, 300)]
)
def test_few_discordant_pairs_are_close_to_tango_and_never_tighter_where_it_matters(lost, gained, n):
    low, high = tango_bounds(lost, gained, n)
    interval = preservation(counts(n, lost, gained), POINT).interval
    assert interval.low == pytest.approx(low, abs=0.25 * (high - low))
    assert interval.high == pytest.approx(high, abs=0.25 * (high - low))
    assert interval.high - interval.low >= 0.95 * (high - low)


@pytest.mark.parametrize(("lost", "gained", "n"), [(40, 30, 900), (60, 80, 2_500)])
def test_many_discordant_pairs_are_close_to_tango(lost, gained, n):
    low, high = tango_bounds(lost, gained, n)
    result = preservation(counts(n, lost, gained), POINT)
    assert result.method is Method.SKEWNESS_CORRECTED
    assert (result.interval.low, result.interval.high) == pytest.approx((low, high), abs=0.03 * (high - low))


def test_p_values_are_those_of_two_one_sided_t_tests_where_nothing_is_skewed():
    rng = np.random.default_rng(0)
    baseline = rng.uniform(0.3, 0.7, 4_000)
    arm = baseline + rng.normal(-0.002, 0.08, 4_000)
    result = preservation(
        PairedScores(baseline=baseline, arm=arm, clusters=np.arange(4_000)), Margin(absolute=0.005)
    )
    _, (_, above, _), _ = ttost_paired(arm, baseline, -0.005, 0.005)
    assert result.p_pass == pytest.approx(above, rel=0.05)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 40), st.integers(0, 40))
def test_exact_mcnemar_equals_statsmodels(lost, gained):
    assert exact_mcnemar(lost, gained) == pytest.approx(mcnemar([[10, lost], [gained, 10]], exact=True).pvalue)


def test_no_discordance_at_all_follows_the_rule_of_three():
    result = preservation(counts(900), POINT)
    assert result.verdict is Verdict.PASS
    assert result.interval.low == pytest.approx(-(1 - 0.05 ** (1 / 900)))
    assert preservation(counts(298), POINT).verdict is Verdict.INCONCLUSIVE
    assert preservation(counts(299), POINT).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("lost", "gained", "verdict"),
    [
        (1, 0, Verdict.PASS),
        (5, 0, Verdict.INCONCLUSIVE),
        (25, 0, Verdict.FAIL),
        (0, 25, Verdict.PASS),
        (200, 20, Verdict.FAIL),
        (200, 260, Verdict.PASS),
        (200, 200, Verdict.INCONCLUSIVE),
    ],
)
def test_verdicts(lost, gained, verdict):
    result = preservation(counts(900, lost, gained, accuracy=0.65), POINT)
    assert result.verdict is verdict
    assert (result.lost, result.gained) == (lost, gained)
    assert result.difference == pytest.approx((gained - lost) / 900)


@pytest.mark.parametrize("n", [40, 900])
@pytest.mark.parametrize("accuracy", [0.2, 0.6, 1.0])
def test_an_arm_that_answers_nothing_fails(n, accuracy):
    scores = counts(n, accuracy=accuracy)
    silent = dataclasses.replace(scores, arm=np.zeros(n))
    result = preservation(silent, POINT)
    assert result.verdict is Verdict.FAIL
    assert result.interval.half_width > 0


def test_identical_by_hash_passes_with_any_n():
    result = preservation(counts(60), POINT, identical=True)
    assert result.verdict is Verdict.PASS_IDENTICAL
    assert "unseen loss at most 5 points" in result.reason
    with pytest.raises(ArgusEvalError, match="broken L0 claim"):
        preservation(counts(60, lost=1), POINT, identical=True)


def test_no_pair_is_not_measured():
    assert preservation(counts(0), POINT).verdict is Verdict.NOT_MEASURED


def test_an_undecided_test_says_what_would_decide():
    undecided = counts(900, lost=30, gained=30)
    result = preservation(undecided, POINT)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert result.needed == 4_130
    assert result.reason == "needs 4,130; has 900"
    small = preservation(undecided, POINT, available=900)
    assert small.reason == "cannot be decided on this benchmark (needs 4,130; has 900)"


def test_the_n_that_would_decide_decides():
    rng = np.random.default_rng(1)
    first = preservation(counts(900, lost=20, gained=20), POINT)
    verdicts = [
        preservation(
            scored(paired_answers(items=first.needed, discordance=40 / 900, loss=0, rng=rng)), POINT
        ).verdict
        for _ in range(100)
    ]
    assert 0.65 <= np.mean([verdict is Verdict.PASS for verdict in verdicts]) <= 0.9


def test_few_pairs_without_discordance_need_three_hundred():
    assert preservation(counts(100), POINT).needed == 300


def test_keeping_a_fraction_scales_the_margin_with_the_baseline():
    margin = Margin(keep=0.99)
    good, poor = counts(5_000, lost=20, accuracy=0.9), counts(5_000, lost=20, accuracy=0.1)
    assert preservation(good, margin).verdict is Verdict.PASS
    assert preservation(poor, margin).verdict is Verdict.FAIL


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.02, 0.2]))
def test_relabelling_images_and_permuting_samples_changes_nothing(seed, discordance):
    rng = np.random.default_rng(seed)
    pairs = paired_grades(items=400, discordance=discordance, loss=0, rng=rng, per_image=3, correlation=0.3)
    order = rng.permutation(400)
    names = np.array([f"image {i}" for i in rng.permutation(200)])
    one = preservation(scored(pairs), POINT)
    other = preservation(
        PairedScores(baseline=pairs.baseline[order], arm=pairs.arm[order], clusters=names[pairs.clusters][order]),
        POINT,
    )
    assert (one.interval.low, one.interval.high) == pytest.approx(
        (other.interval.low, other.interval.high), abs=1e-7
    )
    assert one.verdict is other.verdict


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.02, 0.2]))
def test_swapping_the_arms_flips_the_sign(seed, discordance):
    pairs = paired_answers(
        items=400, discordance=discordance, loss=0, rng=np.random.default_rng(seed), per_image=2
    )
    forward = preservation(scored(pairs), POINT)
    back = preservation(PairedScores(baseline=pairs.arm, arm=pairs.baseline, clusters=pairs.clusters), POINT)
    assert forward.interval.low == pytest.approx(-back.interval.high, abs=1e-7)
    assert forward.difference == pytest.approx(-back.difference)
    assert (forward.lost, forward.gained) == (back.gained, back.lost)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 40))
def test_losing_more_never_helps(seed, more):
    rng = np.random.default_rng(seed)
    pairs = scored(paired_answers(items=500, discordance=0.06, loss=0, rng=rng))
    worse = pairs.arm.copy()
    worse[np.flatnonzero((worse == 1) & (pairs.baseline == 1))[:more]] = 0
    before, after = preservation(pairs, POINT), preservation(dataclasses.replace(pairs, arm=worse), POINT)
    assert after.difference < before.difference
    if before.verdict is Verdict.FAIL:
        assert after.verdict is Verdict.FAIL
    if after.verdict is Verdict.PASS:
        assert before.verdict is Verdict.PASS


def test_verdicts_agree_with_the_interval():
    rng = np.random.default_rng(3)
    for _ in range(60):
        pairs = paired_answers(items=600, discordance=0.05, loss=rng.uniform(-0.05, 0.05), rng=rng, per_image=2)
        result = preservation(scored(pairs), POINT)
        assert (result.verdict is Verdict.PASS) == (result.interval.low > -0.01)
        assert (result.verdict is Verdict.FAIL) == (result.interval.high < -0.01)


def test_a_mean_over_tasks_weighs_tasks_alike():
    small, large = counts(100, lost=10), counts(900)
    group = pool([small, dataclasses.replace(large, clusters=np.arange(1_000, 1_900))])
    assert group.mean_arm - group.mean_baseline == pytest.approx(-0.05)
    assert preservation(group, POINT).images == 1_000


def test_an_image_shared_by_tasks_stays_one_cluster():
    assert preservation(pool([counts(300), counts(300)]), POINT).images == 300


def rates(generate, repetitions, margin, **changes):
    """Shares of PASS and FAIL over repetitions."""
    verdicts = [preservation(scored(generate(**changes)), margin).verdict for _ in range(repetitions)]
    return tuple(np.mean([verdict is wanted for verdict in verdicts]) for wanted in (Verdict.PASS, Verdict.FAIL))


def limit(rate, repetitions):
    return rate + 3 * np.sqrt(rate * (1 - rate) / repetitions)


@pytest.mark.parametrize(("discordance", "items"), [(0.01, 3_500), (0.04, 2_500), (0.08, 1_500)])
@pytest.mark.parametrize("correlation", [0.0, 0.3])
def test_error_rates_at_the_margin(discordance, items, correlation):
    rng = np.random.default_rng(int(1_000 * discordance + 10 * correlation))
    passed, failed = rates(
        paired_answers, 80, POINT, items=items, discordance=discordance, loss=0.01, rng=rng, per_image=3,
        correlation=correlation,
    )  # fmt: skip
    assert passed <= limit(0.05, 80)
    assert failed <= limit(0.05, 80)


def test_a_loss_of_two_points_fails_with_the_stated_power():
    rng = np.random.default_rng(5)
    stated = fail_power(0.01, 0.02, answer_variance(0.04, 0.02), 2_500)
    _, failed = rates(paired_answers, 400, POINT, items=2_500, discordance=0.04, loss=0.02, rng=rng)
    assert stated == pytest.approx(0.81, abs=0.005)
    assert failed == pytest.approx(stated, abs=3 * np.sqrt(stated * (1 - stated) / 400) + 0.005)


@pytest.mark.slow
@pytest.mark.parametrize("correlation", [0.0, 0.3])
@pytest.mark.parametrize("discordance", [0.01, 0.04, 0.08])
@pytest.mark.parametrize("items", [900, 2_500])
@pytest.mark.parametrize("per_image", [1, 3, 10])
def test_error_rates_of_exchangeable_and_marginal_arms_in_full(discordance, correlation, items, per_image):
    if per_image == 1 and correlation:
        pytest.skip("one item an image has no correlation")
    rng = np.random.default_rng(items + per_image)
    shape = {"items": items, "discordance": discordance, "rng": rng, "per_image": per_image}
    passed, failed = rates(paired_answers, 2_000, POINT, loss=0.01, correlation=correlation, **shape)
    assert passed <= limit(0.05, 2_000)
    assert failed <= limit(0.05, 2_000)
    _, failed = rates(paired_answers, 500, POINT, loss=0.0, correlation=correlation, **shape)
    assert failed <= 0.06


@pytest.mark.slow
@pytest.mark.parametrize("correlation", [0.0, 0.3])
@pytest.mark.parametrize(("discordance", "loss"), [(0.04, 0.01), (0.08, 0.01), (0.08, 0.03)])
@pytest.mark.parametrize("items", [300, 900, 2_500])
def test_error_rates_of_graded_scores_in_full(discordance, loss, correlation, items):
    rng = np.random.default_rng(items)
    passed, failed = rates(
        paired_grades, 2_000, Margin(absolute=loss), items=items, discordance=discordance, loss=loss, rng=rng,
        per_image=3, correlation=correlation,
    )  # fmt: skip
    assert passed <= limit(0.05, 2_000)
    assert failed <= limit(0.05, 2_000)


@pytest.mark.slow
def test_power_in_full():
    rng = np.random.default_rng(6)
    variance = answer_variance(0.04, 0.02)
    _, failed = rates(paired_answers, 2_000, POINT, items=2_500, discordance=0.04, loss=0.02, rng=rng)
    assert failed == pytest.approx(fail_power(0.01, 0.02, variance, 2_500), abs=0.02)
    passed, _ = rates(paired_answers, 2_000, POINT, items=2_500, discordance=0.04, loss=0.0, rng=rng)
    assert passed == pytest.approx(pass_power(0.01, 0.0, answer_variance(0.04), 2_500), abs=0.025)


@pytest.mark.parametrize("margin", [{"absolute": 1.0}, {"absolute": -0.01}, {"keep": 0.0}, {"keep": 99.0}])
def test_margins_that_are_per_cent_are_refused(margin):
    with pytest.raises(UsageError, match=r"0\.01 is one point"):
        Margin(**margin)


def test_unjoined_or_unbounded_scores_are_refused():
    with pytest.raises(ArgusEvalError, match="join the arms"):
        PairedScores(baseline=np.ones(3), arm=np.ones(4), clusters=np.arange(3))
    with pytest.raises(ArgusEvalError, match="CIDEr"):
        PairedScores(baseline=np.ones(3), arm=np.full(3, 1.2), clusters=np.arange(3))
    with pytest.raises(ArgusEvalError, match="leave out unmeasured"):
        pool([counts(0)])
