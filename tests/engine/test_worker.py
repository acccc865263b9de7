"""A real measuring process: its arms answer as local ones do, and its failures arrive as errors."""

from __future__ import annotations

import dataclasses
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from argus_eval.backends.protocol import ShowsLogits, ShowsTensors
from argus_eval.backends.resolve import load_backend, model_facts
from argus_eval.core.request import Request
from argus_eval.engine.memory_pass import measure_memory, memory_result
from argus_eval.engine.worker import Session
from argus_eval.engine.worker_messages import TWIN, WorkerSpec, request_from_json, request_to_json
from argus_eval.engine.worker_process import WorkerProcess
from argus_eval.errors import EnvironmentError_, SampleError
from tests.pipeline.images import AWKWARD, request

SPEC = WorkerSpec(
    model="argus-nano",
    weights="random",
    device="cpu",
    dialect=None,
    dtype=None,
    seed=0,
    runs_dir="runs",
    arms={"m:baseline": (), "m:baseline (A/A)": TWIN, "m:splice": ("token-splice",)},
)


@pytest.fixture(scope="module")
def worker() -> Iterator[WorkerProcess]:
    with WorkerProcess(SPEC) as process:
        yield process


@pytest.fixture(scope="module")
def asked() -> Request:
    return request(AWKWARD["grey"], tokens=3, fixed=True)


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Any:
    facts = model_facts("argus-nano", weights="random", device="cpu", dialect=None)
    folder = tmp_path_factory.mktemp("runs")
    return load_backend(facts, weights="random", dtype=None, runs_dir=folder, seed=0).runner(())


def test_requests_survive_the_journey(asked: Request) -> None:
    assert request_from_json(request_to_json(asked)) == asked


def test_an_arm_in_a_process_answers_as_a_local_one(worker: WorkerProcess, asked: Request, local: Any) -> None:
    here = local.time(asked, hashes=True)
    for arm in SPEC.arms:
        there = worker.arms[arm].time(asked, hashes=True)
        assert there.token_ids == here.token_ids
        assert there.hashes == here.hashes
        assert there.timing is not None
        assert 0 < (there.timing.ttft_ns or 0) < (there.timing.e2e_ns or 0)
    bare = worker.arms["m:baseline"].time(asked, stages=False)
    assert bare.timing is not None
    assert not bare.timing.stages_ns
    assert worker.arms["m:baseline"].host(asked).to_model_ready_ns
    assert worker.start_s > 0


def test_what_a_model_is_fed_can_be_looked_at(worker: WorkerProcess, asked: Request, local: Any) -> None:
    runner = worker.arms["m:baseline"]
    assert isinstance(runner, ShowsTensors)
    assert isinstance(runner, ShowsLogits)
    there, here = runner.consumed(asked), local.consumed(asked)
    assert np.array_equal(there.ids, here.ids)
    assert np.array_equal(there.pixels, here.pixels)
    logits = runner.first_logits(asked)
    assert logits is not None
    assert np.array_equal(logits, local.first_logits(asked))


def test_a_request_that_fails_is_its_own_error(worker: WorkerProcess, asked: Request) -> None:
    image = dataclasses.replace(asked.images[0], data=b"no image", sha256="other")
    broken = dataclasses.replace(asked, key="broken", images=(image,))
    with pytest.raises(SampleError, match="decoded"):
        worker.arms["m:baseline"].time(broken)
    assert worker.arms["m:baseline"].time(asked).token_ids


def test_a_process_that_dies_says_so(asked: Request) -> None:
    with pytest.raises(EnvironmentError_, match="no-such-model"):
        WorkerProcess(dataclasses.replace(SPEC, model="no-such-model"))


def test_memory_of_an_arm_holds_its_weights(asked: Request) -> None:
    spec = dataclasses.replace(SPEC, arms={"m:baseline": ()})
    record = measure_memory("m:baseline", spec, [asked], at_s=1.0)
    found = memory_result([record], "m:baseline")
    assert found.host_peak_bytes is not None
    assert 50e6 < found.host_peak_bytes < 4e9
    assert found.device_peak_bytes is None


def test_garbage_is_taken_away_in_the_process(worker: WorkerProcess) -> None:
    class Cycle:
        def __init__(self) -> None:
            self.itself = self

    gone = weakref.ref(Cycle())
    session = Session.__new__(Session)
    assert session.handle({"do": "collect"}) == {}
    assert gone() is None
    worker.collect()
