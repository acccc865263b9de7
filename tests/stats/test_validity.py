"""What makes a comparison invalid."""

from __future__ import annotations

import dataclasses
import re

import pytest

from argus_eval.errors import ArgusEvalError
from argus_eval.stats.validity import Join, invalid_reasons

SOUND = Join(
    matched=900, fingerprints=frozenset({"sha256:a"}), errors=18, requests=1_800, requested="hub", resolved="hub"
)


def test_a_sound_join_has_no_reasons():
    assert invalid_reasons(SOUND) == ()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"matched": 0}, "no sample of the arm matches"),
        ({"only_baseline": ["a", "b", "c", "d"]}, r"4 sample\(s\) missing from the arm: a, b, c and 1 more"),
        ({"only_arm": ["x"]}, "missing from the baseline: x"),
        ({"duplicates": ["x"]}, "duplicated"),
        ({"fingerprints": frozenset({"sha256:a", "sha256:b"})}, "mixed fingerprints"),
        ({"errors": 19}, "more than 1 %"),
        ({"resolved": "bundled"}, r"requested \(hub\) is not data resolved \(bundled\)"),
    ],
)
def test_each_reason_alone(change, words):
    reasons = invalid_reasons(dataclasses.replace(SOUND, **change))
    assert len(reasons) == 1
    assert re.search(words, reasons[0])


def test_errors_are_counted_like_requests():
    with pytest.raises(ArgusEvalError, match="count both the same way"):
        invalid_reasons(dataclasses.replace(SOUND, requests=10))
