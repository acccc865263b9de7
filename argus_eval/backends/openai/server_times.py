"""What a server itself says of one request: how long it waited in line, was prefilled and decoded.

Two places hold that: the request's own last chunk (llama.cpp's ``timings``; vLLM's ``metrics`` with
``--enable-per-request-metrics``), and vLLM's Prometheus page, whose sums are read before and after a request. The
difference is that request's only where it is the only one that ended in between. Both are words of a stranger:
whatever is not a plausible number is left out, and a server without either costs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from argus_eval.core.timing import Timing

__all__ = ["Histogram", "PageReader", "ended_between", "read_histograms", "reported_stages", "with_server_stages"]

#: vLLM: from queued to scheduled, from there to the first token, from there to the last one.
_PAGES = {
    "vllm:request_queue_time_seconds": "queue",
    "vllm:request_prefill_time_seconds": "prefill",
    "vllm:request_decode_time_seconds": "decode",
}
#: Milliseconds in the last chunk: (object, field) → stage. vLLM counts its own "first token" from scheduling on.
_FIELDS = {
    ("metrics", "queue_time_ms"): "queue",
    ("metrics", "time_to_first_token_ms"): "prefill",
    ("metrics", "generation_time_ms"): "decode",
    ("timings", "prompt_ms"): "prefill",
    ("timings", "predicted_ms"): "decode",
}
_LONGEST_S = 3600.0
#: Clocks of two processes are read at slightly different moments.
_SLACK = 1.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Seconds and requests that one Prometheus histogram has summed up so far."""

    sum_s: float
    count: float


def reported_stages(chunk: Mapping[str, object]) -> dict[str, int]:
    """Nanoseconds of "queue", "prefill" and "decode" that a chunk reports of its own request.

    >>> reported_stages({"timings": {"prompt_ms": 20.5, "predicted_ms": -1}})
    {'prefill': 20500000}
    """
    found: dict[str, int] = {}
    for (place, field), stage in _FIELDS.items():
        told = chunk.get(place)
        value = told.get(field) if isinstance(told, dict) else None
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LONGEST_S * 1e3:
            found.setdefault(stage, round(value * 1e6))
    return found


def read_histograms(page: str) -> dict[str, Histogram]:
    """Stage → its sums in a Prometheus text page, over every label set; lines of any other form are passed over.

    >>> read_histograms('vllm:request_queue_time_seconds_sum{engine="0"} 1.5\\n'
    ...                 'vllm:request_queue_time_seconds_count{engine="0"} 3.0\\n')
    {'queue': Histogram(sum_s=1.5, count=3.0)}
    """
    totals: dict[str, float] = {}
    for line in page.split("\n"):
        name, value = _sample(line)
        if value is not None:
            totals[name] = totals.get(name, 0.0) + value
    return {
        stage: Histogram(sum_s=totals[f"{name}_sum"], count=totals[f"{name}_count"])
        for name, stage in _PAGES.items()
        if f"{name}_sum" in totals and f"{name}_count" in totals
    }


def _sample(line: str) -> tuple[str, float | None]:
    """Name and value of one line; no value where it is none of ours. A label may hold anything but a newline."""
    name = line.partition("{")[0].partition(" ")[0]
    if name.removesuffix("_sum").removesuffix("_count") not in _PAGES:
        return name, None
    words = line[len(name) :].rpartition("}")[2].split()
    try:
        value = float(words[0]) if words else math.nan
    except ValueError:
        return name, None
    return name, value if 0 <= value < math.inf else None


def ended_between(before: Mapping[str, Histogram], after: Mapping[str, Histogram]) -> dict[str, int]:
    """Nanoseconds of each stage of the one request that ended between two readings.

    Empty where none, several, or a restart lies in between.
    """
    stages: dict[str, int] = {}
    for stage, then in after.items():
        now = before.get(stage, Histogram(sum_s=0.0, count=0.0))
        seconds = then.sum_s - now.sum_s
        if then.count - now.count != 1 or not 0 <= seconds <= _LONGEST_S:
            return {}
        stages[stage] = round(seconds * 1e9)
    return stages


class PageReader:
    """Reads the Prometheus page of one server until it turns out to have none.

    Args:
        page: fetches it; ``None`` where there is none.
    """

    def __init__(self, page: Callable[[], str | None]) -> None:
        self._page: Callable[[], str | None] | None = page

    def read(self) -> dict[str, Histogram] | None:
        """The sums so far; ``None`` where the server does not tell."""
        if self._page is None:
            return None
        found = read_histograms(self._page() or "")
        if not found:
            self._page = None
        return found or None


def with_server_stages(timing: Timing, told: Mapping[str, int]) -> Timing:
    """``timing`` with the server's own stages as parts of the stage in which the client saw them pass.

    Queue and prefill lie before the first token: in ``stream`` where the response began before them, in ``wait``
    where it began after them, so that hardly anything is left of ``stream``. As parts they leave the sum of stages
    what it is. What does not fit into what the client saw is left out.
    """
    stages = dict(timing.stages_ns)
    early = {stage: told[stage] for stage in ("queue", "prefill") if stage in told}
    spent = sum(early.values())
    stream, wait = stages.get("stream", -1), stages.get("wait", -1)
    parent = "stream" if spent <= _SLACK * stream else None
    if parent is None and 2 * stream < spent <= _SLACK * wait:
        parent = "wait"
    if parent is not None:
        stages |= {f"{parent}.{stage}": ns for stage, ns in early.items()}
    if "decode" in told and told["decode"] <= _SLACK * stages.get("decode", -1):
        stages["decode.engine"] = told["decode"]
    return replace(timing, stages_ns=stages)
