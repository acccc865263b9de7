"""One small ArgusVLM for the whole session; its weights are random and never modified."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(scope="session")
def argus() -> Any:
    import torch

    from argus_eval.models.argus.build import build_argus

    torch.set_num_threads(1)
    return build_argus("nano", seed=3)


@pytest.fixture
def pipeline(argus: Any) -> Any:
    from argus_eval.models.families import pipeline_for

    return pipeline_for("argus", argus.model, argus.processor)
