"""What the trust panel says of the protocol."""

from __future__ import annotations

import dataclasses
from typing import Any

from argus_eval.core.results import (
    CacheAudit,
    DriftSeen,
    FlipCheck,
    FlipShare,
    Instrumentation,
    LengthGuard,
    LossClass,
    NaturalEnd,
    ProcessSpread,
    Quantiles,
    Results,
    Verdict,
    WarmUp,
)
from argus_eval.report.check import Check
from argus_eval.report.ladder import ladders
from argus_eval.report.protocol_checks import protocol_checks
from argus_eval.report.stages import stages_hidden, waterfalls
from tests.report.fixtures import make_results


def with_entries(**changes: Any) -> Results:
    """A run whose every efficiency entry has these fields."""
    results = make_results()
    arms = tuple(
        dataclasses.replace(
            arm, efficiency=tuple(dataclasses.replace(entry, **changes) for entry in arm.efficiency)
        )
        for arm in results.arms
    )
    return dataclasses.replace(results, arms=arms)


def named(results: Results, name: str) -> Check:
    return next(check for check in protocol_checks(results) if check.name.startswith(name))


def test_a_run_that_looked_at_nothing_says_so_only_of_processes() -> None:
    assert [check.name for check in protocol_checks(make_results())] == ["Processes"]
    assert named(make_results(), "Processes").state == "open"


def test_expensive_timers_are_bad_and_hide_the_stages() -> None:
    dear = with_entries(instrumentation=Instrumentation(cost=0.03, upper=0.05, pairs=12, hides_stages=True))
    assert named(dear, "Price").state == "bad"
    assert waterfalls(dear) == ()
    assert "up to 5.0 % of TTFT" in stages_hidden(dear)
    cheap = with_entries(instrumentation=Instrumentation(cost=0.001, upper=0.01, pairs=12, hides_stages=False))
    assert named(cheap, "Price").state == "good"
    assert "1.0 %" in named(cheap, "Price").words
    assert len(waterfalls(cheap)) == 3
    assert stages_hidden(cheap) == ""


def test_the_pass_that_hides_the_stages_is_the_one_that_is_quoted() -> None:
    shown = Instrumentation(cost=0.001, upper=0.019, pairs=0, hides_stages=False, requests=24)
    hiding = Instrumentation(
        cost=0.001, upper=0.002, pairs=30, hides_stages=True, requests=24, paired_cost=0.2, paired_ci=(0.1, 0.3)
    )
    results = with_entries(instrumentation=hiding)
    arms = tuple(
        dataclasses.replace(
            arm, efficiency=(*arm.efficiency, dataclasses.replace(arm.efficiency[0], instrumentation=shown))
        )
        for arm in results.arms
    )
    found = named(dataclasses.replace(results, arms=arms), "Price")
    assert found.state == "bad"
    assert "30 pairs" in found.words


def test_a_pass_that_did_not_ask_the_price_shows_no_stages_either() -> None:
    dear = with_entries(instrumentation=Instrumentation(cost=0.03, upper=0.05, pairs=12, hides_stages=True))
    longer = [dataclasses.replace(arm.efficiency[0], output_tokens=64, instrumentation=None) for arm in dear.arms]
    arms = tuple(
        dataclasses.replace(arm, efficiency=(*arm.efficiency, entry))
        for arm, entry in zip(dear.arms, longer, strict=True)
    )
    assert waterfalls(dataclasses.replace(dear, arms=arms)) == ()


def test_drift_is_signed_and_flagged() -> None:
    found = named(with_entries(drift=DriftSeen(total=-0.041, ci=(-0.05, -0.03), n=9, flagged=True)), "Drift")
    assert found.state == "bad"
    assert "−4.1 %" in found.words
    assert named(
        with_entries(drift=DriftSeen(total=0.0, ci=(-0.01, 0.01), n=9, flagged=False)), "Drift"
    ).state == ("good")


def test_a_restless_warm_up_is_named() -> None:
    assert named(with_entries(warmup=WarmUp(requests=9, settled=True)), "Warm-up").state == "good"
    assert "not settled" in named(with_entries(warmup=WarmUp(requests=9, settled=False)), "Warm-up").words


def test_a_fifth_of_the_blocks_may_be_measured_again() -> None:
    assert named(with_entries(reruns=1, replicates=6), "Throttling").state == "open"
    assert named(with_entries(reruns=2, replicates=6), "Throttling").state == "bad"


def test_processes_are_good_where_they_are_the_replicates_or_do_not_differ() -> None:
    assert named(with_entries(replicate_unit="process"), "Processes").state == "good"
    differ = ProcessSpread(inflation=3.0, upper=5.0, processes=6, blocks=18, negligible=False)
    assert named(with_entries(process_spread=differ), "Processes").state == "bad"
    alike = dataclasses.replace(differ, inflation=1.0, upper=1.3, negligible=True)
    assert named(with_entries(process_spread=alike), "Processes").state == "good"


