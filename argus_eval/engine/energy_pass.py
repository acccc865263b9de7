"""Joules of a request above the idle machine, where a counter exists; otherwise nothing (MEASUREMENT §14)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from argus_eval.backends.protocol import ArmRunner
from argus_eval.core.record import Record, record_key
from argus_eval.engine.budget import Stopwatch
from argus_eval.engine.workload import WorkItem
from argus_eval.errors import SampleError
from argus_eval.measure.energy import EnergyCounter, energy_a_request_j

__all__ = ["WINDOW_S", "energy_result", "run_energy"]

#: A shorter window would measure the counter's own resolution.
WINDOW_S = 5.0


def run_energy(
    arms: Mapping[str, ArmRunner],
    items: Sequence[WorkItem],
    counter: EnergyCounter,
    watch: Stopwatch,
    *,
    tokens: int,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Record]:
    """Watch the idle machine for five seconds, then each arm at work for as long; one record an arm."""
    start_s, start_j = watch.spent_s(), counter.read_j()
    sleep(WINDOW_S)
    idle_w = (counter.read_j() - start_j) / (watch.spent_s() - start_s)
    return [_window(arm, runner, items, (counter, idle_w, watch, tokens)) for arm, runner in arms.items()]


def _window(
    arm: str,
    runner: ArmRunner,
    items: Sequence[WorkItem],
    setting: tuple[EnergyCounter, float, Stopwatch, int],
) -> Record:
    counter, idle_w, watch, tokens = setting
    at_s, start_j, requests, asked = watch.spent_s(), counter.read_j(), 0, 0
    while watch.spent_s() - at_s < WINDOW_S:
        item = items[asked % len(items)]
        asked += 1
        try:
            runner.time(item.with_length(tokens), stages=False)
            requests += 1
        except SampleError:
            continue
    busy_s, busy_j = watch.spent_s() - at_s, counter.read_j() - start_j
    each_j = energy_a_request_j(busy_j, busy_s, idle_w, requests) if requests else None
    return Record(
        key=record_key("energy", arm),
        pass_name="energy",  # noqa: S106 - a measuring pass
        arm=arm,
        task="",
        sample="",
        replicate=0,
        block=0,
        order=0,
        status="ok" if requests else "error",
        error=None if requests else "every request failed",
        at_s=round(at_s, 6),
        values={
            "energy_j": each_j,
            "idle_w": idle_w,
            "busy_j": busy_j,
            "busy_s": busy_s,
            "requests": float(requests),
            "tokens": float(tokens),
        },
    )


def energy_result(records: Iterable[Record], arm: str) -> float | None:
    """Joules of one request of an arm; ``None`` where they were not measured."""
    for record in records:
        if record.pass_name == "energy" and record.arm == arm and record.status == "ok":
            return record.values.get("energy_j")
    return None
