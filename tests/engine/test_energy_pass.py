"""Energy of a request, from a counter of a machine whose power is known; and when nothing is measured."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from argus_eval.core.record import Record
from argus_eval.core.request import Request
from argus_eval.core.response import Response
from argus_eval.engine import efficiency
from argus_eval.engine.budget import Stopwatch
from argus_eval.engine.energy_pass import energy_result, run_energy
from argus_eval.engine.narrator import Silent
from argus_eval.engine.sitting import Sitting
from argus_eval.errors import SampleError
from argus_eval.measure.clock import ManualClock
from tests.engine.fakes import workload

IDLE_W = 20.0


class Machine:
    """Draws 20 W, and an arm's own power on top while it works."""

    name = "imaginary"

    def __init__(self) -> None:
        self.clock, self.joules = ManualClock(), 0.0

    def spend(self, seconds: float, watts: float = 0.0) -> None:
        self.joules += seconds * (IDLE_W + watts)
        self.clock.advance(seconds)

    def read_j(self) -> float:
        return self.joules

    def watch(self, budget_s: float = 1e6) -> Stopwatch:
        watch = Stopwatch(budget_s=budget_s, clock_s=lambda: self.clock() / 1e9)
        watch.start()
        return watch


class Arm:
    def __init__(self, machine: Machine, watts: float, *, fails: int = 1) -> None:
        self._machine, self._watts, self._fails, self._asked = machine, watts, fails, 0

    def time(self, request: Request, *, stages: bool = True, hashes: bool = False) -> Response:
        self._asked += 1
        if self._asked % self._fails:
            raise SampleError("no")
        self._machine.spend(0.1, self._watts)
        return Response(text="")


def run(machine: Machine, **arms: Arm) -> list[Record]:
    return run_energy(cast(Any, arms), workload().items, machine, machine.watch(), tokens=64, sleep=machine.spend)


def test_joules_of_a_request_are_those_above_the_idle_machine() -> None:
    machine = Machine()
    records = run(machine, slow=Arm(machine, 50.0), fast=Arm(machine, 30.0, fails=2))
    assert energy_result(records, "slow") == pytest.approx(5.0)
    # Requests that failed are none.
    assert energy_result(records, "fast") == pytest.approx(3.0)
    assert all((record.values["busy_s"] or 0) >= 5 for record in records)


@pytest.mark.parametrize("trained", [True, False])
def test_an_answer_of_random_weights_has_no_energy(monkeypatch: pytest.MonkeyPatch, trained: bool) -> None:
    machine = Machine()
    monkeypatch.setattr(efficiency, "energy_counter", lambda device: machine)
    monkeypatch.setattr(
        efficiency, "run_energy", lambda arms, items, counter, watch, tokens: ["measured"] if trained else None
    )
    config = SimpleNamespace(setting=lambda name, default: default)
    model = SimpleNamespace(facts=SimpleNamespace(device="cpu"), measures_accuracy=trained)
    written: list[object] = []
    sitting = Sitting(
        job=cast(Any, SimpleNamespace(plan=SimpleNamespace(config=config), model=model, done={})),
        workload=workload(),
        writer=cast(Any, SimpleNamespace(append=written.extend)),
        watch=machine.watch(),
        narrator=Silent(),
        start_s=0.0,
    )
    efficiency._energy(sitting, {"m:baseline": cast(Any, Arm(machine, 1.0))})
    assert written == (["measured"] if trained else [])
    assert sitting.notes == ([] if trained else ["energy not measured: random weights give no answers"])
