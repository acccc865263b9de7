"""Metrics that only exist over all samples: bootstrap, guards on readable answers, means in disguise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from argus_eval.engine.accuracy_comparison import item_scores
from argus_eval.gate.accuracy import judge_accuracy
from argus_eval.gate.answers import Corpus
from argus_eval.gate.pairing import Pair
from argus_eval.gate.policy import DEFAULT_POLICY, AccuracyRule, Over, Policy
from argus_eval.metrics.pope import POPE
from argus_eval.metrics.protocol import MetricInfo
from argus_eval.stats.preservation import Margin
from tests.gate.test_credibility import pair_of
from tests.stats.simulate import Pairs


class Ratio:
    """Σ hits / Σ tries, like F1 and BLEU a ratio of sums; ``bounded`` and ``scale`` as a test wants them."""

    def __init__(self, *, bounded: bool = True, scale: float = 1.0) -> None:
        self.infos = (MetricInfo(name="accuracy", higher_is_better=True, bounded=bounded, reference="none"),)
        self.scale = scale

    def reduce(
        self, statistics: Sequence[Any], weights: NDArray[np.float64] | None = None
    ) -> Mapping[str, float | None]:
        table = np.array(statistics, dtype=np.float64).reshape(-1, 2)
        used = np.ones(len(table)) if weights is None else weights
        hits, tries = used @ table
        return {"accuracy": self.scale * hits / tries if tries else None}


def pair(baseline: np.ndarray, arm: np.ndarray, metric: Ratio, unparsed: np.ndarray | None = None) -> Pair:
    """Arms whose samples had ``tries`` 1 or 3 and these hits."""
    n = baseline.size
    tries = np.where(np.arange(n) % 2 == 0, 1.0, 3.0)
    found = pair_of(Pairs(baseline=np.ones(n), arm=np.ones(n), clusters=np.arange(n)))
    joined = found.tasks["t"]

    def side(task: Any, hits: np.ndarray) -> Any:
        corpus = Corpus(metric=metric, statistics=list(zip(hits * tries, tries, strict=True)))  # type: ignore[arg-type]
        outputs = tuple(f"{value:.6f}" for value in hits)
        return replace(task, scores=None, corpus=corpus, outputs=outputs)

    after = side(joined.arm, arm)
    if unparsed is not None:
        after = replace(after, unparsed=unparsed)
    return replace(found, tasks={"t": replace(joined, baseline=side(joined.baseline, baseline), arm=after)})


def hits(n: int, mean: float, seed: int) -> np.ndarray:
    return np.clip(np.random.default_rng(seed).normal(mean, 0.1, size=n), 0, 1)


def verdicts(found: Pair, policy: Policy = DEFAULT_POLICY) -> list[str]:
    return [result.verdict.value for result in judge_accuracy(found, policy)]


@pytest.mark.parametrize(("bounded", "scale"), [(True, 1.0), (False, 1.4)])
def test_an_arm_that_answers_nothing_fails(bounded: bool, scale: float) -> None:
    metric = Ratio(bounded=bounded, scale=scale)
    assert set(verdicts(pair(hits(300, 0.6, 1), np.zeros(300), metric))) == {"FAIL"}


def test_small_changes_pass_and_an_interval_is_the_bootstraps() -> None:
    before = hits(400, 0.6, 2)
    after = np.clip(before + np.random.default_rng(3).normal(0, 0.02, size=400), 0, 1)
    (group, guard) = judge_accuracy(pair(before, after, Ratio()), DEFAULT_POLICY)
    assert (group.verdict, guard.verdict) == ("PASS", "PASS")
    assert guard.preservation is not None
    assert guard.preservation.method == "paired bootstrap over images"
    weights = np.where(np.arange(400) % 2 == 0, 1.0, 3.0)
    expected = np.average(after, weights=weights) - np.average(before, weights=weights)
    assert guard.value == pytest.approx(expected)


def test_few_images_decide_nothing_but_unreadable_answers_do() -> None:
    before = hits(80, 0.6, 4)
    garbage = pair(before, np.zeros(80), Ratio())
    assert set(verdicts(garbage)) == {"INCONCLUSIVE"}
    silent = pair(before, np.zeros(80), Ratio(), unparsed=np.ones(80, dtype=np.bool_))
    assert "FAIL" in verdicts(silent)


def test_equal_answers_bound_what_was_not_seen() -> None:
    same = hits(400, 0.6, 5)
    rule = AccuracyRule(over=Over.TASK, tasks=("t",), margin=Margin(absolute=0.01))
    assert verdicts(pair(same, same, Ratio()), Policy(accuracy=(rule,))) == ["PASS"]
    few = hits(100, 0.6, 5)
    assert verdicts(pair(few, few, Ratio()), Policy(accuracy=(rule,))) == ["INCONCLUSIVE"]


def test_a_mean_in_disguise_is_taken_apart() -> None:
    rng = np.random.default_rng(6)
    answers = list(zip((rng.random(50) < 0.5).tolist(), (rng.random(50) < 0.7).tolist(), strict=True))
    found = item_scores(POPE, answers, "accuracy")
    assert found is not None
    assert found.tolist() == [float(truth == said) for truth, said in answers]
    assert item_scores(POPE, answers, "f1") is None
    assert item_scores(Ratio(), [(1.0, 1.0), (1.0, 3.0)], "accuracy") is None  # type: ignore[arg-type]
    assert item_scores(POPE, [], "accuracy") is None
