"""Absolute medians: what their interval is drawn over, and how often it holds the true median."""

from __future__ import annotations

import numpy as np
import pytest

from argus_eval.core.record import Record, Times
from argus_eval.core.results import Efficiency
from argus_eval.engine.speed_summary import SpeedTable, efficiency

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
