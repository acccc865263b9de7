"""Answers that changed under an arm, beside those that the baseline changes by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from argus_eval.core.loss_class import LossClass
from argus_eval.core.record import Record
from argus_eval.core.results import FlipCheck, FlipShare, Verdict
from argus_eval.engine.accuracy_comparison import join_answers
from argus_eval.engine.accuracy_summary import TaskAnswers
from argus_eval.engine.flip_floor import floor_obstacle
from argus_eval.engine.plan import ModelPlan
from argus_eval.recipes.compose import ArmPlan, loss_class
from argus_eval.stats.flips import FlipRate, flip_rate, judge_flips

__all__ = ["check_flips"]

Pairs = Sequence[tuple[Record, Record]]


def check_flips(
    model: ModelPlan,
    arm: ArmPlan,
    answers: Mapping[str, TaskAnswers],
    floor: Iterable[Record],
    batch_size: int,
) -> FlipCheck | None:
    """Hold an arm's changed answers against the floor.

    Args:
        model: the model and its arms. arm: one of them.
        answers: every task's accuracy records, by its display name.
        floor: records of the pass "floor".
        batch_size: of the accuracy pass.

    Returns:
        ``None`` for an arm that claims equality (L0), which hashes decide, and where nothing was answered by both.
    """
    claimed = loss_class(arm.recipes)
    if claimed is LossClass.L0:
        return None
    baseline, arm_id = model.arm_id(model.arms[0]), model.arm_id(arm)
    pairs = [
        pair
        for task in answers.values()
        for pair in join_answers(task.records.get(baseline, ()), task.records.get(arm_id, ()))[0]
    ]
    changed = _rate(pairs)
    if changed is None:
        return None
    own = _rate(_floor_pairs(answers, baseline, floor))
    outcome = judge_flips(changed, own)
    obstacle = floor_obstacle(model, batch_size)
    reason = outcome.reason if own is not None or obstacle is None else f"{outcome.reason}: {obstacle}"
    return FlipCheck(
        loss_class=claimed,
        arm=_share(changed),
        floor=None if own is None else _share(own),
        verdict=Verdict(outcome.verdict.published),
        reason=reason,
    )


def _floor_pairs(answers: Mapping[str, TaskAnswers], baseline: str, floor: Iterable[Record]) -> Pairs:
    """The baseline's answers in batches, each with the one that was given alone."""
    alone = {
        (record.task, record.sample): record
        for record in floor
        if record.arm == baseline and record.role == "measured" and record.status == "ok"
    }
    return [
        (record, alone[name, record.sample])
        for name, task in answers.items()
        for record in task.records.get(baseline, ())
        if record.status == "ok" and (name, record.sample) in alone
    ]


def _rate(pairs: Pairs) -> FlipRate | None:
    changed = np.array([_differ(before, after) for before, after in pairs], dtype=np.bool_)
    return flip_rate(changed, [before.image for before, _ in pairs])


def _differ(before: Record, after: Record) -> bool:
    """Other tokens, or another text where no tokens are known."""
    tokens = before.hashes.get("tokens"), after.hashes.get("tokens")
    return before.text != after.text if None in tokens else tokens[0] != tokens[1]


def _share(found: FlipRate) -> FlipShare:
    ends = (max(0.0, found.interval.low), found.interval.high)
    return FlipShare(changed=found.flips, n=found.n, images=found.images, rate=found.rate, ci=ends)
