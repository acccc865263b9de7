"""The real vLLM on the CPU, with the small trained SmolVLM of this repository. Takes some minutes.

    ARGUS_EVAL_VLLM_PYTHON=vllm/bin/python pytest tests/backends/test_vllm.py    # or: make serving-test

``benchmarks/vllm_cpu_environment.sh`` builds that environment; ``ARGUS_EVAL_VLLM_CHECKPOINT`` names another
checkpoint of a family with a stock processor.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import pathlib
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from argus_eval.backends.protocol import Backend, Question, ShowsTokens, TakesLoad
from argus_eval.backends.resolve import load_backend, model_facts
from argus_eval.core.request import Decoding, Request
from argus_eval.core.response import Response
from argus_eval.data.bundled import iter_rows
from argus_eval.data.images import encoded_image
from argus_eval.engine.cache_audit import AUDIT_ROUNDS

VARIABLE, CHECKPOINT = "ARGUS_EVAL_VLLM_PYTHON", "ARGUS_EVAL_VLLM_CHECKPOINT"
SMOLVLM_NANO = pathlib.Path(__file__).parents[1] / "checkpoints" / "smolvlm-nano"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get(VARIABLE), reason=f"needs vLLM: {VARIABLE} names a Python that has it"),
]


@pytest.fixture(scope="module")
def checkpoint() -> pathlib.Path:
    given = os.environ.get(CHECKPOINT)
    return pathlib.Path(given) if given else SMOLVLM_NANO


@pytest.fixture(scope="module")
def backend(checkpoint: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    folder = tmp_path_factory.mktemp("run")
    os.environ["ARGUS_EVAL_SERVER_PYTHON"] = os.environ[VARIABLE]
    facts = model_facts(f"vllm:{checkpoint}", weights=None, device="cpu", dialect=None)
    running = load_backend(facts, weights=None, dtype=None, runs_dir=folder, seed=0, folder=folder)
    yield running
    running.close()
    assert not psutil.Process().children(recursive=True)


@functools.cache
def rows() -> list[dict[str, Any]]:
    """One question of each of 40 bundled scenes."""
    found: dict[bytes, dict[str, Any]] = {}
    for row in iter_rows("vqav2"):
        image: Any = row["image"]
        found.setdefault(image["bytes"], row)
        if len(found) == 40:
            break
    return list(found.values())


def requests(count: int, tokens: int, *, fixed: bool = False) -> list[Request]:
    decoding = Decoding(max_new_tokens=tokens, fixed_length=fixed)
    asked = "{}\nAnswer the question using a single word or phrase."
    return [
        Request(
            key=str(number),
            images=(encoded_image(row["image"]),),
            prompt=asked.format(row["question"]),
            decoding=decoding,
        )
        for number, row in enumerate(rows()[:count])
    ]


def test_answers_are_those_of_the_local_backend(backend: Backend, checkpoint: pathlib.Path) -> None:
    """Both at float32: the same tokens but for at most one image in eight (the flip floor), and true answers."""
    questions = [Question(task=None, sample=None, request=request) for request in requests(40, 8)]  # type: ignore[arg-type]
    served = backend.runner(()).answer(questions)
    facts = model_facts(f"hf:{checkpoint}", weights=None, device="cpu", dialect=None)
    local = load_backend(facts, weights=None, dtype=None, runs_dir=checkpoint, seed=0)
    ours = local.runner(()).answer(questions)
    local.close()
    assert backend.loaded.dtype == local.loaded.dtype
    equal = [
        isinstance(a, Response) and isinstance(b, Response) and a.token_ids == b.token_ids
        for a, b in zip(served, ours, strict=True)
    ]
    assert sum(equal) >= 35, served
    right = [
        isinstance(answer, Response) and answer.text.strip().lower() == row["multiple_choice_answer"]
        for answer, row in zip(served, rows(), strict=True)
    ]
    # The best constant answer gets about a quarter of such questions right.
    assert sum(right) >= 14, served
    assert not any("could not be read back" in note for note in backend.loaded.notes)


def test_a_repeated_image_is_caught_and_made_cold(backend: Backend) -> None:
    runner = backend.runner(())
    times = []
    for request in requests(12, 1, fixed=True)[6:]:
        timings = [runner.time(request).timing for _ in range(AUDIT_ROUNDS)]
        times.append([timing.ttft_ns for timing in timings if timing is not None and timing.ttft_ns is not None])
    assert all(len(found) == AUDIT_ROUNDS for found in times)
    # An image that was shown before, though not just before, is asked for the audit; the server counts its hits.
    runner.time(requests(7, 1, fixed=True)[6])
    (note,) = [note for note in backend.loaded.notes if note.startswith("cache audit")]
    assert "cold again" in note
    assert "hits counted: 0, " in note


def test_lengths_and_stages(backend: Backend) -> None:
    response = backend.runner(()).time(requests(20, 24, fixed=True)[-1])
    assert response.lengths.output_tokens == 24
    assert response.timing is not None
    assert response.timing.tpot_ns(24) is not None
    assert {"send", "wait", "stream", "decode"} <= set(response.timing.stages_ns)
    assert response.timing.residual() == pytest.approx(0, abs=0.01)
    # What vLLM itself says of the request lies within what was seen of it.
    told = {name.partition(".")[2]: ns for name, ns in response.timing.stages_ns.items() if "." in name}
    assert {"queue", "prefill", "engine"} <= set(told)
    assert told["prefill"] > 0


def test_load_and_tokens(backend: Backend) -> None:
    runner = backend.runner(())
    assert isinstance(runner, TakesLoad)
    assert isinstance(runner, ShowsTokens)
    # Five images, so three of them come twice at once.
    asked = (requests(5, 8, fixed=True) * 2)[:8]
    found = runner.load(asked, streams=4)
    assert [isinstance(answer, Response) and answer.lengths.output_tokens for answer in found.answers] == [8] * 8
    assert found.seconds > 0
    cold, warm = (runner.tokens(requests(1, 8)[0], cold=cold) for cold in (True, False))
    assert cold.token_ids
    assert cold.token_ids == warm.token_ids
    assert cold.hashes["ids"] == warm.hashes["ids"]


def test_token_texts(backend: Backend) -> None:
    (request,) = requests(1, 8)
    decoding = dataclasses.replace(request.decoding, token_logprobs=True)
    question = Question(task=None, sample=None, request=dataclasses.replace(request, decoding=decoding))  # type: ignore[arg-type]
    (response,) = backend.runner(()).answer([question])
    assert isinstance(response, Response)
    assert response.token_logprobs is not None
    assert len(response.token_texts) == len(response.token_logprobs) == len(response.token_ids)
    assert all(logprob <= 0 for logprob in response.token_logprobs)
