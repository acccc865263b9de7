"""Sample sizes and power of accuracy questions."""

from __future__ import annotations

import pytest

from argus_eval.errors import UsageError
from argus_eval.stats.power import answer_variance, fail_power, pairs_for, pass_power, rounded_up


@pytest.mark.parametrize(
    ("discordance", "pairs"), [(0.005, 310), (0.01, 619), (0.02, 1_237), (0.04, 2_474), (0.08, 4_947)]
)
def test_pairs_for_one_point(discordance, pairs):
    """6.18 · discordance / margin², the standard table for α = 0.05 and power 0.8."""
    assert pairs_for(0.01, answer_variance(discordance)) == pairs
    assert pass_power(0.01, 0.0, answer_variance(discordance), pairs) == pytest.approx(0.8, abs=0.001)


def test_power_at_the_margin_is_the_error():
    assert pass_power(0.01, 0.01, 0.04, 900) == pytest.approx(0.05)
    assert fail_power(0.01, 0.01, 0.04, 900) == pytest.approx(0.05)


def test_what_no_number_of_pairs_decides():
    assert pairs_for(0.0, 0.04) is None


@pytest.mark.parametrize(("pairs", "shown"), [(15_032, 15_100), (299, 299), (1_001, 1_010), (900, 900)])
def test_rounding_goes_up(pairs, shown):
    assert rounded_up(pairs) == shown


def test_a_loss_larger_than_the_discordance_is_impossible():
    with pytest.raises(UsageError, match="discordance"):
        answer_variance(0.01, 0.02)
