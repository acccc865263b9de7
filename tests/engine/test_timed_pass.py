"""Interleaved blocks: design, budget, stopping, resume; and that they recover what is true."""

from __future__ import annotations

import pathlib
from collections import Counter, defaultdict

import numpy as np
import pytest

from argus_eval.core.record import Record
from argus_eval.core.response import Lengths, Response
from argus_eval.core.results import WarmUp
from argus_eval.core.timing import Timing
from argus_eval.engine.protocol_summary import ProtocolFacts, ProtocolTable
from argus_eval.engine.speed_summary import SpeedTable, efficiency, paired_requests, paired_speedup
from argus_eval.engine.timed_pass import Measure
from argus_eval.engine.workload import WorkItem
from argus_eval.errors import SampleError
from argus_eval.measure.throttle import ThrottleCounters
from tests.engine.fakes import ARMS, FakeMachine, measure_into


@pytest.fixture(autouse=True)
def without_garbage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Collecting garbage before every block is right on a real machine and slow in an imaginary one."""
    monkeypatch.setattr("argus_eval.engine.blocks.gc.collect", lambda _=2: 0)


def table(records: list[Record]) -> SpeedTable:
    return SpeedTable.of(records)


def test_blocks_are_complete_and_interleaved(tmp_path: pathlib.Path) -> None:
    machine = FakeMachine(0.01, {"m:fast": 2.0}, noise=0.05)
    records = measure_into(tmp_path, machine, budget_s=30)
    blocks: dict[int, list[Record]] = defaultdict(list)
    for record in records:
        blocks[record.replicate].append(record)
    assert len(blocks) >= 6
    firsts = Counter()
    for block in blocks.values():
        images = [record.image for record in sorted(block, key=lambda record: record.order)]
        # every image under every arm before the next one
        assert all(len(set(images[i : i + 3])) == 1 for i in range(0, len(images), 3))
        assert Counter(record.arm for record in block) == dict.fromkeys(ARMS, len(block) // 3)
        firsts.update(block[i].arm for i in range(0, len(block), 3))
    assert set(firsts) == set(ARMS)
    assert max(firsts.values()) < 0.7 * sum(firsts.values())


def test_the_first_image_of_a_block_is_not_that_of_the_one_before(tmp_path: pathlib.Path) -> None:
    records = measure_into(tmp_path, FakeMachine(0.01, {}, noise=0.05), budget_s=30)
    by_block = defaultdict(set)
    for record in records:
        by_block[record.replicate].add(record.image)
    assert not by_block[0] & by_block[1]


def test_warm_up_images_are_not_measured(tmp_path: pathlib.Path) -> None:
    machine = FakeMachine(0.01, {})
    records = measure_into(tmp_path, machine, budget_s=10)
    assert any(image.startswith("w") for _, image in machine.calls)
    assert not any(record.image.startswith("w") for record in records)


@pytest.mark.parametrize("truth", [1.0, 1.25, 4.0, 0.5])
def test_a_known_speed_up_is_recovered_under_noise_and_drift(tmp_path: pathlib.Path, truth: float) -> None:
    machine = FakeMachine(0.01, {"m:fast": truth}, noise=0.05, drift=0.02)
    records = measure_into(tmp_path, machine, budget_s=60)
    times = paired_requests(table(records), "cold-image/1", ARMS, "ttft")
    assert times is not None
    found = paired_speedup(times, 2)
    assert found.interval is not None
    assert found.interval.low < truth < found.interval.high
    assert found.interval.high / found.interval.low < 1.15


def test_a_twin_shows_no_effect(tmp_path: pathlib.Path) -> None:
    records = measure_into(tmp_path, FakeMachine(0.01, {}, noise=0.1, drift=0.05), budget_s=60)
    times = paired_requests(table(records), "cold-image/1", ARMS, "ttft")
    assert times is not None
    twin = paired_speedup(times, 1).interval_at(0.99)
    assert twin is not None
    assert twin.contains(1.0)


def test_the_budget_is_kept(tmp_path: pathlib.Path) -> None:
    machine = FakeMachine(0.05, {}, noise=0.3)
    measure_into(tmp_path, machine, budget_s=20)
    assert machine.seconds() <= 20 * 1.1


def test_without_time_three_rows_are_made_in_any_case(tmp_path: pathlib.Path) -> None:
    machine = FakeMachine(10.0, {})
    records = measure_into(tmp_path, machine, budget_s=1)
    assert Counter(record.arm for record in records) == dict.fromkeys(ARMS, 3)
    found = efficiency(table(records), "m:baseline", "cold-image/1", "sha256:w")
    assert found.ttft_s.p50 is not None
    assert found.ttft_s.ci is None
    assert found.ttft_s.p90 is None
    assert any("6 are needed" in shortfall for shortfall in found.shortfalls)


def test_a_pass_that_is_not_owed_is_left_out_without_time(tmp_path: pathlib.Path) -> None:
    assert measure_into(tmp_path, FakeMachine(10.0, {}), budget_s=1, in_any_case=False) == []


def test_quiet_times_stop_at_the_first_look(tmp_path: pathlib.Path) -> None:
    records = measure_into(tmp_path, FakeMachine(0.001, {"m:fast": 1.5}, noise=0.002), budget_s=600)
    assert len({record.replicate for record in records}) == 6


def test_an_interrupted_pass_goes_on_where_it_stopped(tmp_path: pathlib.Path) -> None:
    machine = FakeMachine(0.01, {"m:fast": 2.0}, noise=0.05)
    calls = 0

    def interrupted(arm: str, item: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 100:
            raise KeyboardInterrupt
        return machine.measure(arm, item)  # type: ignore[arg-type]

    with pytest.raises(KeyboardInterrupt):
        measure_into(tmp_path, machine, budget_s=60, measure=interrupted)  # type: ignore[arg-type]
    before = [record.key for record in measure_first(tmp_path)]
    after = measure_into(tmp_path, machine, budget_s=60)
    keys = [record.key for record in after]
    assert keys[: len(before)] == before
    assert len(keys) == len(set(keys))


def measure_first(folder: pathlib.Path) -> list[Record]:
    from argus_eval.store import RunDirectory

    return [record for record in RunDirectory(folder).records() if record.role == "measured"]


def test_a_torn_block_is_discarded_and_measured_again(tmp_path: pathlib.Path) -> None:
    machine = FakeMachine(0.001, {}, noise=0.002)
    measure_into(tmp_path, machine, budget_s=600)
    log = tmp_path / "records.jsonl"
    lines = log.read_bytes().split(b"\n")
    log.write_bytes(b"\n".join(lines[:-10]) + b"\n" + lines[-10][:20])
    again = measure_into(tmp_path, machine, budget_s=600)
    keys = [record.key for record in again]
    assert len(keys) == len(set(keys))
    from argus_eval.store import RunDirectory

    statuses = Counter(record.status for record in RunDirectory(tmp_path).records(include_discarded=True))
    assert statuses["discarded"] > 0
    assert len({record.replicate for record in again}) == 6
    assert len(Counter(Counter(record.replicate for record in again).values())) == 1


def test_a_torn_block_is_discarded_although_no_time_is_left(tmp_path: pathlib.Path) -> None:
    machine = FakeMachine(0.001, {}, noise=0.002)
    whole = measure_into(tmp_path, machine, budget_s=600)
    log = tmp_path / "records.jsonl"
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:-10]))
    again = measure_into(tmp_path, machine, budget_s=1e-6)
    assert again == [record for record in whole if record.block < 5]


def test_an_image_that_fails_is_left_out_under_every_arm(tmp_path: pathlib.Path) -> None:
    machine = FakeMachine(0.01, {"m:fast": 2.0})

    def failing(arm: str, item: object) -> object:
        if item.image == "i3" and arm == "m:fast":  # type: ignore[attr-defined]
            raise SampleError("no")
        return machine.measure(arm, item)  # type: ignore[arg-type]

    records = measure_into(tmp_path, machine, budget_s=20, measure=failing)  # type: ignore[arg-type]
    assert any(record.status == "error" and record.error == "no" for record in records)
    times = paired_requests(table(records), "cold-image/1", ARMS, "ttft")
    assert times is not None
    assert np.allclose(times.seconds[0] / times.seconds[2], 2.0)


def everything(folder: pathlib.Path) -> list[Record]:
    from argus_eval.store import RunDirectory

    return list(RunDirectory(folder).records())


def protocol(folder: pathlib.Path) -> ProtocolFacts:
    return ProtocolTable.of(everything(folder), ARMS, ARMS[0], ARMS[1]).facts("cold-image/1")


def test_every_block_has_one_sentinel_of_the_baseline(tmp_path: pathlib.Path) -> None:
    measured = measure_into(tmp_path, FakeMachine(0.01, {}, noise=0.05), budget_s=30)
    sentinels = [record for record in everything(tmp_path) if record.role == "sentinel"]
    assert {record.block for record in sentinels} == {record.block for record in measured}
    assert {record.arm for record in sentinels} == {ARMS[0]}
    assert len({record.image for record in sentinels}) == 1


@pytest.mark.parametrize(("rate", "flagged"), [(0.0, False), (0.01, True)])
def test_drift_of_the_machine_is_seen_in_the_sentinels(tmp_path: pathlib.Path, rate: float, flagged: bool) -> None:
    machine = FakeMachine(0.05, {"m:fast": 1.02}, noise=0.002, drift=rate)
    measure_into(tmp_path, machine, budget_s=60, measure=noisy_twin(machine))
    found = protocol(tmp_path).drift
    assert found is not None
    assert found.flagged is flagged
    if flagged:
        seen = [record.at_s or 0.0 for record in everything(tmp_path) if record.role == "sentinel"]
        assert found.total == pytest.approx(rate * (seen[-1] - seen[0]), rel=0.25)


def noisy_twin(machine: FakeMachine) -> Measure:
    """A twin that keeps the interval wide, so that measuring goes on to the end of the budget."""
    rng = np.random.default_rng(9)

    def measure(arm: str, item: WorkItem) -> tuple[Timing, Response | None]:
        timing, response = machine.measure(arm, item)
        if arm != ARMS[1]:
            return timing, response
        factor = float(np.exp(rng.normal(0, 0.5)))
        return Timing(ttft_ns=round((timing.ttft_ns or 0) * factor), e2e_ns=timing.e2e_ns), response

    return measure


@pytest.mark.parametrize(("price", "hidden"), [(0.0, False), (0.05, True)])
def test_the_price_of_stage_timers_is_read_from_one_block_in_four(
    tmp_path: pathlib.Path, price: float, hidden: bool
) -> None:
    machine = FakeMachine(0.005, {}, noise=0.005)

    def timed(arm: str, item: WorkItem) -> tuple[Timing, Response | None]:
        timing, response = machine.measure(arm, item)
        return Timing(ttft_ns=round((timing.ttft_ns or 0) * (1 + price)), e2e_ns=None), response

    measure_into(tmp_path, machine, budget_s=120, measure=timed, untimed=machine.measure)
    off = {record.block for record in everything(tmp_path) if record.role == "timers-off"}
    assert off == {block for block in {r.block for r in everything(tmp_path)} if block % 4 == 3}
    found = protocol(tmp_path).instrumentation
    assert found is not None
    assert found.cost == pytest.approx(price, abs=0.004)
    assert found.upper > found.cost
    assert found.hides_stages is hidden


@pytest.mark.parametrize(
    ("timers_s", "slower", "hidden"), [(4e-6, 0.0, False), (2e-3, 0.0, True), (4e-6, 0.5, True)]
)
def test_timers_that_are_timed_themselves_are_known_on_a_noisy_machine_too(
    tmp_path: pathlib.Path, timers_s: float, slower: float, hidden: bool
) -> None:
    machine = FakeMachine(0.05, {}, noise=0.3)

    def timed(arm: str, item: WorkItem) -> tuple[Timing, Response | None]:
        timing, response = machine.measure(arm, item)
        ttft = round((timing.ttft_ns or 0) * (1 + slower))
        return Timing(ttft_ns=ttft, e2e_ns=None, timers_ns=round(timers_s * 1e9)), response

    measure_into(tmp_path, machine, budget_s=120, measure=timed, untimed=machine.measure)
    found = protocol(tmp_path).instrumentation
    assert found is not None
    assert found.requests > 0
    assert 0 < found.cost < found.upper
    assert found.paired_ci is not None
    assert found.paired_ci[1] > 0.02  # thirty per cent of noise would hide any stage
    assert found.hides_stages is hidden


def test_a_throttled_block_is_measured_again_for_all_arms(tmp_path: pathlib.Path) -> None:
    readings = iter([*[0] * 2, 0, 5, *[5] * 100])
    measure_into(
        tmp_path,
        FakeMachine(0.002, {}, noise=0.002),
        budget_s=60,
        read_throttle=lambda: ThrottleCounters(quota=None, thermal=next(readings), device=None),
    )
    from argus_eval.store import RunDirectory

    every = list(RunDirectory(tmp_path).records(include_discarded=True))
    discarded = [record for record in every if record.status == "discarded"]
    assert {record.block for record in discarded} == {1}
    assert {record.arm for record in discarded} == set(ARMS)
    assert all("heat" in (record.error or "") for record in discarded)
    assert protocol(tmp_path).reruns == 1


def test_warm_up_ends_when_no_trend_is_left(tmp_path: pathlib.Path) -> None:
    machine = FakeMachine(0.01, {}, noise=0.002)
    begun: list[float] = []

    def cooling(arm: str, item: WorkItem) -> tuple[Timing, Response | None]:
        begun.append(machine.seconds())
        machine.clock.advance(0.2 * float(np.exp(-len(begun) / 5)))
        return machine.measure(arm, item)

    measure_into(tmp_path, machine, budget_s=600, measure=cooling)
    warm = [record for record in everything(tmp_path) if record.role == "warmup"]
    assert len(warm) > 2 * 3 * len(ARMS)
    assert protocol(tmp_path).warmup == WarmUp(requests=len(warm), settled=True)


def test_warm_up_keeps_its_share_of_the_time(tmp_path: pathlib.Path) -> None:
    machine = FakeMachine(0.01, {}, noise=0.002)
    measure_into(tmp_path, machine, budget_s=600, warmup_s=0.1)
    warm = [record for record in everything(tmp_path) if record.role == "warmup"]
    assert len(warm) <= 0.1 / (0.01 * len(ARMS)) * len(ARMS) + len(ARMS)
    found = protocol(tmp_path).warmup
    assert found is not None
    assert not found.settled


def test_no_image_comes_twice_where_an_arm_remembers_them(tmp_path: pathlib.Path) -> None:
    records = measure_into(tmp_path, FakeMachine(0.01, {}, noise=0.3), budget_s=600, distinct=True)
    seen = Counter((record.arm, record.image) for record in records)
    assert max(seen.values()) == 1


def test_images_that_may_come_once_are_shared_among_the_replicates(tmp_path: pathlib.Path) -> None:
    records = measure_into(tmp_path, FakeMachine(0.01, {}, noise=0.3), budget_s=600, distinct=True)
    assert len({record.replicate for record in records}) == 10


def test_a_throttled_block_is_not_repeated_where_images_must_not_come_twice(tmp_path: pathlib.Path) -> None:
    readings = iter(range(100))
    machine = FakeMachine(0.01, {}, noise=0.3)
    records = measure_into(
        tmp_path,
        machine,
        budget_s=600,
        distinct=True,
        read_throttle=lambda: ThrottleCounters(quota=None, thermal=next(readings), device=None),
    )
    asked = Counter((arm, image) for arm, image in machine.calls if not image.startswith("w"))
    assert set(asked.values()) == {1}
    facts = protocol(tmp_path)
    assert facts.reruns == facts.blocks == len({record.block for record in records})


@pytest.mark.parametrize(
    ("noise", "budget_s", "words"),
    [(0.0, 600, "6 replicates; narrow enough"), (0.5, 2, "time budget spent"), (0.9, 6000, "last look reached")],
)
def test_why_measuring_stopped_is_said(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, noise: float, budget_s: float, words: str
) -> None:
    said: list[str] = []
    monkeypatch.setattr("tests.engine.fakes.Silent.say", lambda _, text: said.append(text))
    measure_into(tmp_path, FakeMachine(0.01, {}, noise=noise), budget_s=budget_s)
    assert said[-1].endswith(words)


def test_a_block_has_no_more_rows_than_there_are_images(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr("tests.engine.fakes.Silent.say", lambda _, text: said.append(text))
    records = measure_into(tmp_path, FakeMachine(0.01, {}), budget_s=60, part=(0, 14))
    assert any("blocks of 3" in line for line in said)
    assert Counter(record.arm for record in records) == dict.fromkeys(ARMS, 6 * 3)


@pytest.mark.parametrize("chunk", [1, 4])
def test_tokens_that_came_with_the_first_chunk_are_not_waited_for(tmp_path: pathlib.Path, chunk: int) -> None:
    """A server that hands over ``chunk`` tokens first and one every 10 ms after that."""
    machine = FakeMachine(0.01, {})

    def measure(arm: str, item: WorkItem) -> tuple[Timing, Response | None]:
        last_s = 0.1 + 0.01 * (20 - chunk)
        machine.clock.advance(last_s)
        timing = Timing(ttft_ns=100_000_000, e2e_ns=round(last_s * 1e9), first_token_count=chunk)
        return timing, Response(text="", timing=timing, lengths=Lengths(output_tokens=20))

    records = measure_into(tmp_path, machine, budget_s=30, measure=measure)
    found = efficiency(table(records), "m:baseline", "cold-image/1", "").tpot_s
    assert found is not None
    assert found.p50 == pytest.approx(0.01)


def test_a_pass_without_enough_replicates_goes_on_into_the_time_of_the_next(tmp_path: pathlib.Path) -> None:
    machine = FakeMachine(0.1, {}, noise=0.05)
    short = measure_into(tmp_path / "short", machine, budget_s=20, share=0.3)
    machine = FakeMachine(0.1, {}, noise=0.05)
    reaching = measure_into(tmp_path / "reaching", machine, budget_s=20, share=0.3, reach=1.0)
    assert len({record.replicate for record in short}) < 6
    assert len({record.replicate for record in reaching}) == 10


def test_a_narrow_interval_does_not_end_a_pass_before_its_images_were_seen(tmp_path: pathlib.Path) -> None:
    machine = FakeMachine(0.01, {"m:fast": 1.5}, noise=0.002)
    records = measure_into(tmp_path, machine, budget_s=600, most_rows=3, images_wanted=30)
    assert len({record.replicate for record in records}) == 10
    assert len({record.image for record in records}) == 30


@pytest.mark.parametrize(
    ("noise", "budget_s", "reason"),
    [(0.0, 600, "narrow enough"), (0.5, 2, "time budget spent"), (0.9, 6000, "last look reached")],
)
def test_why_measuring_stopped_is_read_from_the_records(
    tmp_path: pathlib.Path, noise: float, budget_s: float, reason: str
) -> None:
    measure_into(tmp_path, FakeMachine(0.01, {}, noise=noise), budget_s=budget_s)
    assert protocol(tmp_path).stopped == reason
