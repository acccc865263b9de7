"""Two arms on one task of a corpus metric: what equal answers show, and for whom."""

from __future__ import annotations

import dataclasses

from argus_eval.core.prediction import Answer, Parsed
from argus_eval.core.results import TaskComparison, Verdict
from argus_eval.engine.accuracy_comparison import pair_task
from argus_eval.engine.accuracy_summary import collect_answers
from tests.engine.test_accuracy_summary import caption_of, plan_of, record, samples_of

BASELINE, FAST = "m:baseline", "m:fast"


def equal_captions(limit: int, *, exact: bool) -> TaskComparison:
    plan = plan_of("coco_caption", limit)
    records = [
        dataclasses.replace(record(sample, Parsed(value=Answer(text=caption_of(sample, 0))), order), arm=arm)
        for order, sample in enumerate(samples_of(plan))
        for arm in (BASELINE, FAST)
    ]
    found = pair_task(collect_answers(plan, records), BASELINE, FAST, 0, exact=exact).corpus
    assert found is not None
    assert found.identical
    assert found.difference == 0
    return found


def test_a_few_equal_captions_prove_nothing_of_an_arm_that_may_change_them() -> None:
    found = equal_captions(5, exact=False)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "every answer is equal; at most 45 % of images" in found.reason


def test_equal_captions_of_an_arm_that_is_exact_are_a_pass() -> None:
    assert equal_captions(5, exact=True).verdict is Verdict.PASS
