"""Everything kept about one request: a line of records.jsonl."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from argus_eval.core.codec import from_json, to_json
from argus_eval.core.fingerprint import canonical_json, sha256_hex

__all__ = ["PassName", "Record", "Status", "Times", "record_from_line", "record_key", "record_to_line"]

PassName = Literal["accuracy", "latency", "host", "audit", "throughput", "memory", "energy", "floor", "natural"]
Status = Literal["ok", "error", "discarded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Durations in nanoseconds; ``None`` or absent where not measured.

    ``timers``: what timing the stages cost, measured right after the request.
    """

    ttft: int | None = None
    e2e: int | None = None
    to_uint8_tiles: int | None = None
    to_model_ready: int | None = None
    stages: Mapping[str, int] = field(default_factory=dict)
    timers: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One request on one arm.

    Attributes:
        pass_name: "floor" are answers that the baseline gave a second time, alone; "natural" are timed answers
            that end where the model ends them.
        key: unique among records that are not discarded; made by :func:`record_key` from content.
        block: latency and host passes: the interleaved block; accuracy pass: the batch.
        order: position within the block.
        image: content hash of the first image; the cluster for statistics.
        regime: cache state under which a latency was measured; empty in the accuracy pass.
        role: "measured", or "warmup", "sentinel" and "timers-off" for requests that are logged and never counted
            in a latency: those before it is measured, those that watch the machine, those without stage timers.
        error: what went wrong, for status "error".
        process: which measuring process made it, from 0; ``None`` for the process of the run itself.
        at_s: seconds of the efficiency budget that were spent when it began; ``None`` in the accuracy pass.
        values: what passes other than of single requests measure: bytes, joules, requests a second.
    """

    key: str
    pass_name: PassName = field(metadata={"json": "pass"})
    arm: str
    task: str
    sample: str
    replicate: int
    block: int
    order: int
    status: Status
    text: str | None = None
    prediction: Mapping[str, object] | None = None
    scores: Mapping[str, float | None] = field(default_factory=dict)
    times_ns: Times = field(default_factory=Times)
    lengths: Mapping[str, int | None] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)
    image: str = ""
    regime: str = ""
    role: str = "measured"
    error: str | None = None
    process: int | None = None
    at_s: float | None = None
    values: Mapping[str, float | None] = field(default_factory=dict)


def record_key(*parts: str | int) -> str:
    """A key from content only: the same request gets the same key on every rank and at any hour."""
    return sha256_hex(canonical_json(list(parts)).encode())[:24]


def record_to_line(record: Record) -> str:
    """One JSON line without its newline. Line separators inside texts are escaped, so ``\\n`` alone splits."""
    return json.dumps(to_json(record), ensure_ascii=True, separators=(",", ":"), allow_nan=False)


def record_from_line(line: str) -> Record:
    """The inverse of :func:`record_to_line`.

    Raises:
        ValueError: the line is no JSON or no record.
    """
    return from_json(Record, json.loads(line), "record")
