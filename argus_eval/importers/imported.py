"""What an importer reads out of another tool's log, whatever the tool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Imported", "ImportedRequest", "ImportedSample", "ImportedSpeed", "ImportedTask"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedSample:
    """One answered sample.

    Attributes:
        key: the tool's own identity of it.
        content: sha256 of what was asked, for joining only what is the same; empty where the log does not say.
        text: the answer as the log holds it.
        scores: metric → value of this sample.
        image: content hash or path of its image, the cluster; empty where the log does not say.
    """

    key: str
    content: str
    text: str
    scores: Mapping[str, float]
    image: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedTask:
    """One benchmark as the tool ran it.

    Attributes:
        name: with the tool before it (``lmms:textvqa_val``), for it is the tool's own prompt and scoring.
        primary: the metric that speaks for the task.
        higher_is_better: metric → direction.
        reported: metric → what the tool itself printed, in its own scale.
        samples: in the order of the log; empty where it kept none.
    """

    name: str
    primary: str
    higher_is_better: Mapping[str, bool]
    reported: Mapping[str, float]
    samples: tuple[ImportedSample, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedRequest:
    """Times of one request in nanoseconds; ``None`` where the log does not say."""

    ttft_ns: int | None
    e2e_ns: int | None
    output_tokens: int | None
    prompt_tokens: int | None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedSpeed:
    """How fast the tool found the model. Nothing of it was interleaved: it can be shown, never claimed.

    Attributes:
        requests: where the log kept them.
        reported_s: "ttft.p50", "ttft.p99", "e2e.p50" … in seconds, where it kept only these.
        n: requests behind ``reported_s``.
        throughput: "requests_per_s", "output_tokens_per_s".
        notes: what the numbers rest on (load, request rate).
    """

    requests: tuple[ImportedRequest, ...] = ()
    reported_s: Mapping[str, float] = field(default_factory=dict)
    n: int = 0
    throughput: Mapping[str, float | None] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """One log.

    Attributes:
        tool: "lmms-eval", "vlmevalkit" or "vllm-bench". version: of the tool; empty where it does not say.
        model: as the tool calls it.
        source: the files that were read.
        tasks: benchmarks; none in a log of speed alone.
        speed: ``None`` in a log of accuracy alone.
        settings: what the tool recorded of its own configuration, as plain data.
        notes: what was left out, and why.
    """

    tool: str
    version: str
    model: str
    source: tuple[str, ...]
    tasks: tuple[ImportedTask, ...] = ()
    speed: ImportedSpeed | None = None
    settings: Mapping[str, object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
