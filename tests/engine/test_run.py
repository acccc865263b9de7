"""What a run knows before it measures anything."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from argus_eval.backends.resolve import model_facts
from argus_eval.engine.plan import ModelPlan
from argus_eval.engine.run import busy_machine, process_start_s
from argus_eval.measure.contention import CoreUse


def test_a_new_process_imports_what_is_there_already_in_this_one() -> None:
    assert process_start_s(20.0, imported=False) == 20.0
    assert process_start_s(0.5, imported=True) > 5.0


def test_a_busy_machine_is_said_of_models_that_run_in_our_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    facts = model_facts("argus-nano", weights="random", device="cpu", dialect=None)
    local = ModelPlan(facts=facts, arms=(), weights="random", dropped=())
    served = dataclasses.replace(local, facts=dataclasses.replace(facts, backend="openai"))
    busy, idle = CoreUse(cores=2.0, others_cores=1.6), CoreUse(cores=2.0, others_cores=0.1)
    (note,) = busy_machine(local, busy)
    assert note.startswith("busy machine: 2 threads of torch on 2 cores, of which other processes use 1.6: ")
    assert busy_machine(served, busy) == ()
    assert busy_machine(local, idle) == ()
