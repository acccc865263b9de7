"""The claim rule: each condition on its own, the words, and its error rates."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from argus_eval.stats.claims import Contrast, judge, judge_all, noise_floor, time_change
from argus_eval.stats.detectable import claim_power, minimum_detectable_effect
from argus_eval.stats.intervals import Interval
from argus_eval.stats.latency import LOOKS, Speedup, speedup, stop_reason
from argus_eval.stats.verdict import AccuracyStatus

from .simulate import latencies, replicate_effects

LN_1_9 = math.log(1.9)
SPREAD = np.array([-1.3, -0.6, -0.2, 0.2, 0.6, 1.3])


def measured(log_ratio, sd=0.005, **changes):
    """A speed-up whose replicate effects have exactly this mean and a fixed pattern of noise."""
    effects = log_ratio + sd * SPREAD
    times = np.ones((6, 70))
    return dataclasses.replace(speedup(times, times * np.exp(-effects)[:, None]), **changes)


def contrast(log_ratio=LN_1_9, *, twin=0.0, accuracy=AccuracyStatus.PASS, **changes):
    return Contrast(
        metric="TTFT",
        arm="lossless",
        speedup=measured(log_ratio, **changes),
        twin=None if twin is None else measured(twin),
        accuracy=accuracy,
        accuracy_n=900,
    )


def test_a_claim_in_words():
    claim = judge(contrast())
    assert claim.claim
    assert claim.sentence == "TTFT −47 % (1.9×)"
    assert claim.ratio == pytest.approx(1.9)
    assert claim.interval.contains(1.9)
    assert claim.aa.ratio == pytest.approx(1)
    assert claim.aa.interval.level == 0.95


@pytest.mark.parametrize(
    ("ratio", "sentence"),
    [(1.02, "TTFT −2.0 % (1.02×)"), (1.33, "TTFT −25 % (1.33×)"), (15.1, "TTFT −93 % (15×)")],
)
def test_small_and_large_effects_keep_their_digits(ratio, sentence):
    assert judge(contrast(math.log(ratio), sd=0.0005)).sentence == sentence


@pytest.mark.parametrize("accuracy", [AccuracyStatus.HASH_EQUAL, AccuracyStatus.PASS_IDENTICAL])
def test_equal_hashes_and_identical_outputs_preserve_accuracy(accuracy):
    assert judge(contrast(accuracy=accuracy)).claim


@pytest.mark.parametrize(
    ("accuracy", "words"),
    [
        (AccuracyStatus.INCONCLUSIVE, "(INCONCLUSIVE, n = 900)"),
        (AccuracyStatus.NOT_MEASURED, "(NOT_MEASURED, n = 900)"),
        (AccuracyStatus.HASH_DIFFERS, "(hashes differ, n = 900)"),
        (AccuracyStatus.FAIL, "(FAIL, n = 900)"),
        (AccuracyStatus.INVALID, "(INVALID, n = 900)"),
    ],
)
def test_speed_without_accuracy_is_no_claim(accuracy, words):
    claim = judge(contrast(accuracy=accuracy))
    assert not claim.claim
    assert claim.sentence == f"TTFT −47 %; accuracy preservation not shown {words}"


def test_accuracy_that_was_never_scored_has_no_n():
    claim = judge(dataclasses.replace(contrast(accuracy=AccuracyStatus.NOT_MEASURED), accuracy_n=None))
    assert claim.sentence == "TTFT −47 %; accuracy preservation not shown (NOT_MEASURED)"


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        (contrast(twin=None), "no A/A twin"),
        (contrast(twin=0.02), "two builds of the baseline differ"),
        (contrast(0.004), "after Holm"),
        (contrast(0.0092), "A/A interval"),
        (contrast(median=0.97), "median image is slower"),
        (contrast(p90_interval=Interval(low=0.8, high=0.95, level=0.95)), "90th percentile is slower"),
        (contrast(p_value=None, interval=None, replicates=3), "3 replicate"),
    ],
)
def test_each_condition_alone_forbids_the_claim(case, reason):
    if "A/A interval" in reason:
        case = dataclasses.replace(case, speedup=measured(0.0092, sd=0.0005), twin=measured(0.005, sd=0.005))
    claim = judge(case)
    assert not claim.claim
    assert claim.sentence == "TTFT: no difference shown"
    assert reason in claim.reason


def test_slower_is_said_but_not_claimed():
    claim = judge(contrast(-math.log(1.12)))
    assert not claim.claim
    assert claim.sentence == "TTFT +12 % (0.89×)"
    assert claim.shown == "slower"


def test_what_is_shown_of_the_speed_does_not_ask_for_accuracy():
    assert judge(contrast()).shown == "faster"
    assert judge(contrast(accuracy=AccuracyStatus.INCONCLUSIVE)).shown == "faster"
    assert judge(contrast(0.004)).shown is None
    assert judge(contrast(-0.004)).shown is None


def test_holm_runs_over_all_contrasts():
    borderline = contrast(0.0095)
    assert judge(borderline).claim
    family = [dataclasses.replace(borderline, metric=f"stage {i}") for i in range(8)]
    assert not any(claim.claim for claim in judge_all(family))
    clear = [dataclasses.replace(contrast(0.5), metric=f"stage {i}") for i in range(8)]
    assert all(claim.claim for claim in judge_all(clear))


def test_one_restless_twin_leaves_the_run_without_claims():
    fine, restless = contrast(), dataclasses.replace(contrast(twin=0.03), metric="E2E")
    assert [claim.claim for claim in judge_all([fine, restless])] == [False, False]


def test_contrasts_without_an_interval_do_not_cost_the_others():
    silent = contrast(p_value=None, interval=None, replicates=2)
    claims = judge_all([contrast(0.0095), *[silent] * 20])
    assert [claim.claim for claim in claims] == [True] + [False] * 20


def test_a_clock_without_noise_is_a_quiet_twin():
    times = np.random.default_rng(0).lognormal(size=(6, 70))
    case = dataclasses.replace(contrast(), speedup=speedup(times, times / 2), twin=speedup(times, times * 1.0))
    assert judge(case).sentence == "TTFT −50 % (2.0×)"


def test_no_twin_no_floor():
    assert noise_floor(None) is None


@pytest.mark.parametrize(("ratio", "text"), [(1.9, "−47 %"), (0.5, "+100 %"), (1.0001, "−0.01 %"), (1, "+0.00 %")])
def test_time_change(ratio, text):
    assert time_change(ratio) == text


def judged(arm, twin):
    """Play one simulated run through the stopping rule and the claim rule."""
    n = next(n for n in LOOKS if stop_reason([arm[:n], twin[:n]], budget_spent=False, most=arm.size))
    return judge(
        Contrast(metric="TTFT", arm="x", speedup=of(arm[:n]), twin=of(twin[:n]), accuracy=AccuracyStatus.PASS)
    ).claim


def of(effects) -> Speedup:
    return speedup(np.ones((effects.size, 1)), np.exp(-effects)[:, None])


def claim_rate(repetitions, *, effect, sd, most, seed):
    rng = np.random.default_rng(seed)
    arm, twin = replicate_effects(repetitions, effect=effect, sd=sd, replicates=most, rng=rng)
    return np.mean([judged(one, other) for one, other in zip(arm, twin, strict=True)])


@pytest.mark.parametrize(("sd", "most"), [(0.01, 6), (0.03, 24)])
def test_the_detectable_effect_is_detected(sd, most):
    effect = math.log1p(minimum_detectable_effect(sd, most=most))
    assert 0.7 <= claim_rate(250, effect=effect, sd=sd, most=most, seed=1) <= 0.9
    assert claim_rate(250, effect=2 * effect, sd=sd, most=most, seed=2) >= 0.965
    assert claim_rate(250, effect=effect / 4, sd=sd, most=most, seed=3) <= 0.2
    assert claim_rate(250, effect=0, sd=sd, most=most, seed=4) <= 0.05


def test_a_claim_survives_drift_and_noise_of_requests():
    rng = np.random.default_rng(8)
    claims = []
    for _ in range(60):
        data = latencies(effect=0.1, sd=0.01, replicates=6, images=70, rng=rng, item_sd=0.1, drift=0.3)
        claims.append(
            judge(
                Contrast(
                    metric="TTFT",
                    arm="x",
                    speedup=speedup(data.baseline, data.arm),
                    twin=speedup(data.baseline, data.twin),
                    accuracy=AccuracyStatus.HASH_EQUAL,
                )
            )
        )
    assert np.mean([claim.claim for claim in claims]) >= 0.95
    assert np.mean([claim.interval.contains(math.exp(0.1)) for claim in claims]) >= 0.93


@pytest.mark.slow
@pytest.mark.parametrize(("sd", "most"), [(0.005, 6), (0.02, 10), (0.01, 16), (0.02, 24), (0.1, 24)])
def test_error_rates_of_the_claim_rule_in_full(sd, most):
    effect = math.log1p(minimum_detectable_effect(sd, most=most))
    assert 0.7 <= claim_rate(2_000, effect=effect, sd=sd, most=most, seed=11) <= 0.9
    assert claim_rate(2_000, effect=2 * effect, sd=sd, most=most, seed=12) >= 0.985
    assert claim_rate(2_000, effect=0, sd=sd, most=most, seed=13) <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize("pilot", [6, 10, 16])
def test_an_effect_printed_after_a_pilot_is_detected_on_average(pilot):
    """The deviation is estimated anew in every repetition, as ``noise`` does before the run it plans."""
    rng = np.random.default_rng(pilot)
    sd, rates = 0.01, {1: [], 2: [], 0.25: []}
    for _ in range(1_000):
        noise = replicate_effects(1, effect=0, sd=sd, replicates=pilot, rng=rng)[1][0]
        effect = math.log1p(minimum_detectable_effect(float(noise.std(ddof=1)), most=6, sd_replicates=pilot))
        for multiple, claims in rates.items():
            arm, twin = replicate_effects(1, effect=multiple * effect, sd=sd, replicates=6, rng=rng)
            claims.append(judged(arm[0], twin[0]))
    assert 0.75 <= np.mean(rates[1]) <= 0.9
    assert np.mean(rates[2]) >= 0.96
    assert np.mean(rates[0.25]) <= 0.2


def test_the_detectable_effect_of_one_comparison_among_five():
    """Holm makes it larger, and it is detected as often as that of a single one."""
    rng = np.random.default_rng(21)
    sd, five = 0.01, minimum_detectable_effect(0.01, most=6, contrasts=5)
    assert five > minimum_detectable_effect(sd, most=6)
    claims = []
    for _ in range(250):
        arms, twins = replicate_effects(5, effect=0, sd=sd, replicates=6, rng=rng)
        arms[0] += math.log1p(five)
        contrasts = [
            Contrast(metric=str(i), arm="x", speedup=of(arm), twin=of(twin), accuracy=AccuracyStatus.PASS)
            for i, (arm, twin) in enumerate(zip(arms, twins, strict=True))
        ]
        claims.append(judge_all(contrasts)[0].claim)
    assert 0.72 <= np.mean(claims) <= 0.88


def test_claim_power_at_the_detectable_effect():
    effect = minimum_detectable_effect(0.02, most=16)
    assert claim_power(1 + effect, 0.02, most=16) == pytest.approx(0.8, abs=0.001)
    assert claim_power(1, 0.02, most=16) <= 0.02


def test_detectable_effects_shrink_with_replicates_and_knowledge():
    known = [minimum_detectable_effect(0.05, most=most) for most in LOOKS]
    assert known == sorted(known, reverse=True)
    assert minimum_detectable_effect(0.05, most=6, sd_replicates=6) > known[0]
    assert minimum_detectable_effect(0.05, most=5) is None
    assert minimum_detectable_effect(0.0) == 0
