"""Does an arm remember images: each unseen image once, then the same again (MEASUREMENT §6)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from argus_eval.backends.protocol import ArmRunner
from argus_eval.core.record import Record, Times, record_key
from argus_eval.core.results import CacheAudit
from argus_eval.engine.budget import Stopwatch
from argus_eval.engine.workload import WorkItem
from argus_eval.errors import SampleError
from argus_eval.stats.intervals import t_interval

__all__ = ["AUDIT_ROUNDS", "audit_result", "run_audit"]

#: Requests an image: one that must be cold, two that may be warm.
AUDIT_ROUNDS = 3
# A second look at the same bytes is a little faster by itself; a cache saves a stage.
_CACHED = 1.1


def run_audit(
    model: str, arms: Mapping[str, ArmRunner], items: Sequence[WorkItem], watch: Stopwatch
) -> list[Record]:
    """Run every item three times in a row on every arm, TTFT each time; their records (pass "audit")."""
    return [
        _record(model, arm, (item, index, turn), runner, watch)
        for arm, runner in arms.items()
        for index, item in enumerate(items)
        for turn in range(AUDIT_ROUNDS)
    ]


def audit_result(records: Iterable[Record], arm: str) -> CacheAudit | None:
    """The paired ratio first / later of TTFT over the images of an arm; ``None`` where it was not audited."""
    first: dict[str, int] = {}
    later: dict[str, list[int]] = {}
    for record in records:
        ttft = record.times_ns.ttft
        if record.pass_name == "audit" and record.arm == arm and ttft:
            if record.order == 0:
                first[record.image] = ttft
            else:
                later.setdefault(record.image, []).append(ttft)
    logs = [math.log(first[image] / float(np.median(later[image]))) for image in first if image in later]
    if not logs:
        return None
    interval = t_interval(logs) if len(logs) > 1 else None
    bounds = None if interval is None else (math.exp(interval.low), math.exp(interval.high))
    return CacheAudit(
        ratio=math.exp(sum(logs) / len(logs)),
        ci=bounds,
        images=len(logs),
        cached=bounds is not None and bounds[0] > _CACHED,
    )


def _record(model: str, arm: str, place: tuple[WorkItem, int, int], runner: ArmRunner, watch: Stopwatch) -> Record:
    item, block, turn = place
    at_s, ttft, problem = watch.spent_s(), None, None
    try:
        timing = runner.time(item.with_length(1), stages=False).timing
        ttft = None if timing is None else timing.ttft_ns
    except SampleError as error:
        problem = str(error)
    return Record(
        key=record_key("audit", model, arm, block, turn),
        pass_name="audit",  # noqa: S106 - a measuring pass
        arm=arm,
        task=item.task,
        sample=item.sample,
        replicate=0,
        block=block,
        order=turn,
        status="ok" if problem is None else "error",
        error=problem,
        times_ns=Times(ttft=ttft),
        image=item.image,
        regime="cold-image",
        role="audit",
        at_s=round(at_s, 6),
    )
