"""The default policy: one group, guards, and the order of verdicts."""

from __future__ import annotations

import numpy as np
import pytest

from argus_eval.stats.pairs import PairedScores
from argus_eval.stats.policy import TaskScores, default_policy
from argus_eval.stats.verdict import AccuracyStatus, Verdict, worst

from .simulate import paired_answers


def task(name, n=2_000, lost=0, gained=0, **changes):
    baseline = np.zeros(n)
    baseline[: 3 * n // 5] = 1
    arm = baseline.copy()
    arm[:lost] = 0
    arm[n - gained :] = 1
    images = np.array([f"{name}/{i}" for i in range(n)])
    return TaskScores(task=name, scores=PairedScores(baseline=baseline, arm=arm, clusters=images), **changes)


def test_a_group_that_keeps_its_accuracy_passes():
    outcome = default_policy([task("vqa", lost=4, gained=3), task("ocr", lost=2, gained=5)])
    assert outcome.verdict is Verdict.PASS
    assert outcome.group.n == 4_000
    assert [name for name, _ in outcome.guards] == ["vqa", "ocr"]


def test_one_broken_task_fails_although_the_mean_hides_it():
    tasks = [task(f"task {i}", gained=200) for i in range(9)] + [task("broken", lost=300)]
    outcome = default_policy(tasks)
    assert outcome.group.verdict is Verdict.PASS
    assert outcome.verdict is Verdict.FAIL
    assert outcome.reason == "guard failed: broken"


def test_a_small_loss_everywhere_fails_the_group_without_any_guard():
    outcome = default_policy([task(f"task {i}", lost=40, gained=0) for i in range(6)])
    assert outcome.verdict is Verdict.FAIL
    assert all(guard.verdict is not Verdict.FAIL for _, guard in outcome.guards)


def test_an_inconclusive_guard_blocks_nothing():
    tasks = [task("large", n=5_000), task("small", n=60, lost=1, gained=1)]
    outcome = default_policy(tasks)
    assert dict(outcome.guards)["small"].verdict is Verdict.INCONCLUSIVE
    assert outcome.verdict is not Verdict.FAIL


def test_holm_runs_over_the_guards():
    borderline = {"n": 900, "lost": 41, "gained": 1}
    alone = default_policy([task("a", **borderline)])
    assert dict(alone.guards)["a"].verdict is Verdict.FAIL
    among = default_policy([task("a", **borderline), *[task(f"fine {i}") for i in range(8)]])
    guard = dict(among.guards)["a"]
    assert guard.verdict is Verdict.INCONCLUSIVE
    assert "after Holm" in guard.reason


def test_invalid_outranks_everything():
    outcome = default_policy([task("a", lost=900), task("b", invalid=("another prompt",))])
    assert outcome.verdict is Verdict.INVALID
    assert outcome.reason == "b: another prompt"


def test_an_unmeasured_task_leaves_the_group_unmeasured():
    missing = TaskScores(task="b", scores=None)
    assert default_policy([task("a"), missing]).verdict is Verdict.NOT_MEASURED
    assert default_policy([task("a", lost=900), missing]).verdict is Verdict.FAIL
    assert default_policy([missing]).verdict is Verdict.NOT_MEASURED


def test_identical_tasks_make_an_identical_group():
    outcome = default_policy([task("a", n=50, identical=True), task("b", n=50, identical=True)])
    assert outcome.verdict is Verdict.PASS_IDENTICAL
    mixed = default_policy([task("a", n=50, identical=True), task("b", n=50)])
    assert mixed.verdict is Verdict.INCONCLUSIVE


def test_a_benchmark_that_is_too_small_says_so():
    outcome = default_policy([task("a", n=200, lost=3, gained=3, available=200)])
    assert "cannot be decided on this benchmark (needs" in outcome.reason


def test_exchangeable_arms_rarely_fail_and_mostly_pass():
    rng = np.random.default_rng(0)
    verdicts = []
    for _ in range(40):
        tasks = []
        for name in ("a", "b", "c"):
            pairs = paired_answers(items=2_000, discordance=0.04, loss=0, rng=rng, per_image=3, correlation=0.3)
            images = np.char.add(f"{name}/", pairs.clusters.astype(str))
            scores = PairedScores(baseline=pairs.baseline, arm=pairs.arm, clusters=images)
            tasks.append(TaskScores(task=name, scores=scores))
        verdicts.append(default_policy(tasks).verdict)
    assert np.mean([verdict is Verdict.FAIL for verdict in verdicts]) <= 0.05
    assert np.mean([verdict is Verdict.PASS for verdict in verdicts]) >= 0.6


@pytest.mark.parametrize(
    ("verdicts", "decides"),
    [
        (["PASS", "FAIL", "INVALID"], "INVALID"),
        (["INCONCLUSIVE", "FAIL"], "FAIL"),
        (["PASS (identical)", "INCONCLUSIVE"], "INCONCLUSIVE"),
        (["PASS", "PASS (identical)"], "PASS"),
        ([], "NOT_MEASURED"),
    ],
)
def test_the_order_of_verdicts(verdicts, decides):
    assert worst(Verdict(verdict) for verdict in verdicts) is Verdict(decides)


def test_what_is_published_of_a_verdict():
    assert Verdict.PASS_IDENTICAL.published == "PASS"
    assert {AccuracyStatus.of(verdict).preserved for verdict in Verdict if verdict.preserved} == {True}
    assert not any(AccuracyStatus.of(verdict).preserved for verdict in Verdict if not verdict.preserved)
