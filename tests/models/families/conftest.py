"""Tiny models of the tiling families; built once, never modified."""

from __future__ import annotations

from typing import Any

import pytest

from argus_eval.models.catalog import model_card
from argus_eval.models.families import pipeline_for
from argus_eval.models.random_weights import build_random


@pytest.fixture(scope="session", params=["smolvlm-256m", "smolvlm-2.2b", "internvl3-1b"])
def staged(request: pytest.FixtureRequest) -> Any:
    """A pipeline around a tiny model."""
    import torch

    torch.set_num_threads(1)
    card = model_card(request.param)
    built = build_random(card, scale="tiny", seed=1)
    return pipeline_for(card.family, built.model, built.processor)
