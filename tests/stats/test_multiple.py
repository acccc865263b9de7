"""Holm, against statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from argus_eval.errors import ArgusEvalError
from argus_eval.stats.multiple import holm


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_equals_statsmodels(p_values):
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1], abs=1e-12)


def test_no_test_has_nothing_to_adjust():
    assert holm([]).size == 0


@pytest.mark.parametrize("wrong", [[1.2], [-0.1], [float("nan")]])
def test_holm_wants_probabilities(wrong):
    with pytest.raises(ArgusEvalError, match="p-values"):
        holm(np.array(wrong))
