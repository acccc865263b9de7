"""Ladder, stages, matrix, latency, trust: what they say equals what the results hold."""

from __future__ import annotations

import dataclasses

import pytest

from argus_eval.core.results import BatchRate, Results, Verdict
from argus_eval.report.digest import digest_records
from argus_eval.report.ladder import ladders
from argus_eval.report.latency import latency_view
from argus_eval.report.matrix import matrix
from argus_eval.report.stages import waterfalls
from argus_eval.report.strip import arm_summaries
from argus_eval.report.throughput import throughput_view
from argus_eval.report.trust import trust_checks
from tests.report.fixtures import make_input, make_records, make_results


def test_the_strip_puts_compared_arms_before_their_baseline() -> None:
    roles = [summary.role for summary in arm_summaries(make_results(arms=4))]
    assert roles == ["variant", "variant", "variant", "baseline"]


def test_the_strip_says_every_verdict_in_words() -> None:
    words = {summary.words for summary in arm_summaries(make_results(arms=6))}
    assert {
        "PASS · accuracy preserved",
        "INCONCLUSIVE · not decided",
        "FAIL · accuracy lost",
        "INVALID · invalid comparison",
        "baseline",
    } <= words
    assert arm_summaries(make_results(trained=False))[0].words == "accuracy not measured"


def test_stages_add_up_to_ttft_with_the_residual() -> None:
    for arm, fall in zip(make_results().arms, waterfalls(make_results()), strict=False):
        top = sum(bar.value for bar in fall.bars if not bar.sub)
        assert top == pytest.approx(arm.efficiency[0].ttft_s.p50)
        ends = [bar.start + bar.width for bar in fall.bars]
        assert max(ends) <= 1 + 1e-9
        assert fall.unreliable


def test_sub_stages_lie_inside_their_parent() -> None:
    bars = {bar.name: bar for bar in waterfalls(make_results())[0].bars}
    parent, tile, normal = bars["image process"], bars["resize tile"], bars["normalize"]
    assert tile.start == pytest.approx(parent.start)
    assert normal.start == pytest.approx(tile.start + tile.width)
    assert normal.start + normal.width == pytest.approx(parent.start + parent.width)


def test_stage_changes_are_against_the_baseline() -> None:
    first, second = waterfalls(make_results())[:2]
    vision = {bar.name: bar for bar in second.bars}["vision"]
    before = {bar.name: bar for bar in first.bars}["vision"]
    assert vision.change_value == pytest.approx(vision.value - before.value)
    assert all(bar.change_value is None for bar in first.bars)


def test_the_ladder_climbs_and_draws_intervals_in_order() -> None:
    (ladder,) = ladders(make_results(arms=4))
    assert [sum(rung.on) for rung in ladder.rungs] == [1, 2, 3]
    assert ladder.recipes == ("token-splice", "fused-tiles", "pinned-transfer")
    for rung in ladder.rungs:
        assert rung.whisker is not None
        assert 0 <= rung.whisker.low < rung.whisker.middle < rung.whisker.high <= 1
    assert ladder.rungs[2].broken
    assert ladder.rungs[1].worst.value == pytest.approx(-0.004)


def test_the_matrix_holds_every_difference() -> None:
    results = make_results(arms=5, tasks=7)
    made = matrix(results)
    assert made is not None
    assert len(made.tasks) == 7
    for comparison, (_, cells) in zip(results.comparisons, made.rows, strict=True):
        assert [cell.figure.value for cell in cells] == [row.difference for row in comparison.tasks]
    assert matrix(make_results(trained=False)) is None


def test_histograms_count_every_request() -> None:
    run = make_input()
    view = latency_view(run.results, digest_records(run.results, run.records()))
    assert view is not None
    for spread in view.spreads:
        assert sum(int(item.words.split()[0]) for item in spread.bins) == spread.n == 96
        assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y in spread.drift)
    assert view.growth is not None


def test_drift_does_not_mistake_large_images_for_slow_blocks() -> None:
    results = make_results()

    def records():
        for record in make_records(results, 1):
            if record.pass_name == "latency":
                # images in the second half of each block are ten times slower, in every block alike
                ttft = 1_000_000 * (10 if record.order > 7 else 1)
                yield dataclasses.replace(record, times_ns=dataclasses.replace(record.times_ns, ttft=ttft))

    view = latency_view(results, digest_records(results, records()))
    assert view is not None
    assert all("at most 0.0 %" in spread.drift_words for spread in view.spreads)


def test_no_records_give_no_latency_section() -> None:
    results = make_results()
    assert latency_view(results, digest_records(results, ())) is None


def checks(results, records=()):
    return {check.name: check for check in trust_checks(results, digest_records(results, records))}


