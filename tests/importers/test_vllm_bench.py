"""Result files of vllm bench serve."""

from __future__ import annotations

import json
import pathlib

import pytest

from argus_eval.errors import UsageError
from argus_eval.importers.vllm_bench import read_vllm_bench
from tests.importers.logs import vllm_bench_result


def written(folder: pathlib.Path, result: dict[str, object]) -> pathlib.Path:
    path = folder / "openai-chat-infqps-smolvlm.json"
    path.write_text(json.dumps(result))
    return path


def test_times_of_every_request(tmp_path: pathlib.Path) -> None:
    speed = read_vllm_bench(written(tmp_path, vllm_bench_result())).speed
    assert speed is not None
    first = speed.requests[0]
    assert (first.ttft_ns, first.e2e_ns) == (50_000_000, 240_000_000)
    assert (first.output_tokens, first.prompt_tokens) == (20, 300)
    assert speed.throughput == {"requests_per_s": 6.3, "output_tokens_per_s": 126.0}


def test_a_failed_request_is_an_error_and_no_zero(tmp_path: pathlib.Path) -> None:
    speed = read_vllm_bench(written(tmp_path, vllm_bench_result())).speed
    assert speed is not None
    failed = speed.requests[4]
    assert failed.ttft_ns is None
    assert failed.error == "ConnectionError: gone"


def test_latencies_are_taken_where_the_file_has_them(tmp_path: pathlib.Path) -> None:
    result = vllm_bench_result()
    result["latencies"] = [0.5] * 80
    speed = read_vllm_bench(written(tmp_path, result)).speed
    assert speed is not None
    assert speed.requests[0].e2e_ns == 500_000_000


def test_a_summary_alone_gives_its_own_quantiles(tmp_path: pathlib.Path) -> None:
    found = read_vllm_bench(written(tmp_path, vllm_bench_result(detailed=False)))
    assert found.speed is not None
    assert found.speed.reported_s == {
        "ttft.p50": pytest.approx(0.091),
        "ttft.p99": pytest.approx(0.128),
        "tpot.p50": pytest.approx(0.01),
    }
    assert found.speed.n == 79
    assert "--save-detailed" in found.notes[0]


def test_the_load_is_noted(tmp_path: pathlib.Path) -> None:
    speed = read_vllm_bench(written(tmp_path, vllm_bench_result())).speed
    assert speed is not None
    assert speed.notes == ("load: at most 1 requests at once, request rate inf",)


def test_columns_of_different_length_are_refused(tmp_path: pathlib.Path) -> None:
    result = vllm_bench_result()
    result["output_lens"] = [1]
    with pytest.raises(UsageError, match="output_lens has 1 entries"):
        read_vllm_bench(written(tmp_path, result))


def test_other_json_is_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(UsageError, match="'model_id' is missing"):
        read_vllm_bench(written(tmp_path, {"a": 1}))
