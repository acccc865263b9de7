"""Settings of ``score``."""

from __future__ import annotations

from pathlib import Path

import pytest

from argus_eval.engine.score_settings import ScoreSettings, parse_settings
from argus_eval.errors import UsageError


def test_defaults_are_the_official_rules_with_intervals() -> None:
    assert parse_settings([]) == ScoreSettings()
    assert (ScoreSettings().ci, ScoreSettings().extra, ScoreSettings().compat) == (True, "error", "official")


def test_the_last_of_two_wins() -> None:
    found = parse_settings(
        ["ci=off", "extra=ignore", "categories=a.txt", "tokenizer=none", "scores=constant", "ci=on"]
    )
    assert found == ScoreSettings(
        ci=True, extra="ignore", categories=Path("a.txt"), tokenizer="none", scores="constant"
    )


@pytest.mark.parametrize(
    ("pair", "message"),
    [("ci", "expected name=value"), ("ci=maybe", "one of on, off"), ("speed=fast", "'speed' is unknown")],
)
def test_what_is_wrong_is_said(pair: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_settings([pair])
