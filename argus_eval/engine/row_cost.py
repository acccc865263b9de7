"""About how long an image takes, from one request, before anything has been measured."""

from __future__ import annotations

from dataclasses import dataclass

from argus_eval.backends.protocol import ArmRunner
from argus_eval.engine.workload import WorkItem
from argus_eval.errors import SampleError

__all__ = ["RowCost", "probe_row_cost"]

_TOKENS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCost:
    """Seconds of one image under every arm, with an answer of one token and with a long one; 0: not known."""

    short_s: float
    long_s: float


def probe_row_cost(runner: ArmRunner, item: WorkItem, *, arms: int, long_tokens: int) -> RowCost:
    """Ask ``runner`` for a few tokens and multiply.

    Args:
        runner: stands for all arms.
        item: what it is asked.
        arms: how many arms a row has. long_tokens: tokens of a long answer.
    """
    try:
        timing = runner.time(item.with_length(_TOKENS), stages=False).timing
    except SampleError:
        timing = None
    if timing is None or timing.ttft_ns is None:
        return RowCost(short_s=0.0, long_s=0.0)
    ttft_s, e2e_s = timing.ttft_ns / 1e9, (timing.e2e_ns or timing.ttft_ns) / 1e9
    rest_s = (long_tokens - 1) * (e2e_s - ttft_s) / (_TOKENS - 1)
    return RowCost(short_s=arms * ttft_s, long_s=arms * (ttft_s + rest_s))
