"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = [
    "argus_eval.core.geometry",
    "argus_eval.core.units",
    "argus_eval.errors",
    "argus_eval.measure.clock",
    "argus_eval.engine.budget",
    "argus_eval.stats.claims",
    "argus_eval.stats.intervals",
    "argus_eval.stats.latency",
    "argus_eval.stats.preservation",
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted > 0
    assert result.failed == 0
