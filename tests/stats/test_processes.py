"""Whether blocks may stand in for processes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from argus_eval.errors import ArgusEvalError
from argus_eval.stats.processes import process_variance


def effects(rng, processes, blocks, between):
    return rng.normal(0, between, size=(processes, 1)) + rng.normal(0, 0.01, size=(processes, blocks))


def test_the_ratio_is_that_of_an_analysis_of_variance():
    data = effects(np.random.default_rng(0), 6, 4, 0.01)
    assert process_variance(data).inflation == pytest.approx(stats.f_oneway(*data).statistic)


@pytest.mark.parametrize("between", [0.0, 0.01])
def test_the_upper_bound_covers(between):
    rng = np.random.default_rng(1)
    truth = 1 + 4 * (between / 0.01) ** 2
    hits = [process_variance(effects(rng, 8, 4, between)).upper >= truth for _ in range(1_000)]
    assert np.mean(hits) == pytest.approx(0.95, abs=0.025)


def test_negligible_has_to_be_shown():
    rng = np.random.default_rng(2)
    assert not process_variance(effects(rng, 6, 6, 0.0)).negligible
    assert process_variance(effects(rng, 120, 6, 0.0)).negligible
    assert not process_variance(effects(rng, 120, 6, 0.01)).negligible


def test_degenerate_designs():
    assert process_variance(np.zeros((1, 5))) is None
    assert process_variance(np.zeros((3, 3))).inflation == 1
    with pytest.raises(ArgusEvalError, match="processes, blocks"):
        process_variance(np.zeros(4))
