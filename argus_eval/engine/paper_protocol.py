"""``--protocol paper``: COCO captions one request at a time, as arXiv 2603.16987 measured on vLLM.

Every sample is asked under every arm before the next one, single stream, greedy, with its natural end; the times
of these very answers are read. That is the paper's protocol and not ours: output lengths may differ between arms,
and one process an arm cannot show the noise between processes. The numbers stand beside the paper's and claim
nothing.
"""

from __future__ import annotations

import dataclasses
import json
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from argus_eval.config import RunConfig
from argus_eval.core.codec import to_json
from argus_eval.core.record import Record
from argus_eval.errors import UsageError
from argus_eval.stats.intervals import t_interval
from argus_eval.store import RunDirectory, write_atomically

__all__ = ["PAPER_REQUESTS", "PAPER_TASK", "PaperArm", "paper_config", "paper_lines", "write_paper_numbers"]

PAPER_TASK = "coco_caption"
PAPER_REQUESTS = 5000
SCHEMA = "argus-eval/paper-protocol/1"
_SERVERS = ("vllm:", "openai:")
_FEWEST_TOKENS = 16  # MEASUREMENT §1
_RECIPES_BY_DEVICE = {
    "cuda": "baseline,server-gpu-processor,server-gpu-processor+server-batched-tokens",
    "cpu": "baseline,server-no-prefix-cache+server-no-processor-cache",
}


