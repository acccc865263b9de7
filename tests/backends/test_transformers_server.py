"""transformers' own server on the CPU, with the small trained SmolVLM of this repository: a second real server.

    ARGUS_EVAL_VLLM_PYTHON=vllm/bin/python pytest tests/backends/test_transformers_server.py

The environment of vLLM has what ``transformers serve`` needs. Skipped where it does not start.
"""

from __future__ import annotations

import json
import os
import pathlib
from collections.abc import Iterator

import pytest

from argus_eval.backends.openai.backend import OpenAIBackend
from argus_eval.backends.protocol import Question
from argus_eval.backends.resolve import load_backend, model_facts
from argus_eval.backends.serve.process import ServerProcess, free_port
from argus_eval.backends.serve.readiness import wait_until_ready
from argus_eval.cli import main
from argus_eval.core.response import Response
from argus_eval.errors import EnvironmentError_, SampleError, UsageError
from tests.backends.test_vllm import SMOLVLM_NANO, VARIABLE, requests

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not os.environ.get(VARIABLE), reason=f"needs a server: {VARIABLE} names a Python that has one"
    ),
]
SERVE = "from transformers.cli.transformers import main; main()"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port, folder = free_port(), tmp_path_factory.mktemp("server")
    command = [os.environ[VARIABLE], "-c", SERVE, "serve", str(SMOLVLM_NANO)]
    command += ["--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    environment = dict(os.environ) | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(folder)}
    process = ServerProcess(command, environment, folder / "log")
    try:
        root = f"http://127.0.0.1:{port}"
        wait_until_ready(process, root + "/health", limit_s=300, what="transformers serve", tell=print)
    except EnvironmentError_ as problem:
        process.close()
        pytest.skip(str(problem))
    yield f"{SMOLVLM_NANO}@{root}/v1"
    process.close()


@pytest.fixture
def backend(address: str) -> Iterator[OpenAIBackend]:
    running = OpenAIBackend(address, keep_special_tokens=False, weights="trained")
    yield running
    running.close()


def test_answers_are_those_of_the_local_backend(backend: OpenAIBackend, tmp_path: pathlib.Path) -> None:
    questions = [Question(task=None, sample=None, request=request) for request in requests(24, 8)]  # type: ignore[arg-type]
    served = backend.runner(()).answer(questions)
    facts = model_facts(f"hf:{SMOLVLM_NANO}", weights=None, device="cpu", dialect=None)
    local = load_backend(facts, weights=None, dtype=None, runs_dir=tmp_path, seed=0)
    ours = local.runner(()).answer(questions)
    local.close()
    equal = [
        isinstance(a, Response) and isinstance(b, Response) and a.text.strip() == b.text.strip()
        for a, b in zip(served, ours, strict=True)
    ]
    assert sum(equal) >= 21, served  # one in eight: the flip floor, as with vLLM


def test_lengths_are_fixed_and_times_come_of_tokens(backend: OpenAIBackend) -> None:
    runner = backend.runner(())
    found: list[Response] = []
    for request in requests(6, 20, fixed=True):
        try:
            found.append(runner.time(request))
        except SampleError:
            # How a length is fixed there is learnt from two refusals.
            assert len(found) == 0
    assert len(found) >= 4
    for response in found:
        assert response.lengths.output_tokens == 20
        assert response.timing is not None
        assert response.timing.ttft_ns is not None
        assert response.timing.tpot_ns(20) is not None
        # The role comes long before the first token, and counts for nothing.
        assert response.timing.stages_ns["stream"] > 0


def test_a_name_that_cannot_be_loaded_is_refused_at_once(address: str) -> None:
    with pytest.raises(UsageError, match="pinned"):
        OpenAIBackend(
            address.replace("smolvlm-nano", "smolvlm-nono"), keep_special_tokens=False, weights="trained"
        )


def test_a_run_with_times(address: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    command = ["run", "--model", f"openai:{address}", "--tasks", "vqav2", "--data", "bundled", "--limit", "12"]
    assert main([*command, "--budget", "20s", "--runs-dir", str(tmp_path)]) == 0
    (path,) = tmp_path.rglob("records.jsonl")
    records = [json.loads(line) for line in path.read_text().split("\n") if line]
    accuracy = [record for record in records if record["pass"] == "accuracy"]
    assert len(accuracy) == 12
    assert all(record["status"] == "ok" for record in accuracy)
    timed = [record for record in records if record["pass"] != "accuracy" and record["status"] == "ok"]
    assert len(timed) >= 12
