"""Fixtures shared by the whole suite."""

from __future__ import annotations

import os
import pathlib

import pytest
from hypothesis import settings

# Nothing in the suite may reach the network: a hub lookup that would hang on a closed network fails at once.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
# Inside a CI system runs refuse synthetic data; tests that want this set the variable themselves.
os.environ.pop("CI", None)
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

# Machines are shared and slow at times; a property is no less true for it.
settings.register_profile("argus", deadline=None)
settings.load_profile("argus")

REFERENCE = pathlib.Path(__file__).resolve().parents[2] / "shared" / "reference"


@pytest.fixture(scope="session")
def reference_dir() -> pathlib.Path:
    """Real images, annotations and official scores; they live beside the checkout, never in it."""
    if not REFERENCE.is_dir():
        pytest.skip(f"reference data not found at {REFERENCE}")
    return REFERENCE
