"""Rules on latency and memory: only arms timed in turns, only in a quiet run, only with enough images."""

from __future__ import annotations

import json
import pathlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from argus_eval.cli import main
from argus_eval.core.results import Memory
from argus_eval.engine.speed_summary import SpeedTable, efficiency
from argus_eval.store import RunDirectory
from tests.gate.runs import BASELINE, FAST, FakeTask, two_arms, write_run
from tests.stats.simulate import latencies

TWIN = "m:baseline (A/A)"


def times(effect: float, *, replicates: int = 10, twin: float = 0.0, seed: int = 0) -> dict[str, np.ndarray]:
    """Seconds of a run whose arm is faster by ``effect`` (natural log), its twin by ``twin``."""
    rng = np.random.default_rng(seed)
    found = latencies(effect=effect, sd=0.005, replicates=replicates, images=12, rng=rng, item_sd=0.01)
    return {BASELINE: found.baseline, FAST: found.arm, TWIN: found.twin * np.exp(-twin)}


def judged(folder: pathlib.Path, policy: str, *words: str) -> tuple[int, dict[str, Any]]:
    path = folder.parent / "gate.yaml"
    path.write_text(f"accuracy: [{{task: vqav2, margin: 0.05}}]\n{policy}\n")
    found = folder.parent / "check.json"
    code = main(["check", str(folder), "--policy", str(path), "--json", str(found), *words])
    rules = json.loads(found.read_text())["arms"][-1]["rules"]
    return code, next(rule for rule in rules if rule["kind"] in ("latency", "memory"))


def run_of(folder: pathlib.Path, timed: dict[str, np.ndarray] | None) -> RunDirectory:
    return write_run(folder, [FakeTask(scores=two_arms(100))], timed=timed)


@pytest.mark.parametrize(
    ("effect", "rule", "verdict"),
    [
        (0.30, "speedup_at_least: 1.25", "PASS"),
        (0.30, "speedup_at_least: 1.50", "FAIL"),
        (0.30, "speedup_at_least: 1.35", "INCONCLUSIVE"),
        (0.30, "quantile: 0.5, speedup_at_least: 1.2", "PASS"),
        (0.30, "quantile: 0.9, speedup_at_least: 1.2", "PASS"),
        (-0.10, "speedup_at_least: 0.95", "FAIL"),
        (0.00, "speedup_at_least: 0.95", "PASS"),
        (0.30, "quantile: 0.99, speedup_at_least: 1.2", "NOT_MEASURED"),
    ],
)
def test_the_interval_has_to_clear_the_bound(
    tmp_path: pathlib.Path, effect: float, rule: str, verdict: str
) -> None:
    run = run_of(tmp_path / "run", times(effect))
    _, found = judged(run.path, f"latency: [{{metric: ttft, {rule}}}]")
    assert found["verdict"] == verdict, found["reason"]
    if found["interval"] is not None:
        assert found["interval"][0] < np.exp(effect) < found["interval"][1] or "quantile" in rule


def test_absolute_bounds_use_the_order_statistics_of_the_arm(tmp_path: pathlib.Path) -> None:
    timed = times(0.3)
    run = run_of(tmp_path / "run", timed)
    ordered = np.sort(timed[FAST].ravel())
    # The interval of a median of 120 values reaches ranks 49 and 72 (binomial, two-sided 95 %).
    for bound, verdict in ((ordered[73], "PASS"), (ordered[47], "FAIL"), (ordered[60], "INCONCLUSIVE")):
        _, found = judged(run.path, f"latency: [{{metric: ttft, quantile: 0.5, at_most_s: {bound:.9f}}}]")
        assert found["verdict"] == verdict, found["reason"]


def test_a_restless_run_is_invalid(tmp_path: pathlib.Path) -> None:
    run = run_of(tmp_path / "run", times(0.3, twin=0.15))
    rule = "latency: [{metric: ttft, speedup_at_least: 1.2}]"
    code, found = judged(run.path, rule)
    assert (code, found["verdict"]) == (4, "INVALID")
    assert "two builds of the baseline differ" in found["reason"]
    assert judged(run.path, f"{rule}\nvalidity: {{noise_at_most: 0.3}}")[1]["verdict"] == "PASS"


def test_too_few_replicates_decide_nothing(tmp_path: pathlib.Path) -> None:
    run = run_of(tmp_path / "run", times(0.3, replicates=5))
    code, found = judged(run.path, "latency: [{metric: ttft, speedup_at_least: 1.0}]")
    assert (code, found["verdict"]) == (3, "INCONCLUSIVE")


def test_arms_that_were_not_timed_in_turns_are_never_compared(tmp_path: pathlib.Path) -> None:
    run = run_of(tmp_path / "run", None)
    rule = "latency: [{metric: ttft, speedup_at_least: 0.5}]"
    code, found = judged(run.path, rule)
    assert (code, found["verdict"]) == (4, "INVALID")
    code, found = judged(run.path, f"{rule}\nvalidity: {{interleaving: optional}}")
    assert (code, found["verdict"]) == (0, "PASS")
    assert "left out" in found["reason"]


def test_a_baseline_from_elsewhere_does_not_stand_in_for_the_interleaved_one(tmp_path: pathlib.Path) -> None:
    run = run_of(tmp_path / "run", times(0.3))
    slow = {arm: 10 * seconds for arm, seconds in times(0.0).items()}
    other = write_run(tmp_path / "other", [FakeTask(scores=two_arms(100))], timed=slow)
    rule = "latency: [{metric: ttft, speedup_at_least: 2.0}]"
    _, found = judged(run.path, rule, "--baseline", str(other.path))
    assert found["verdict"] == "FAIL"
    assert found["value"] == pytest.approx(np.exp(0.3), rel=0.02)


def with_memory(run: RunDirectory, arms: dict[str, int]) -> RunDirectory:
    results = run.results()
    table = SpeedTable.of(run.records())
    changed = []
    for arm in results.arms:
        entry = efficiency(table, arm.id, "cold-image/1", "")
        memory = Memory(host_peak_bytes=arms[arm.id]) if arm.id in arms else Memory()
        changed.append(replace(arm, efficiency=(replace(entry, memory=memory),)))
    run.write_results(replace(results, arms=tuple(changed)))
    return run


@pytest.mark.parametrize(
    ("budget", "verdict"),
    [
        ("kind: host, at_most_bytes: 1100", "PASS"),
        ("kind: host, at_most_bytes: 1000", "FAIL"),
        ("kind: host, at_most_ratio: 1.05", "FAIL"),
        ("kind: host, at_most_ratio: 1.2", "PASS"),
        ("kind: device, at_most_bytes: 1", "NOT_MEASURED"),
    ],
)
def test_memory_keeps_its_budget(tmp_path: pathlib.Path, budget: str, verdict: str) -> None:
    run = with_memory(run_of(tmp_path / "run", times(0.0, replicates=2)), {BASELINE: 1000, FAST: 1100})
    code, found = judged(run.path, f"memory: [{{{budget}}}]")
    assert found["verdict"] == verdict
    assert code == {"PASS": 0, "FAIL": 1, "NOT_MEASURED": 4}[verdict]
