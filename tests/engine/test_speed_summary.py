"""Absolute medians: what their interval is drawn over, and how often it holds the true median."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from argus_eval.core.record import Record, Times
from argus_eval.core.results import Efficiency, Quantiles
from argus_eval.engine.speed_summary import SpeedTable, efficiency, paired_requests, paired_speedup, saving
from argus_eval.stats.latency import speedup

SIZES = np.array([1.0, 2.0, 4.0])


def cold_times(rng: np.random.Generator, count: int) -> np.ndarray:
    """TTFT of first requests: each process has its luck and a random one of three images."""
    found: np.ndarray = np.exp(rng.normal(0, 0.3, count)) * SIZES[rng.integers(0, 3, count)]
    return found


def entry(seconds: np.ndarray, *, regime: str = "cold-process") -> Efficiency:
    """One request a replicate, on three images that take turns."""
    records = [
        Record(
            key=str(number),
            pass_name="latency",
            arm="m:baseline",
            task="t",
            sample="s",
            replicate=number,
            block=number,
            order=0,
            status="ok",
            times_ns=Times(ttft=round(value * 1e9), to_model_ready=round(value * 1e8)),
            image=f"i{number % 3}",
            regime=f"{regime}/1",
        )
        for number, value in enumerate(seconds)
    ]
    return efficiency(SpeedTable.of(records), "m:baseline", f"{regime}/1", "")


@pytest.mark.parametrize("processes", [6, 10])
def test_the_interval_of_cold_processes_holds_their_median(processes: int) -> None:
    rng = np.random.default_rng(processes)
    truth = float(np.median(cold_times(rng, 400_000)))
    hits = []
    for _ in range(100):
        ci = entry(cold_times(rng, processes)).ttft_s.ci
        assert ci is not None
        hits.append(ci[0] <= truth <= ci[1])
    assert np.mean(hits) >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / 100)


def test_below_six_processes_there_is_no_interval() -> None:
    found = entry(np.arange(1.0, 6.0))
    assert found.ttft_s.p50 == 3.0
    assert found.ttft_s.ci is None
    assert found.ttft_s.n == 5
    assert found.shortfalls[0].startswith("no interval and no claim: 5 replicates")
    assert "p90 not given: 5 processes, 64 are needed" in found.shortfalls


def test_six_processes_have_the_interval_of_their_order_statistics() -> None:
    found = entry(np.array([4.0, 1.0, 6.0, 2.0, 5.0, 3.0]))
    # The smallest and the largest of six hold the median with 1 − 2 / 2^6 = 97 %.
    assert found.ttft_s.ci == (1.0, 6.0)
    assert found.to_model_ready_s.ci == (0.1, 0.6)
    # Of ten, the second and the ninth: 1 − 2 · 11 / 2^10 = 98 %.
    assert entry(np.arange(1.0, 11.0)).ttft_s.ci == (2.0, 9.0)


def test_warm_processes_are_asked_about_images() -> None:
    found = entry(np.arange(1.0, 11.0), regime="cold-image")
    assert found.ttft_s.n == 3
    assert found.ttft_s.ci is None
    assert "p90 not given: 3 distinct images, 64 are needed" in found.shortfalls


@pytest.mark.parametrize(("images", "said"), [(63, True), (64, False), (0, False)])
def test_host_work_of_few_images_is_said_to_be_that(images: int, said: bool) -> None:
    def record(name: Literal["latency", "host"], number: int) -> Record:
        return Record(
            key=f"{name}{number}",
            pass_name=name,
            arm="m:baseline",
            task="t",
            sample="s",
            replicate=0,
            block=0,
            order=number,
            status="ok",
            times_ns=Times(ttft=10, to_model_ready=5),
            image=f"i{number}",
            regime="host" if name == "host" else "cold-image/1",
        )

    table = SpeedTable.of([record("latency", 0), *(record("host", number) for number in range(images))])
    found = efficiency(table, "m:baseline", "cold-image/1", "").shortfalls
    assert (f"host work of {images} distinct images, 64 are needed" in found) is said


def pairs(failing: set[tuple[int, int]], *, images: int = 200, rows: int = 8, replicates: int = 10) -> SpeedTable:
    """An arm twice as fast as the baseline; ``failing``: (replicate, row) of requests that the arm fails."""
    records = []
    for replicate in range(replicates):
        for row in range(rows):
            image = f"i{(replicate * rows + row) % images}"
            for arm, nanoseconds in (("m:baseline", 2000 + 10 * row), ("m:fast", 1000 + 5 * row)):
                failed = arm == "m:fast" and (replicate, row) in failing
                records.append(
                    Record(
                        key=f"{arm}{replicate}-{row}",
                        pass_name="latency",
                        arm=arm,
                        task="t",
                        sample="s",
                        replicate=replicate,
                        block=2 * replicate + row // (rows // 2),
                        order=0,
                        status="error" if failed else "ok",
                        error=f"refused at {(replicate, row)}" if failed else None,
                        times_ns=Times() if failed else Times(ttft=nanoseconds),
                        image=image,
                        regime="cold-image/1",
                    )
                )
    return SpeedTable.of(records)


def paired(table: SpeedTable) -> np.ndarray:
    found = paired_requests(table, "cold-image/1", ["m:baseline", "m:fast"], "ttft")
    assert found is not None
    assert np.allclose(found.seconds[0] / found.seconds[1], 2.0)
    return found.seconds


def test_one_failure_a_replicate_costs_one_image_each() -> None:
    """Each in another place: what is left out in one block is no reason to leave it out in all."""
    assert paired(pairs({(replicate, replicate % 8) for replicate in range(10)})).shape == (2, 10, 7)


def test_a_replicate_that_failed_leaves_the_others_as_they_are() -> None:
    whole = {(3, row) for row in range(8)}
    mostly = {(5, row) for row in range(1, 8)}
    assert paired(pairs(whole | mostly)).shape == (2, 8, 8)


def test_where_every_request_failed_there_is_nothing_to_compare() -> None:
    every = {(replicate, row) for replicate in range(10) for row in range(8)}
    assert paired_requests(pairs(every), "cold-image/1", ["m:baseline", "m:fast"], "ttft") is None


def test_an_image_that_comes_in_both_blocks_of_a_process_counts_in_both() -> None:
    assert paired(pairs(set(), images=4)).shape == (2, 10, 8)


@pytest.mark.parametrize(("images", "given"), [(63, False), (64, True)])
def test_the_ratio_of_p90s_needs_64_distinct_images(images: int, given: bool) -> None:
    found = paired_requests(pairs(set(), images=images), "cold-image/1", ["m:baseline", "m:fast"], "ttft")
    assert found is not None
    speed = paired_speedup(found, 1)
    assert speed.images == images
    assert (speed.p90 is not None) is given


def test_what_is_saved_in_seconds_says_what_the_ratio_says() -> None:
    rng = np.random.default_rng(5)
    baseline = 0.02 * np.exp(rng.normal(0, 0.02, (24, 1)))
    arm = baseline / 1.1 * np.exp(rng.normal(0, 0.02, (24, 1)))
    arm[3] *= 9  # something else had the core
    found = speedup(baseline, arm)
    assert found.interval is not None
    assert (baseline - arm).mean() < 0 < found.geomean - 1
    saved = saving(baseline, found)
    assert saved.usual_s == pytest.approx(0.02 * (1 - 1 / found.geomean), rel=0.02)
    assert saved.ci_s is not None
    assert (saved.ci_s[0] > 0, saved.ci_s[1] > 0) == (found.interval.low > 1, found.interval.high > 1)
    assert saved.ci_s[0] < saved.usual_s < saved.ci_s[1]


def test_without_an_interval_of_the_ratio_there_is_none_of_the_saving() -> None:
    times = np.full((5, 2), 0.02)
    assert saving(times, speedup(times, times / 2)).ci_s is None


@pytest.mark.parametrize(("failing", "said"), [(80, "every one of 80"), (3, "3 of 80"), (0, "")])
def test_failed_requests_are_counted_and_the_first_is_quoted(failing: int, said: str) -> None:
    places = [(replicate, row) for replicate in range(10) for row in range(8)][80 - failing :]
    found = efficiency(pairs(set(places)), "m:fast", "cold-image/1", "")
    assert (found.requests, found.errors) == (80, failing)
    assert found.first_error == (f"refused at {places[0]}" if failing else None)
    line = f"{said} timed requests failed; the first: refused at"
    assert [line in shortfall for shortfall in found.shortfalls[:1]] == [bool(failing)]
    # Where nothing was answered, neither a longer budget nor more images would help.
    assert any("raise --budget" in item or "p99" in item for item in found.shortfalls) is (failing < 80)
    assert efficiency(pairs(set(places)), "m:baseline", "cold-image/1", "").errors == 0


@pytest.mark.parametrize(("tokens", "given"), [(1, False), (64, True)])
def test_one_token_has_no_end_to_end_beside_its_ttft(tokens: int, given: bool) -> None:
    """Its end is its first token: the number would be TTFT under another name."""
    records = [
        Record(
            key=str(number),
            pass_name="latency",
            arm="m:baseline",
            task="t",
            sample="s",
            replicate=number,
            block=number,
            order=0,
            status="ok",
            times_ns=Times(ttft=1_000_000, e2e=1_000_000 + 1_000 * tokens),
            image=f"i{number}",
            regime=f"cold-image/{tokens}",
        )
        for number in range(6)
    ]
    found = efficiency(SpeedTable.of(records), "m:baseline", f"cold-image/{tokens}", "")
    assert found.ttft_s.p50 == 0.001
    assert (found.e2e_s != Quantiles()) is given
    assert found.e2e_s.p50 == (0.001064 if given else None)
