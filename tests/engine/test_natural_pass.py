"""Answers at their natural end: what is timed, for how long, and what is said of lengths."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from argus_eval.core.record import Record
from argus_eval.core.request import Request
from argus_eval.core.response import Lengths, Response
from argus_eval.core.timing import Timing
from argus_eval.engine.budget import Stopwatch
from argus_eval.engine.efficiency import time_natural_ends
from argus_eval.engine.narrator import Silent
from argus_eval.engine.natural_pass import natural_result, run_natural
from argus_eval.engine.sitting import Sitting
from argus_eval.errors import SampleError
from argus_eval.measure.clock import ManualClock
from tests.engine.fakes import workload

BASELINE, ARM = "m:baseline", "m:arm"


class Talker:
    """Says as many tokens as it likes, up to the limit: 0.1 s to the first, 0.01 s for each that follows."""

    def __init__(self, clock: ManualClock, tokens: int, *, fails_on: str = "") -> None:
        self._clock, self._tokens, self._fails_on = clock, tokens, fails_on
        self.asked: list[Request] = []

    def time(self, request: Request, *, stages: bool = True, hashes: bool = False) -> Response:
        self.asked.append(request)
        if request.key == self._fails_on and request.images[0].sha256.startswith("i"):
            raise SampleError("no")
        assert not request.decoding.fixed_length
        e2e_s = 0.1 + 0.01 * (self._tokens - 1)
        self._clock.advance(e2e_s)
        timing = Timing(ttft_ns=100_000_000, e2e_ns=round(e2e_s * 1e9))
        return Response(
            text="", timing=timing, lengths=Lengths(output_tokens=self._tokens), hit_limit=self._tokens >= 40
        )


def run(*tokens: int, until_s: float = 1e6, fails_on: str = "") -> tuple[list[Record], ManualClock]:
    clock = ManualClock()
    watch = Stopwatch(budget_s=1e6, clock_s=lambda: clock() / 1e9)
    watch.start()
    arms = {
        name: Talker(clock, count, fails_on=fails_on) for name, count in zip((BASELINE, ARM), tokens, strict=True)
    }
    return run_natural(cast(Any, arms), workload(), watch, until_s=until_s, seed=0), clock


def measured(records: list[Record]) -> list[Record]:
    return [record for record in records if record.role == "measured"]


def test_every_image_is_answered_by_every_arm_in_random_order() -> None:
    records, _ = run(20, 20)
    assert {record.image[0] for record in records if record.role == "warmup"} == {"w"}
    rows = Counter(record.image for record in measured(records))
    assert len(rows) == 40
    assert set(rows.values()) == {2}
    firsts = Counter(record.arm for record in measured(records) if record.order == 0)
    assert min(firsts.values()) >= 10
    assert len({record.key for record in records}) == len(records)


def test_times_and_lengths_are_those_of_the_arm() -> None:
    records, _ = run(21, 11)
    base, arm = (natural_result(records, name, BASELINE) for name in (BASELINE, ARM))
    assert base is not None
    assert arm is not None
    assert base.e2e_s.p50 == pytest.approx(0.3)
    assert arm.e2e_s.p50 == pytest.approx(0.2)
    assert (base.output_tokens, arm.output_tokens) == (21.0, 11.0)
    assert base.e2e_s.ci is not None
    # Half as long is not the same work.
    assert (base.as_long, arm.as_long) == (True, False)
    assert base.cut == 0


@pytest.mark.parametrize(
    ("tokens", "as_long"), [((20, 18), True), ((20, 17), False), ((20, 23), False), ((8, 4), True)]
)
def test_the_rule_is_that_of_the_length_guard(tokens: tuple[int, int], as_long: bool) -> None:
    found = natural_result(run(*tokens)[0], ARM, BASELINE)
    assert found is not None
    assert found.as_long is as_long


def test_answers_that_reach_the_limit_are_counted() -> None:
    found = natural_result(run(40, 20)[0], BASELINE, BASELINE)
    assert found is not None
    assert found.cut == 40


@pytest.mark.parametrize("until_s", [0.0, 0.5, 3.0])
def test_time_is_kept_and_rows_are_whole(until_s: float) -> None:
    records, clock = run(21, 21, until_s=until_s)
    assert clock() / 1e9 <= until_s + 0.3
    assert set(Counter(record.block for record in records).values()) <= {2}
    assert len(measured(records)) // 2 == {0.0: 0, 0.5: 0, 3.0: 4}[until_s]


def test_an_image_that_failed_is_left_out_under_both() -> None:
    records, _ = run(20, 20, fails_on="3")
    found = natural_result(records, ARM, BASELINE)
    assert found is not None
    assert found.e2e_s.n == 39
    assert np.isclose(found.e2e_s.p50 or 0, 0.29)


def test_without_records_there_is_nothing() -> None:
    assert natural_result([], ARM, BASELINE) is None


class Lines:
    """Keeps what a writer is given."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def append(self, records: list[Record]) -> None:
        self.records += records


def sat(
    budget_s: float, *, weights: str = "trained", distinct: bool = False
) -> tuple[list[Record], list[str], float]:
    """What the measurement writes and leaves out, and the seconds it takes, with two arms of 0.3 s an answer."""
    clock = ManualClock()
    watch = Stopwatch(budget_s=budget_s, clock_s=lambda: clock() / 1e9)
    watch.start()
    config = SimpleNamespace(regime="cold-image", setting=lambda name, default: default)
    facts = SimpleNamespace(backend="transformers", name="m")
    model = SimpleNamespace(facts=facts, measures_accuracy=weights == "trained")
    job = SimpleNamespace(plan=SimpleNamespace(config=config), model=model, done={}, budget_s=budget_s)
    writer = Lines()
    sitting = Sitting(
        job=cast(Any, job),
        workload=workload(),
        writer=cast(Any, writer),
        watch=watch,
        narrator=Silent(),
        start_s=0.0,
        distinct=distinct,
    )
    time_natural_ends(sitting, cast(Any, {name: Talker(clock, 21) for name in (BASELINE, ARM)}))
    return writer.records, sitting.notes, clock() / 1e9


def test_a_twentieth_of_the_budget_is_all_it_takes() -> None:
    records, notes, seconds = sat(100)
    assert seconds == pytest.approx(5, abs=0.6)
    assert len(measured(records)) == 14
    assert notes == []
    _, notes, seconds = sat(20)
    assert seconds <= 1.6
    assert "fewer than 6 images" in notes[0]


def test_where_an_end_means_nothing_nothing_is_asked() -> None:
    for records, notes, seconds in (sat(100, weights="random"), sat(100, distinct=True)):
        assert (records, seconds) == ([], 0.0)
        assert notes[0].startswith("natural end of answers not timed")