def paper_config(config: RunConfig) -> RunConfig:
    """The configuration with what the protocol fixes, and its defaults for what was not typed.

    Raises:
        UsageError: another task, or a model that is not on a server.
    """
    if config.tasks != (PAPER_TASK,):
        raise UsageError(f"--protocol paper measures on {PAPER_TASK}; give --tasks {PAPER_TASK}")
    local = [name for name in config.models if not name.startswith(_SERVERS)]
    if local:
        raise UsageError(f"--protocol paper measures servers: {local[0]} is none; use vllm:… or openai:NAME@URL")
    if "random" in config.weights.values():
        raise UsageError("--protocol paper reads answers at their natural end, which random weights do not have")
    recipes = config.recipes
    if recipes is None:
        recipes = "baseline"
        if all(name.startswith("vllm:") for name in config.models):
            from argus_eval.backends.resolve import resolve_device

            recipes = _RECIPES_BY_DEVICE[resolve_device(config.device)]
    return dataclasses.replace(
        config,
        recipes=recipes,
        limit=config.limit or PAPER_REQUESTS,
        batch_size=1,
        accuracy=True,
        efficiency=False,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperRatio:
    """Geometric mean of baseline / arm over paired requests, and its t interval over requests."""

    value: float
    ci: tuple[float, float] | None
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperArm:
    """One arm in the paper's quantities; seconds, and tokens a second after the first one.

    Attributes:
        n: requests with times. left_out: requests without: failed, retried or empty.
        ttft_s, e2e_s: means over requests, as the paper prints them. ttft_median_s: their median.
        tokens_per_s: all tokens after the first ones over all time after the first ones, of answers of at least
            16 tokens: several tokens that arrive together would spoil a mean of rates.
        output_tokens: mean.
        speedup: "ttft" and "e2e" against the baseline; ``None`` for the baseline itself.
    """

    arm: str
    n: int
    left_out: int
    ttft_s: float | None
    ttft_median_s: float | None
    e2e_s: float | None
    tokens_per_s: float | None
    output_tokens: float | None
    speedup: Mapping[str, PaperRatio | None] | None = None


def write_paper_numbers(run: RunDirectory) -> tuple[PaperArm, ...]:
    """The numbers of a finished run, also written to its ``paper.json``."""
    arms = [str(arm["id"]) for arm in run.manifest()["arms"]]
    found = _numbers(run.records(), arms)
    body = {"schema": SCHEMA, "task": PAPER_TASK, "arms": [to_json(arm) for arm in found]}
    write_atomically(
        run.path / "paper.json", json.dumps(body, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    )
    return found


def _numbers(records: Iterable[Record], arms: Sequence[str]) -> tuple[PaperArm, ...]:
    by_arm: dict[str, list[Record]] = {arm: [] for arm in arms}
    for record in records:
        if record.pass_name == "accuracy" and record.arm in by_arm:
            by_arm[record.arm].append(record)
    baselines = {arm.rpartition(":")[0]: arm for arm in reversed(arms) if arm.endswith(":baseline")}
    return tuple(_arm(arm, by_arm[arm], by_arm.get(baselines.get(arm.rpartition(":")[0], ""))) for arm in arms)


def _arm(arm: str, records: Sequence[Record], baseline: Sequence[Record] | None) -> PaperArm:
    timed = [record for record in records if record.status == "ok" and record.times_ns.ttft]
    ttft = [(record.times_ns.ttft or 0) / 1e9 for record in timed]
    tokens = [count for record in timed if (count := record.lengths.get("output_tokens")) is not None]
    compared = baseline if baseline is not None and not arm.endswith(":baseline") else None
    return PaperArm(
        arm=arm,
        n=len(timed),
        left_out=len(records) - len(timed),
        ttft_s=_mean(ttft),
        ttft_median_s=statistics.median(ttft) if ttft else None,
        e2e_s=_mean([(record.times_ns.e2e or 0) / 1e9 for record in timed]),
        tokens_per_s=_rate(timed),
        output_tokens=_mean(tokens),
        speedup=None if compared is None else {name: _ratio(compared, timed, name) for name in ("ttft", "e2e")},
    )


def _mean(values: Sequence[float]) -> float | None:
    return statistics.fmean(values) if values else None


def _rate(records: Sequence[Record]) -> float | None:
    tokens, nanoseconds = 0, 0
    for record in records:
        times, count = record.times_ns, record.lengths.get("output_tokens")
        if times.ttft is not None and times.e2e is not None and count is not None and count >= _FEWEST_TOKENS:
            tokens += count - 1
            nanoseconds += times.e2e - times.ttft
    return tokens / (nanoseconds / 1e9) if nanoseconds else None


def _ratio(baseline: Sequence[Record], arm: Sequence[Record], name: str) -> PaperRatio | None:
    before = {record.sample: getattr(record.times_ns, name) for record in baseline if record.status == "ok"}
    logs = [
        math.log(before[record.sample] / getattr(record.times_ns, name))
        for record in arm
        if before.get(record.sample)
    ]
    if not logs:
        return None
    interval = t_interval(logs) if len(logs) > 1 else None
    bounds = None if interval is None else (math.exp(interval.low), math.exp(interval.high))
    return PaperRatio(value=math.exp(statistics.fmean(logs)), ci=bounds, n=len(logs))


def paper_lines(arms: Sequence[PaperArm]) -> list[str]:
    """The table in words, one line an arm."""
    lines = [f"protocol of arXiv 2603.16987 on {PAPER_TASK}, single stream, natural end; nothing is claimed:"]
    for arm in arms:
        if arm.ttft_s is None or arm.e2e_s is None:
            lines.append(f"  {arm.arm}: no times ({arm.left_out} requests left out)")
            continue
        rate = "no rate" if arm.tokens_per_s is None else f"{arm.tokens_per_s:.1f} tok/s"
        line = f"  {arm.arm}: TTFT {arm.ttft_s * 1e3:.1f} ms, end to end {arm.e2e_s * 1e3:.1f} ms, {rate}"
        if arm.speedup is not None:
            line += f"; TTFT {_change(arm.speedup['ttft'])}, end to end {_change(arm.speedup['e2e'])}"
        lines.append(f"{line} (n = {arm.n}{f', {arm.left_out} left out' if arm.left_out else ''})")
    return lines


def _change(ratio: PaperRatio | None) -> str:
    if ratio is None:
        return "not paired"
    bounds = "" if ratio.ci is None else f" [{ratio.ci[0]:.2f}, {ratio.ci[1]:.2f}]"
    return f"{1 / ratio.value - 1:+.0%} ({ratio.value:.2f}×{bounds})"
