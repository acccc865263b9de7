"""How thirty seconds are spent: the headline has its replicates, and what has no room is named."""

from __future__ import annotations

import pathlib
from types import SimpleNamespace
from typing import Any, cast

import pytest

from argus_eval.core.record import Record
from argus_eval.engine.budget import Stopwatch
from argus_eval.engine.latency import measure_latency, pass_windows
from argus_eval.engine.narrator import Silent
from argus_eval.engine.row_cost import probe_row_cost
from argus_eval.engine.sitting import Sitting
from argus_eval.store import RunDirectory, RunWriter
from tests.engine.fakes import workload
from tests.engine.test_processes import FakeProcesses, FakeRunner


@pytest.fixture(autouse=True)
def without_garbage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("argus_eval.engine.blocks.gc.collect", lambda _=2: 0)


def run(
    folder: pathlib.Path, *, request_s: float, budget_s: float = 30.0, noise: float = 0.1
) -> tuple[dict[str, list[Record]], list[str], float]:
    """Measured records by section, notes, and the seconds spent; 5 s have gone before latencies begin."""
    machine = FakeProcesses(noise=noise)
    arms = {name: FakeRunner(machine, request_s) for name in ("m:baseline", "m:baseline (A/A)", "m:fast")}
    config = SimpleNamespace(regime="cold-image", setting=lambda _, default: default)
    facts = SimpleNamespace(name="m", backend="transformers")
    job = SimpleNamespace(
        model=SimpleNamespace(facts=facts, twin_id="m:baseline (A/A)"),
        plan=SimpleNamespace(config=config),
        recipes=lambda: dict.fromkeys(arms, ()),
        twin=lambda: arms["m:baseline (A/A)"],
        done={},
        budget_s=budget_s,
    )
    images = workload(96)
    watch = Stopwatch(budget_s=budget_s, clock_s=machine.seconds)
    watch.start()
    cost = probe_row_cost(arms["m:baseline"], images.warmup[0], arms=3, long_tokens=64)
    machine.clock.advance(5.0 - watch.spent_s())
    directory = RunWriter.create(folder / "run", {"run_id": "x"})
    with RunWriter(directory) as writer:
        sitting = Sitting(
            job=cast(Any, job),
            workload=images,
            writer=writer,
            watch=watch,
            narrator=Silent(),
            start_s=20.0,
            cost=cost,
        )
        shared = {name: arm for name, arm in arms.items() if name != "m:baseline (A/A)"}
        measure_latency(sitting, cast(Any, shared), until=0.9)
    sections: dict[str, list[Record]] = {}
    for record in RunDirectory(directory.path).records():
        if record.role == "measured":
            sections.setdefault(record.regime, []).append(record)
    return sections, sitting.notes, watch.spent_s()


def replicates(records: list[Record]) -> int:
    return len({record.replicate for record in records})


@pytest.mark.parametrize("request_s", [0.03, 0.06, 0.12, 0.2, 0.3])
def test_the_headline_has_its_replicates_in_thirty_seconds(tmp_path: pathlib.Path, request_s: float) -> None:
    sections, _, spent_s = run(tmp_path, request_s=request_s)
    assert replicates(sections["cold-image/1"]) >= 10
    assert replicates(sections["host"]) >= 10
    assert spent_s < 0.9 * 30 + 1


def test_a_slow_request_has_an_interval_all_the_same(tmp_path: pathlib.Path) -> None:
    sections, _, _ = run(tmp_path, request_s=0.4)
    assert replicates(sections["cold-image/1"]) >= 6


def test_images_of_a_percentile_are_seen_where_they_fit(tmp_path: pathlib.Path) -> None:
    sections, _, _ = run(tmp_path, request_s=0.02)
    assert len({record.image for record in sections["cold-image/1"]}) >= 64
    assert len({record.image for record in sections["host"]}) >= 64


def test_long_answers_without_room_are_named_with_the_budget_that_has_it(tmp_path: pathlib.Path) -> None:
    sections, notes, _ = run(tmp_path, request_s=0.2)
    assert "cold-image/64" not in sections
    (note,) = [note for note in notes if note.startswith("latency, 64 tokens")]
    assert "--budget" in note
    assert not note.endswith("raise --budget")


def test_long_answers_have_their_part_in_a_longer_run(tmp_path: pathlib.Path) -> None:
    sections, notes, _ = run(tmp_path, request_s=0.03, budget_s=60)
    assert replicates(sections["cold-image/64"]) >= 6
    assert not [note for note in notes if note.startswith("latency")]


def test_time_without_long_answers_goes_to_short_ones() -> None:
    with_long = pass_windows(100, 0.1, 0.9, 1.0)
    without = pass_windows(100, 0.1, 0.9, 30.0)
    assert "long" not in without
    assert without["short"].share == pytest.approx(0.9)
    assert with_long["short"].share < without["short"].share
    for windows in (with_long, without):
        assert sum(window.warmup_s for window in windows.values()) == pytest.approx(15)
        assert windows["short"].reach == pytest.approx(0.9)
