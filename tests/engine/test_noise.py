"""What ``noise`` promises: the spread it finds, and the effect that follows from it."""

from __future__ import annotations

import numpy as np
import pytest

from argus_eval.engine.budget import plan_blocks
from argus_eval.engine.narrator import Silent
from argus_eval.engine.noise import BlockNoise, block_noise, detectable, measure_noise
from argus_eval.errors import InconclusiveError
from argus_eval.stats.detectable import minimum_detectable_effect
from tests.engine.fakes import workload
from tests.engine.test_processes import FakeProcesses, FakeRunner


@pytest.fixture(autouse=True)
def without_garbage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("argus_eval.engine.blocks.gc.collect", lambda _=2: 0)


@pytest.mark.parametrize(("row_sd", "between_sd"), [(0.05, 0.0), (0.05, 0.03), (0.0, 0.02)])
def test_noise_of_images_is_told_from_noise_of_blocks(row_sd: float, between_sd: float) -> None:
    rng = np.random.default_rng(1)
    ratios = [list(rng.normal(rng.normal(0, between_sd), row_sd, 11)) for _ in range(2000)]
    found = block_noise(ratios)
    assert found.row_sd == pytest.approx(row_sd, rel=0.05, abs=1e-9)
    assert found.between_sd == pytest.approx(between_sd, rel=0.1, abs=0.004)
    assert found.of_blocks(44) < found.of_blocks(11) or row_sd == 0


def test_a_longer_budget_shows_smaller_differences() -> None:
    noise = BlockNoise(row_sd=0.1, between_sd=0.0, blocks=12)
    effects = [
        detectable("TTFT", noise, 0.05, window, plan_blocks(window, 0.15), 5).effect for window in (3, 10, 40, 200)
    ]
    assert all(effect is not None for effect in effects)
    assert effects == sorted(effects, key=lambda effect: -(effect or 0))
    assert detectable("TTFT", noise, 5.0, 20, plan_blocks(20, 15.0), 5).effect is None


def test_a_known_noise_is_found_on_a_machine() -> None:
    machine = FakeProcesses(noise=0.04, seed=3)
    arms = (FakeRunner(machine, 0.02), FakeRunner(machine, 0.02))
    found = measure_noise(arms, workload(), budget_s=600, spend_s=20, clock_s=machine.seconds, narrator=Silent())
    assert [line.quantity for line in found] == ["host work", "TTFT"]
    ttft = found[1]
    assert machine.seconds() < 20 * 1.1
    assert ttft.rows == 11
    assert ttft.replicate_sd == pytest.approx(0.04 * np.sqrt(2 / 11), rel=0.4)
    # A run compares host work, bytes to tiles, TTFT, end-to-end and time per token of its arm, as one family.
    of_one, of_five = (
        minimum_detectable_effect(
            ttft.replicate_sd, most=ttft.replicates, sd_replicates=ttft.measured_blocks, contrasts=contrasts
        )
        for contrasts in (1, 5)
    )
    assert ttft.effect == of_five
    assert of_one is not None
    assert of_five is not None
    assert of_one < of_five


def test_too_little_time_is_no_answer() -> None:
    machine = FakeProcesses()
    arms = (FakeRunner(machine, 5.0), FakeRunner(machine, 5.0))
    with pytest.raises(InconclusiveError, match="larger --budget"):
        measure_noise(arms, workload(), budget_s=60, spend_s=20, clock_s=machine.seconds, narrator=Silent())
