"""Whole answers at their natural end, timed (MEASUREMENT §12).

The latency passes fix the length of an answer, so that no arm gains by saying less; nobody waits for answers of a
fixed length. Here every arm answers the same images as the task asks, and time and length stand beside each other.
Nothing is claimed of it: an answer that is shorter is sooner over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from argus_eval.backends.protocol import ArmRunner
from argus_eval.core.codec import to_json
from argus_eval.core.record import Record, Times, record_key
from argus_eval.core.response import Response
from argus_eval.core.results import NaturalEnd
from argus_eval.engine.budget import Stopwatch
from argus_eval.engine.output_lengths import same_length
from argus_eval.engine.speed_summary import median_over_images
from argus_eval.engine.workload import WorkItem, Workload
from argus_eval.errors import SampleError

__all__ = ["FEWEST_ROWS", "natural_result", "run_natural"]

#: Images below which a median would have no interval.
FEWEST_ROWS = 6
_MOST_ROWS = 64
_PASS = "natural"


def run_natural(
    arms: Mapping[str, ArmRunner], workload: Workload, watch: Stopwatch, *, until_s: float, seed: int
) -> list[Record]:
    """Answer image after image under every arm in random order, while there is time.

    Args:
        arms: arm id → runner, the baseline first.
        workload: images; the first of those to warm up on comes first.
        watch: the budget. until_s: what may be spent of it when this ends.
        seed: of the order.

    Returns:
        One record a request, of complete rows only. None but the warm-up where a row did not fit.
    """
    rng, names = np.random.default_rng([seed, len(_PASS)]), list(arms)
    records: list[Record] = []
    longest_s = 0.0
    for number, item in enumerate((workload.warmup[0], *workload.items[:_MOST_ROWS])):
        began_s = watch.spent_s()
        row: list[Record] = []
        for index in rng.permutation(len(names)):
            if watch.spent_s() >= until_s:
                return records
            row.append(_one(names[int(index)], arms[names[int(index)]], item, (number, len(row)), watch))
        records += row
        longest_s = max(longest_s, watch.spent_s() - began_s)
        if watch.spent_s() + longest_s > until_s:
            break
    return records


def _one(arm: str, runner: ArmRunner, item: WorkItem, place: tuple[int, int], watch: Stopwatch) -> Record:
    (number, order), at_s = place, watch.spent_s()
    outcome: Response | SampleError
    try:
        outcome = runner.time(item.request, stages=False)
    except SampleError as problem:
        outcome = problem
    timing = None if isinstance(outcome, SampleError) else outcome.timing
    return Record(
        key=record_key(_PASS, arm, number, item.image),
        pass_name="natural",  # noqa: S106 - a measuring pass
        arm=arm,
        task=item.task,
        sample=item.sample,
        replicate=0,
        block=number,
        order=order,
        status="error" if isinstance(outcome, SampleError) else "ok",
        error=str(outcome) if isinstance(outcome, SampleError) else None,
        times_ns=Times() if timing is None else Times(ttft=timing.ttft_ns, e2e=timing.e2e_ns),
        lengths={} if isinstance(outcome, SampleError) else to_json(outcome.lengths),
        image=item.image,
        role="measured" if number else "warmup",
        at_s=round(at_s, 6),
        values={} if isinstance(outcome, SampleError) else {"hit_limit": float(outcome.hit_limit)},
    )


def natural_result(records: Iterable[Record], arm: str, baseline: str) -> NaturalEnd | None:
    """An arm's times and lengths over the images that it and the baseline answered; ``None`` for no image."""
    found: dict[str, dict[int, Record]] = {arm: {}, baseline: {}}
    for record in records:
        counts = record.pass_name == "natural" and record.role == "measured" and record.status == "ok"
        if counts and record.arm in found and record.times_ns.e2e:
            found[record.arm][record.block] = record
    shared = [row for row in found[arm] if row in found[baseline]]
    own = [found[arm][row] for row in shared]
    if not own:
        return None
    lengths, theirs = _mean_tokens(own), _mean_tokens([found[baseline][row] for row in shared])
    return NaturalEnd(
        e2e_s=median_over_images(own, "e2e"),
        output_tokens=lengths,
        cut=sum(bool(record.values.get("hit_limit")) for record in own),
        as_long=None if lengths is None or theirs is None else same_length(theirs, lengths),
    )


def _mean_tokens(records: Sequence[Record]) -> float | None:
    counts = [count for record in records if (count := record.lengths.get("output_tokens")) is not None]
    return float(np.mean(counts)) if counts else None