def test_trust_reads_the_twin() -> None:
    found = checks(make_results())
    assert found["A/A TTFT"].state == "good"
    assert "1.001× [0.994, 1.008]" in found["A/A TTFT"].words
    for claim, state in ((False, "bad"), (True, "open")):
        assert checks(restless(claim))["A/A TTFT"].state == state


def restless(claim: bool):
    """A run whose twin's 95 % interval misses 1."""
    results = make_results()
    off = dataclasses.replace(
        results.comparisons[0],
        speedup={
            name: dataclasses.replace(s, claim=claim, aa=dataclasses.replace(s.aa, ci=(1.01, 1.05)))
            for name, s in results.comparisons[0].speedup.items()
        },
    )
    return dataclasses.replace(results, comparisons=(off,))


def test_trust_finds_what_is_wrong() -> None:
    found = checks(make_results(arms=4))
    assert found["Recipes keep their own claim"].state == "bad"
    assert found["Stages add up"].state == "bad"
    assert found["Data as asked for"].state == "good"
    results = make_results()
    first = results.arms[0].tasks[0]
    other = dataclasses.replace(
        first, data=dataclasses.replace(first.data, requested="hub", fingerprint="sha256:0")
    )
    mixed = dataclasses.replace(
        results, arms=(dataclasses.replace(results.arms[0], tasks=(other,)), *results.arms[1:])
    )
    assert checks(mixed)["Data as asked for"].state == "bad"
    assert checks(mixed)["Same samples for every arm"].state == "bad"


def test_trust_counts_failures() -> None:
    results = make_results()
    records = [
        dataclasses.replace(record, status="error" if number % 10 == 0 else "ok")
        for number, record in enumerate(make_records(results, 20))
    ]
    assert checks(results, records)["Failed requests"].state == "bad"


def test_the_page_never_calls_a_missing_verdict_a_pass() -> None:
    for summary in arm_summaries(make_results(trained=False)):
        assert summary.verdict in (None, Verdict.NOT_MEASURED)
        assert not summary.measured


def test_excluded_rows_and_notes_are_said() -> None:
    results = make_results(tasks=1)
    (task,) = results.arms[0].tasks
    data = dataclasses.replace(task.data, excluded={"bbox is not four finite numbers": 3})
    changed = dataclasses.replace(task, data=data, notes=("AP with a constant score",))
    arms = (dataclasses.replace(results.arms[0], tasks=(changed,)), *results.arms[1:])
    changed_results = dataclasses.replace(results, arms=arms)
    checks = {
        check.name: check.words for check in trust_checks(changed_results, digest_records(changed_results, ()))
    }
    assert checks["Rows left out of the data"] == f"{task.task}: 3 (bbox is not four finite numbers)"
    assert checks["What the scores rest on"] == f"{task.task}: AP with a constant score"


def _with_sweep(*rates: BatchRate, backend: str = "transformers") -> Results:
    results = make_results(arms=2)
    arm = results.arms[0]
    entry = dataclasses.replace(arm.efficiency[0], throughput_sweep=rates)
    arm = dataclasses.replace(arm, efficiency=(entry, *arm.efficiency[1:]), backend=backend)
    return dataclasses.replace(results, arms=(arm, *results.arms[1:]))


def test_throughput_stands_by_size_and_the_best_is_marked() -> None:
    results = make_results(arms=3)
    view = throughput_view(results)
    assert view is not None
    assert view.sizes == (1, 2, 4)
    assert view.unit == "images in a batch"
    for arm, row in zip(results.arms, view.rows, strict=False):
        swept = arm.efficiency[0].throughput_sweep
        assert [rate.figure.value for rate in row.rates] == [rate.requests_per_s for rate in swept]
        assert [rate.best for rate in row.rates] == [False, True, False]
        assert row.rates[2].figure.note == "does not fit into memory"
        assert row.tokens.value == arm.efficiency[0].throughput["output_tokens_per_s"]


def test_a_size_that_failed_says_why_and_one_that_was_not_tried_says_nothing() -> None:
    failed = BatchRate(batch=8, requests_per_s=None, ci=None, rounds=0, reason="HTTP 503 <b>busy</b>")
    view = throughput_view(_with_sweep(failed, backend="vllm"))
    assert view is not None
    assert view.unit == "requests under way at a time"
    assert [rate.figure.note for rate in view.rows[0].rates] == ["", "", "", "HTTP 503 <b>busy</b>"]
    assert not any(rate.best for rate in view.rows[0].rates)
    results = make_results(arms=1)
    bare = [dataclasses.replace(entry, throughput_sweep=()) for entry in results.arms[0].efficiency]
    arm = dataclasses.replace(results.arms[0], efficiency=tuple(bare))
    assert throughput_view(dataclasses.replace(results, arms=(arm,))) is None
