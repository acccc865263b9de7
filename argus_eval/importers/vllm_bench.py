"""Results of ``vllm bench serve --save-result``, with times of each request where ``--save-detailed`` was given.

Read against vLLM 0.32 (``benchmarks/serve.py``). Under load a request's TTFT holds its time in the queue, so it is
another quantity than a single stream's; the load stands in the notes.
"""

from __future__ import annotations

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from argus_eval.errors import UsageError
from argus_eval.importers.imported import Imported, ImportedRequest, ImportedSpeed
from argus_eval.importers.reading import json_object, number

__all__ = ["read_vllm_bench"]

_SETTINGS = (
    "backend",
    "burstiness",
    "date",
    "endpoint_type",
    "label",
    "max_concurrency",
    "model_id",
    "num_prompts",
    "request_rate",
    "tokenizer_id",
)


def read_vllm_bench(path: pathlib.Path) -> Imported:
    """Read one result file.

    Raises:
        UsageError: it is a folder with several, or not what the tool writes.
    """
    file = _find(path)
    result = json_object(file)
    for key in ("model_id", "completed", "duration"):
        if key not in result:
            raise UsageError(f"{file}: no result of vllm bench serve: {key!r} is missing")
    requests = _requests(result, file)
    completed = number(result["completed"])
    return Imported(
        tool="vllm-bench",
        version="",
        model=str(result["model_id"]),
        source=(str(file),),
        speed=ImportedSpeed(
            requests=requests,
            reported_s=_reported(result),
            n=int(completed or 0),
            throughput={
                "requests_per_s": number(result.get("request_throughput")),
                "output_tokens_per_s": number(result.get("output_throughput")),
            },
            notes=(_load(result),),
        ),
        settings={key: result[key] for key in _SETTINGS if key in result},
        notes=() if requests else ("no times of single requests: run vllm bench serve with --save-detailed",),
    )


def _find(path: pathlib.Path) -> pathlib.Path:
    if path.is_file():
        return path
    found = sorted(path.glob("*.json"))
    if len(found) != 1:
        raise UsageError(f"{path}: {len(found)} JSON files in it; name the one result file")
    return found[0]


def _requests(result: Mapping[str, Any], file: pathlib.Path) -> tuple[ImportedRequest, ...]:
    ttfts, gaps = result.get("ttfts"), result.get("itls")
    if not isinstance(ttfts, list):
        return ()
    columns = {name: result.get(name) for name in ("itls", "latencies", "output_lens", "input_lens", "errors")}
    for name, column in columns.items():
        if isinstance(column, list) and len(column) != len(ttfts):
            raise UsageError(f"{file}: {name} has {len(column)} entries, ttfts {len(ttfts)}")
    return tuple(
        _request(
            number(ttft),
            _at(columns["latencies"], index),
            gaps[index] if isinstance(gaps, list) else None,
            _at(columns["output_lens"], index),
            _at(columns["input_lens"], index),
            _error(columns["errors"], index),
        )
        for index, ttft in enumerate(ttfts)
    )


def _request(
    ttft_s: float | None,
    latency_s: float | None,
    gaps_s: object,
    output_tokens: float | None,
    input_tokens: float | None,
    error: str | None,
) -> ImportedRequest:
    if latency_s is None and ttft_s is not None and isinstance(gaps_s, Sequence):
        # Older files have no latency: the first token's time and the gaps between the others make it up.
        latency_s = ttft_s + sum(gap for value in gaps_s if (gap := number(value)) is not None)
    return ImportedRequest(
        ttft_ns=round(ttft_s * 1e9) if ttft_s else None,
        e2e_ns=round(latency_s * 1e9) if latency_s else None,
        output_tokens=None if output_tokens is None else int(output_tokens),
        prompt_tokens=None if input_tokens is None else int(input_tokens),
        error=error or (None if ttft_s else "no token arrived"),
    )


def _at(column: object, index: int) -> float | None:
    return number(column[index]) if isinstance(column, list) else None


def _error(column: object, index: int) -> str | None:
    found = column[index] if isinstance(column, list) else None
    return found.strip().splitlines()[-1][:500] if isinstance(found, str) and found.strip() else None


def _reported(result: Mapping[str, Any]) -> dict[str, float]:
    names = {
        "ttft.p50": "median_ttft_ms",
        "ttft.p90": "p90_ttft_ms",
        "ttft.p99": "p99_ttft_ms",
        "e2e.p50": "median_e2el_ms",
        "e2e.p99": "p99_e2el_ms",
        "tpot.p50": "median_tpot_ms",
        "tpot.p99": "p99_tpot_ms",
    }
    found = {ours: number(result.get(theirs)) for ours, theirs in names.items()}
    return {name: value / 1e3 for name, value in found.items() if value}


def _load(result: Mapping[str, Any]) -> str:
    limit, rate = result.get("max_concurrency"), result.get("request_rate")
    at_once = f"at most {limit} requests at once" if limit else "no limit on concurrent requests"
    return f"load: {at_once}, request rate {rate if rate is not None else 'unknown'}"
