"""The length guard: an arm must not be faster because it says less (MEASUREMENT §12)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from argus_eval.core.results import LengthGuard
from argus_eval.engine.accuracy_summary import TaskAnswers

__all__ = ["length_guard", "same_length"]

_FEWEST_TOKENS, _NARROWEST, _WIDEST = 16, 0.9, 1.1


def length_guard(answers: Iterable[TaskAnswers], baseline: str, arm: str) -> LengthGuard | None:
    """Mean output tokens of both arms at natural stop, over the samples that both answered.

    Returns:
        ``None`` where no sample was answered by both. ``flagged`` where the baseline's mean is at least 16 tokens
        and the arm's leaves 90–110 % of it.
    """
    pairs: list[tuple[int, int]] = []
    for task in answers:
        ours = {record.sample: record.lengths.get("output_tokens") for record in task.records.get(arm, ())}
        for record in task.records.get(baseline, ()):
            before, after = record.lengths.get("output_tokens"), ours.get(record.sample)
            if before is not None and after is not None:
                pairs.append((before, after))
    if not pairs:
        return None
    before_mean, after_mean = (float(value) for value in np.mean(pairs, axis=0))
    kept = same_length(before_mean, after_mean)
    return LengthGuard(baseline_tokens=before_mean, arm_tokens=after_mean, flagged=not kept)


def same_length(baseline_tokens: float, arm_tokens: float) -> bool:
    """Whether mean lengths keep the rule: 90–110 % of a baseline of 16 tokens or more."""
    return baseline_tokens < _FEWEST_TOKENS or _NARROWEST <= arm_tokens / baseline_tokens <= _WIDEST
