"""Preservation of corpus metrics by the paired bootstrap."""

from __future__ import annotations

import numpy as np
import pytest

from argus_eval.stats.bootstrap import Bootstrap, paired_cluster_bootstrap
from argus_eval.stats.corpus import corpus_preservation, nothing_differed
from argus_eval.stats.preservation import Margin, Method
from argus_eval.stats.verdict import Verdict


def f_measure(hits, misses):
    """A corpus metric that is a ratio of sums, as detection's F1 is."""
    return lambda weights: 2 * (weights @ hits) / (2 * (weights @ hits) + weights @ misses)


def difference(shift, images=400, seed=0):
    rng = np.random.default_rng(seed)
    hits, misses = rng.integers(0, 8, images).astype(float), rng.integers(0, 5, images).astype(float)
    lost = np.minimum(rng.random(images) < shift, hits > 0).astype(float)
    return paired_cluster_bootstrap(
        f_measure(hits, misses),
        f_measure(hits - lost, misses + 2 * lost),
        np.arange(images),
        seed=1,
        draws=1_000,
    )


@pytest.mark.parametrize(
    ("shift", "margin", "verdict"),
    [(0.1, 0.1, Verdict.PASS), (0.4, 0.02, Verdict.FAIL), (0.1, 0.012, Verdict.INCONCLUSIVE)],
)
def test_verdicts(shift, margin, verdict):
    boot = difference(shift)
    result = corpus_preservation(boot, Margin(absolute=margin), discordant_images=40, n=400)
    assert result.verdict is verdict
    assert result.method is Method.BOOTSTRAP
    assert result.interval.level == pytest.approx(0.9)
    assert result.interval.contains(boot.estimate)


def test_few_differing_images_conclude_nothing():
    result = corpus_preservation(difference(0.01), Margin(absolute=0.1), discordant_images=4, n=400)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "4 image(s)" in result.reason


def test_few_images_conclude_nothing():
    result = corpus_preservation(difference(0.5, images=150), Margin(absolute=0.1), discordant_images=70, n=150)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "150 images" in result.reason


def test_identical_outputs_pass_and_an_undefined_metric_is_not_measured():
    boot = difference(0.0)
    same = corpus_preservation(boot, Margin(absolute=0.01), discordant_images=0, n=400, identical=True)
    assert same.verdict is Verdict.PASS_IDENTICAL
    empty = Bootstrap(estimate=None, interval=None, draws=np.empty(0), images=400, undefined=1_000)
    assert (
        corpus_preservation(empty, Margin(absolute=0.01), discordant_images=0, n=400).verdict
        is Verdict.NOT_MEASURED
    )


@pytest.mark.parametrize(("images", "verdict"), [(98, Verdict.INCONCLUSIVE), (99, Verdict.PASS)])
def test_equal_answers_that_prove_nothing_need_enough_images(images, verdict):
    # 1 − 0.05^(1/99) is the first below 3 points.
    same = Bootstrap(estimate=0.4, interval=None, draws=np.empty(0), images=images, undefined=0)
    outcome = corpus_preservation(same, Margin(absolute=0.03), discordant_images=0, n=images)
    assert nothing_differed(outcome, 0.4).verdict is verdict
    assert nothing_differed(outcome, None) is outcome