def test_a_cache_that_answers_is_pointed_out() -> None:
    audit = CacheAudit(ratio=1.8, ci=(1.6, 2.0), images=8, cached=True)
    assert "1.80×" in named(with_entries(cache_audit=audit), "Cache audit").words
    assert named(with_entries(cache_audit=audit), "Cache audit").state == "open"
    assert named(with_entries(cache_audit=audit, regime="warm-image"), "Cache audit").state == "good"


def test_the_audit_of_an_arm_is_named_once_for_all_its_output_lengths() -> None:
    audit = CacheAudit(ratio=1.0, ci=(0.9, 1.1), images=6, cached=False)
    results = with_entries(cache_audit=audit)
    arms = tuple(
        dataclasses.replace(
            arm, efficiency=(*arm.efficiency, dataclasses.replace(arm.efficiency[0], output_tokens=64))
        )
        for arm in results.arms
    )
    checks = protocol_checks(dataclasses.replace(results, arms=arms))
    names = [check.name for check in checks if check.name.startswith("Cache audit")]
    assert len(names) == len(set(names)) == len(results.arms)


def test_shorter_answers_are_flagged_with_both_lengths() -> None:
    results = make_results()
    guard = LengthGuard(baseline_tokens=40.0, arm_tokens=22.0, flagged=True)
    first = dataclasses.replace(results.comparisons[0], length_guard=guard)
    found = named(dataclasses.replace(results, comparisons=(first, *results.comparisons[1:])), "Length")
    assert found.state == "bad"
    assert "22.0 tokens for 40.0" in found.words


def with_comparisons(*changes: dict[str, Any]) -> Results:
    """A run whose first comparisons have these fields."""
    results = make_results()
    kept = results.comparisons[: len(changes)]
    comparisons = tuple(dataclasses.replace(c, **change) for c, change in zip(kept, changes, strict=True))
    return dataclasses.replace(results, comparisons=comparisons)


def flip_check(verdict: Verdict, loss_class: LossClass = LossClass.L1) -> FlipCheck:
    share = FlipShare(changed=3, n=400, images=400, rate=0.0075, ci=(0.002, 0.019))
    reason = "flips 3 of 400 (0.2 % to 1.9 %), floor 0 of 200: above floor + 1 point"
    return FlipCheck(loss_class=loss_class, arm=share, floor=share, verdict=verdict, reason=reason)


def test_flips_are_held_against_the_floor_of_those_who_promised() -> None:
    def state(*checks: FlipCheck) -> str:
        return named(with_comparisons(*({"flips": check} for check in checks)), "Answers").state

    assert state(flip_check(Verdict.PASS), flip_check(Verdict.PASS)) == "good"
    assert state(flip_check(Verdict.PASS), flip_check(Verdict.INCONCLUSIVE)) == "open"
    assert state(flip_check(Verdict.FAIL), flip_check(Verdict.NOT_MEASURED)) == "bad"
    # Who says that information changes never promised the same answers.
    assert state(flip_check(Verdict.PASS), flip_check(Verdict.FAIL, LossClass.L2)) == "good"
    words = named(with_comparisons({"flips": flip_check(Verdict.FAIL)}), "Answers").words
    assert "token-splice: flips 3 of 400" in words
    (ladder,) = ladders(with_comparisons({"flips": flip_check(Verdict.FAIL)}))
    assert any("above floor" in line for line in ladder.rungs[0].fidelity)


def test_what_the_run_could_have_shown_is_that_of_its_noisiest_arm() -> None:
    def sharp(**ratios: float) -> dict[str, Any]:
        speedup = make_results().comparisons[0].speedup
        return {"speedup": {name: dataclasses.replace(speedup[name], detectable=d) for name, d in ratios.items()}}

    found = named(with_comparisons(sharp(host=1.011, ttft=1.02), sharp(host=1.012, ttft=1.031)), "Differences")
    assert found.state == "good"
    assert "3.1 % in TTFT, 1.2 % in host work" in found.words
    assert named(with_comparisons(sharp(ttft=1.4)), "Differences").state == "open"


def test_whole_answers_stand_beside_their_length() -> None:
    quantiles = Quantiles(p50=0.3, ci=(0.28, 0.33), n=12)
    alike = NaturalEnd(e2e_s=quantiles, output_tokens=21.0, cut=2, as_long=True)
    found = named(with_entries(natural=alike), "End to end")
    assert found.state == "good"
    assert "baseline 300 ms [280, 330] (12 images, 21.0 tokens, 2 cut at the limit)" in found.words
    assert "no claim" in found.words
    shorter = named(with_entries(natural=dataclasses.replace(alike, as_long=False)), "End to end")
    assert shorter.state == "open"
    assert "lengths differ: baseline" in shorter.words
