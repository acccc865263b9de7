"""Requests a second over a sweep of batch sizes (MEASUREMENT §14).

Every batch size answers the same images with a fixed number of tokens, so that nothing is gained by short answers
and no padded token is counted. A round is a few batches one after the other, which an arm that looks ahead may
overlap; whatever it prepares is asked before its time ends. A batch that does not fit into memory is recorded and
ends the sweep. A server is not asked in batches: there the size is how many requests are under way at a time, each
about an image of its own while there are enough of them, and one that fails ends the sweep.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from argus_eval.backends.protocol import ArmRunner, LooksAhead, Question, TakesLoad
from argus_eval.core.record import Record, record_key
from argus_eval.core.request import Decoding, Request
from argus_eval.core.response import Response
from argus_eval.core.results import BatchRate
from argus_eval.engine.budget import Stopwatch
from argus_eval.engine.workload import WorkItem
from argus_eval.errors import SampleError
from argus_eval.measure.memory import out_of_memory_count
from argus_eval.stats.intervals import t_interval

__all__ = ["BATCHES", "TOKENS", "run_throughput", "throughput_result"]

BATCHES = (1, 2, 4, 8, 16, 32, 64)
TOKENS = 16
OUT_OF_MEMORY = "out of memory"
_MOST_ROUNDS, _FEWEST_FOR_AN_INTERVAL = 10, 3
_BATCHES_A_ROUND = 3
_LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class _Asked:
    """What local arms look at of a question."""

    request: Request


def run_throughput(
    arms: Mapping[str, ArmRunner],
    items: Sequence[WorkItem],
    watch: Stopwatch,
    *,
    until_s: float,
    clock_s: Callable[[], float],
) -> list[Record]:
    """Sweep batch sizes, all arms at each size before the next one, while there is time.

    Args:
        arms: arm id → runner.
        items: images to draw batches from, in order and from the start again.
        watch: the budget. until_s: what may be spent of it when the sweep ends.
        clock_s: what batches are timed with.

    Returns:
        One record a batch; an arm that runs out of memory gets one with status "error" at that size.
    """
    records: list[Record] = []
    ended: set[str] = set()
    slowest_s = 0.0
    for batch in BATCHES:
        # Twice as many images may take twice as long.
        slowest_s *= 2
        for number in range(_MOST_ROUNDS + 1):
            if watch.spent_s() + len(arms) * slowest_s > until_s:
                break
            for arm, runner in arms.items():
                if arm not in ended:
                    record, seconds = _one(arm, runner, items, (batch, number), (watch, clock_s))
                    slowest_s = seconds if number < 2 and arm == next(iter(arms)) else max(slowest_s, seconds)
                    records.append(record)
                    if record.status == "error":
                        ended.add(arm)
        if ended >= set(arms):
            break
    return records


def _batch(items: Sequence[WorkItem], size: int, number: int) -> list[Question]:
    decoding = Decoding(max_new_tokens=TOKENS, fixed_length=True)
    chosen = [items[(number * size + offset) % len(items)] for offset in range(size)]
    return [cast(Question, _Asked(replace(item.request, decoding=decoding))) for item in chosen]


def _one(
    arm: str,
    runner: ArmRunner,
    items: Sequence[WorkItem],
    place: tuple[int, int],
    clocks: tuple[Stopwatch, Callable[[], float]],
) -> tuple[Record, float]:
    (batch, number), (watch, clock_s) = place, clocks
    turns = _BATCHES_A_ROUND
    if isinstance(runner, TakesLoad):
        turns = max(1, min(turns, len(items) // batch))
    asked = [_batch(items, batch, number * turns + turn) for turn in range(turns)]
    at_s, refused = watch.spent_s(), out_of_memory_count()
    answers, seconds = _timed_answers(runner, asked, clock_s)
    good = [answer for answer in answers if isinstance(answer, Response)]
    problem = next((str(answer) for answer in answers if isinstance(answer, SampleError)), None)
    # An arm splits a batch that does not fit and answers one by one: no batch of this size then.
    if out_of_memory_count() > refused:
        problem = f"{OUT_OF_MEMORY} at batch size {batch}"
    record = Record(
        key=record_key("throughput", arm, batch, number),
        pass_name="throughput",  # noqa: S106 - a measuring pass
        arm=arm,
        task="",
        sample="",
        replicate=number,
        block=batch,
        order=0,
        status="ok" if problem is None else "error",
        error=problem,
        role="warmup" if number == 0 else "measured",
        at_s=round(at_s, 6),
        lengths={"output_tokens": sum(answer.lengths.output_tokens or 0 for answer in good)},
        values={"batch": float(batch), "seconds": seconds, "requests": float(len(good))},
    )
    # The budget also pays for what a server is made to forget before the clock starts.
    return record, watch.spent_s() - at_s


def _timed_answers(
    runner: ArmRunner, batches: Sequence[list[Question]], clock_s: Callable[[], float]
) -> tuple[Sequence[Response | SampleError], float]:
    """Answers to all batches and the seconds they took; a server is kept busy with a batch's size of requests."""
    if isinstance(runner, TakesLoad):
        load = runner.load([asked.request for batch in batches for asked in batch], streams=len(batches[0]))
        return load.answers, load.seconds
    start_s = clock_s()
    answers = _answers(runner, batches)
    return answers, clock_s() - start_s


def _answers(runner: ArmRunner, batches: Sequence[list[Question]]) -> list[Response | SampleError]:
    answers: list[Response | SampleError] = []
    for batch, following in itertools.pairwise((*batches, [])):
        if following and isinstance(runner, LooksAhead) and runner.looks_ahead:
            runner.expect(following)
        answers += runner.answer(batch)
    return answers


def throughput_result(
    records: Iterable[Record], arm: str
) -> tuple[dict[str, float | None], tuple[BatchRate, ...]]:
    """The best batch size's rates, and the whole sweep; empty where there was none."""
    by_batch: dict[int, list[Record]] = {}
    for record in records:
        if record.pass_name == "throughput" and record.arm == arm:
            by_batch.setdefault(record.block, []).append(record)
    sweep = tuple(_rate(batch, found) for batch, found in sorted(by_batch.items()))
    known = [rate for rate in sweep if rate.requests_per_s is not None]
    if not known:
        return {}, sweep
    best = max(known, key=lambda rate: rate.requests_per_s or 0.0)
    assert best.requests_per_s is not None
    return {
        "requests_per_s": best.requests_per_s,
        "output_tokens_per_s": best.requests_per_s * TOKENS,
    }, sweep


def _rate(batch: int, records: Sequence[Record]) -> BatchRate:
    """Rate of one batch size from its rounds; the first round only warms up."""
    problems = [record.error or "" for record in records if record.status == "error"]
    rates = [
        requests / seconds
        for record in records
        if record.role == "measured" and record.status == "ok"
        if (seconds := record.values.get("seconds")) and (requests := record.values.get("requests"))
    ]
    if problems or not rates:
        refused = any(OUT_OF_MEMORY in problem for problem in problems)
        reason = problems[0].partition("\n")[0][:_LONGEST_REASON] if problems else ""
        return BatchRate(
            batch=batch, requests_per_s=None, ci=None, rounds=len(rates), out_of_memory=refused, reason=reason
        )
    interval = t_interval(rates) if len(rates) >= _FEWEST_FOR_AN_INTERVAL else None
    return BatchRate(
        batch=batch,
        requests_per_s=float(np.mean(rates)),
        ci=None if interval is None else (interval.low, interval.high),
        rounds=len(rates),
    )
