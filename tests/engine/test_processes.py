"""Replicates that are processes, with fake processes: design, budget, resume, and what is seen between them."""

from __future__ import annotations

import pathlib
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from argus_eval.core.record import Record
from argus_eval.core.request import Request
from argus_eval.core.response import Lengths, Response
from argus_eval.core.timing import Timing
from argus_eval.engine.budget import Stopwatch
from argus_eval.engine.narrator import Silent
from argus_eval.engine.passes import PassSettings, Window, host_pass, latency_pass
from argus_eval.engine.processes import OpenProcess, ProcessDesign, ProcessJob, plan_processes, run_processes
from argus_eval.engine.protocol_summary import ProtocolTable
from argus_eval.engine.speed_summary import SpeedTable, paired_requests, paired_speedup, paired_times
from argus_eval.engine.timed_pass import TimedPass
from argus_eval.errors import EnvironmentError_
from argus_eval.measure.clock import ManualClock
from argus_eval.store import RunDirectory, RunWriter
from tests.engine.fakes import ARMS, workload

START_S, WARMUP_S = 5.0, 1.0
WINDOW = Window(share=1.0, reach=1.0, warmup_s=1.0)


@pytest.fixture(autouse=True)
def without_garbage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Collecting garbage before every block is right on a real machine and slow in an imaginary one."""
    monkeypatch.setattr("argus_eval.engine.blocks.gc.collect", lambda _=2: 0)


class FakeProcesses:
    """Starts processes in imaginary time; each has its own luck, the same for all its arms or not."""

    def __init__(self, *, luck: float = 0.0, arm_luck: float = 0.0, noise: float = 0.02, seed: int = 0) -> None:
        self.clock = ManualClock()
        self.opened: list[tuple[str, ...]] = []
        self.alive = 0
        self.collected = 0
        self._luck, self._arm_luck, self._noise = luck, arm_luck, noise
        self._rng = np.random.default_rng(seed)
        self.dies_after: int | None = None
        self.most: int | None = None

    def seconds(self) -> float:
        return self.clock() / 1e9

    def open(self, arms: tuple[str, ...]) -> OpenProcess:
        if len(self.opened) == self.most:
            raise EnvironmentError_("measuring process: exit 137: killed")
        self.opened.append(arms)
        self.alive += 1
        self.clock.advance(START_S)
        whole = self._rng.normal(0, self._luck)
        runners = {
            arm: FakeRunner(
                self, 0.02 * np.exp(whole + self._rng.normal(0, self._arm_luck)) / (2 if "fast" in arm else 1)
            )
            for arm in arms
        }
        return OpenProcess(arms=runners, close=self.close, collect=self.collect)

    def close(self) -> None:
        self.alive -= 1

    def collect(self) -> None:
        self.collected += 1

    def spend(self, seconds: float) -> int:
        if self.dies_after is not None:
            self.dies_after -= 1
            if self.dies_after < 0:
                raise KeyboardInterrupt
        taken = seconds * float(np.exp(self._rng.normal(0, self._noise)))
        self.clock.advance(taken)
        return round(taken * 1e9)


class FakeRunner:
    def __init__(self, machine: FakeProcesses, seconds: float) -> None:
        self._machine, self._seconds, self.seen = machine, seconds, 0

    def time(self, request: Request, *, stages: bool = True, hashes: bool = False) -> Response:
        self.seen += 1
        tokens = request.decoding.max_new_tokens
        ttft = self._machine.spend(self._seconds)
        rest = self._machine.spend(self._seconds / 10 * (tokens - 1)) if tokens > 1 else 0
        timing = Timing(ttft_ns=ttft, e2e_ns=ttft + rest, stages_ns={"vision": ttft} if stages else {})
        return Response(text="", timing=timing, lengths=Lengths(output_tokens=tokens))

    def host(self, request: Request) -> Timing:
        return Timing(ttft_ns=None, e2e_ns=None, to_model_ready_ns=self._machine.spend(self._seconds / 5))

    def answer(self, questions: Any) -> Any:
        raise NotImplementedError


def measure(
    folder: pathlib.Path,
    machine: FakeProcesses,
    design: ProcessDesign,
    *,
    budget_s: float,
    regime: str = "cold-image",
    distinct: bool = False,
    images: int = 40,
    warmup_s: float = 10 * WARMUP_S,
) -> list[Record]:
    known = (folder / "manifest.json").exists()
    run = RunDirectory(folder) if known else RunWriter.create(folder, {"run_id": "x"})
    done = {record.key: record for record in run.records()}
    settings = PassSettings(model="m", regime=regime, seed=0, done=done, distinct=distinct)

    def passes(arms: Mapping[str, Any]) -> dict[str, TimedPass]:
        short = latency_pass(settings, arms, WINDOW, tokens=1)
        if design.cold:
            return {"short": short}
        return {
            "host": host_pass(settings, arms, WINDOW, images=66),
            "short": short,
            "long": latency_pass(settings, arms, WINDOW, tokens=64),
        }

    job = ProcessJob(
        model="m",
        design=design,
        open=machine.open,
        passes=passes,
        arms=ARMS,
        workload=workload(images),
        done=done,
        warmup_s=warmup_s,
        until=1.0,
        seed=0,
    )
    watch = Stopwatch(budget_s=budget_s, clock_s=machine.seconds)
    watch.start()
    with RunWriter(run) as writer:
        run_processes(job, writer, watch, Silent())
    return list(run.records())


TOGETHER = ProcessDesign(groups=(ARMS,), aim=10)
APART = ProcessDesign(groups=tuple((arm,) for arm in ARMS), aim=6)


def short(records: list[Record]) -> list[Record]:
    return [r for r in records if r.regime == "cold-image/1" and r.role == "measured"]


def test_every_replicate_is_a_process_and_complete(tmp_path: pathlib.Path) -> None:
    machine = FakeProcesses()
    records = measure(tmp_path, machine, TOGETHER, budget_s=100)
    replicates = {record.replicate for record in short(records)}
    assert len(replicates) == len(machine.opened) >= 6
    assert machine.alive == 0
    assert machine.seconds() < 100 * 1.1
    sizes = Counter((record.replicate, record.arm) for record in short(records))
    assert len(set(sizes.values())) == 1
    assert {record.process for record in short(records)} == replicates
    keys = [record.key for record in records]
    assert len(keys) == len(set(keys))


def test_the_speed_up_is_recovered_although_processes_differ(tmp_path: pathlib.Path) -> None:
    records = measure(tmp_path, FakeProcesses(luck=0.2), TOGETHER, budget_s=100)
    times = paired_requests(SpeedTable.of(records), "cold-image/1", ARMS, "ttft")
    assert times is not None
    found = paired_speedup(times, 2)
    assert found.interval is not None
    assert found.interval.low < 2.0 < found.interval.high


@pytest.mark.parametrize(("arm_luck", "differs"), [(0.0, False), (0.1, True)])
def test_luck_of_processes_is_told_from_noise_inside_them(
    tmp_path: pathlib.Path, arm_luck: float, differs: bool
) -> None:
    records = measure(tmp_path, FakeProcesses(arm_luck=arm_luck, noise=0.05), TOGETHER, budget_s=150)
    facts = ProtocolTable.of(records, ARMS, ARMS[0], ARMS[1]).facts("cold-image/1")
    assert facts.from_processes
    assert facts.spread is not None
    assert (facts.spread.inflation > 5) is differs
    assert not (differs and facts.spread.negligible)


def test_arms_of_process_scope_alternate_as_whole_processes(tmp_path: pathlib.Path) -> None:
    machine = FakeProcesses(noise=0.005)
    records = measure(tmp_path, machine, APART, budget_s=150)
    assert all(len(arms) == 1 for arms in machine.opened)
    rounds = [machine.opened[i : i + 3] for i in range(0, len(machine.opened), 3)]
    assert all({arm for (arm,) in round_} == set(ARMS) for round_ in rounds)
    assert len({tuple(round_) for round_ in rounds}) > 1
    times = paired_times(SpeedTable.of(records), "cold-image/1", ARMS, "ttft")
    assert times is not None
    assert np.exp(np.log(times[0] / times[2]).mean()) == pytest.approx(2.0, rel=0.02)


def test_in_the_cold_regime_only_the_first_request_of_a_process_is_made(tmp_path: pathlib.Path) -> None:
    machine = FakeProcesses()
    design = ProcessDesign(groups=APART.groups, aim=10, cold=True)
    records = measure(tmp_path, machine, design, budget_s=200, regime="cold-process")
    made = [record for record in records if record.role != "complete"]
    assert len(made) == len(machine.opened)
    assert {record.role for record in made} == {"measured"}
    assert len({record.replicate for record in made}) >= 6


def test_an_interrupted_replicate_is_made_again(tmp_path: pathlib.Path) -> None:
    machine = FakeProcesses()
    machine.dies_after = 400
    with pytest.raises(KeyboardInterrupt):
        measure(tmp_path, machine, TOGETHER, budget_s=100)
    assert machine.alive == 0
    before = list(RunDirectory(tmp_path).records())
    machine.dies_after = None
    # What a crash in the middle of a write leaves: some of a replicate's records and no line that completes it.
    log = tmp_path / "records.jsonl"
    log.write_bytes(b"\n".join(log.read_bytes().split(b"\n")[:-5]) + b"\n")
    after = measure(tmp_path, machine, TOGETHER, budget_s=100)
    keys = [record.key for record in after]
    assert len(keys) == len(set(keys))
    complete = {record.replicate for record in after if record.role == "complete"}
    assert {record.replicate for record in short(after)} == complete
    kept = {record.replicate for record in before if record.role == "complete"} - {
        max(r.replicate for r in before)
    }
    old = {record.key: record for record in before}
    assert all(old[record.key] == record for record in after if record.replicate in kept and record.key in old)
    by_replicate = defaultdict(list)
    for record in short(after):
        by_replicate[record.replicate].append(record.image)
    assert len({len(images) for images in by_replicate.values()}) == 1


def test_processes_are_replicates_only_where_the_budget_pays_for_them() -> None:
    assert plan_processes(600, 8, 0.2) == 10
    assert plan_processes(150, 8, 0.2) == 6
    assert plan_processes(30, 8, 0.2) is None
    assert plan_processes(600, 8, 0.2, groups=4) == 10
    assert plan_processes(250, 8, 0.2, groups=4) is None


def test_processes_that_take_too_long_leave_no_trace(tmp_path: pathlib.Path) -> None:
    machine = FakeProcesses()
    records = measure(tmp_path, machine, TOGETHER, budget_s=20)
    assert len(machine.opened) == 1
    assert records == []


@pytest.mark.parametrize("images", [3, 20, 40])
def test_no_image_comes_twice_in_a_process_of_arms_that_remember_them(tmp_path: pathlib.Path, images: int) -> None:
    records = measure(tmp_path, FakeProcesses(), TOGETHER, budget_s=200, distinct=True, images=images)
    measured = [record for record in records if record.role == "measured"]
    seen = Counter((record.process, record.arm, record.image) for record in measured)
    assert set(seen.values()) == {1}
    assert len({record.process for record in short(records)}) >= 6


class GettingFaster(FakeProcesses):
    """Each request takes 2 % less than the one before: no warm-up ever sees the end of it."""

    def spend(self, seconds: float) -> int:
        taken = super().spend(seconds * self._factor)
        self._factor *= 0.98
        return taken

    def open(self, arms: tuple[str, ...]) -> OpenProcess:
        self._factor = 1.5
        return super().open(arms)


def test_a_process_keeps_the_time_it_has_to_warm_up(tmp_path: pathlib.Path) -> None:
    records = [r for r in measure(tmp_path, GettingFaster(), TOGETHER, budget_s=150) if r.process == 0]
    begun = [record.at_s or 0.0 for record in records if record.role == "warmup"]
    first = min(record.at_s or 0.0 for record in records if record.role == "sentinel")
    assert not any(record.values.get("settled") for record in records)
    assert first - min(begun) <= WARMUP_S


def test_a_process_that_does_not_start_ends_the_measuring_and_nothing_else_is_mixed_in(
    tmp_path: pathlib.Path,
) -> None:
    machine = FakeProcesses()
    machine.most = 4
    records = measure(tmp_path, machine, TOGETHER, budget_s=200)
    assert {record.replicate for record in records if record.role == "complete"} == {0, 1, 2, 3}
    assert {record.replicate for record in records if record.role == "measured"} == {0, 1, 2, 3}


def test_where_no_process_starts_somebody_else_decides(tmp_path: pathlib.Path) -> None:
    machine = FakeProcesses()
    machine.most = 0
    with pytest.raises(EnvironmentError_):
        measure(tmp_path, machine, TOGETHER, budget_s=200)
    assert list(RunDirectory(tmp_path).records()) == []


def test_all_processes_together_keep_to_the_time_for_warming_up(tmp_path: pathlib.Path) -> None:
    """However many there are, and although none of them settles."""
    machine = FakeProcesses(noise=0.5)
    allowed_s = 6.0
    records = measure(tmp_path, machine, TOGETHER, budget_s=2000, warmup_s=allowed_s)
    assert len(machine.opened) == 24
    spans = []
    for process in range(24):
        warm = [r.at_s or 0.0 for r in records if r.process == process and r.role == "warmup"]
        spans.append(max(warm) - min(warm))
    # A row of each pass is made in any case: 3 requests of each kind, the long ones of 64 tokens.
    owed_s = sum(record.process is not None and record.role == "warmup" for record in records[:9]) * 0.3
    assert sum(spans) <= allowed_s + 24 * owed_s
    assert np.mean(spans[10:]) > 0


def test_garbage_is_taken_away_where_the_arms_are(tmp_path: pathlib.Path) -> None:
    machine = FakeProcesses()
    records = measure(tmp_path, machine, TOGETHER, budget_s=100)
    measured = {(r.pass_name, r.regime, r.block) for r in records if r.role == "measured"}
    assert machine.collected == len(measured)
