"""The staged pipeline of ArgusVLM: its stock image processor is InternVL's, and so are its parts."""

from __future__ import annotations

from typing import Any

from argus_eval.models.families.internvl import internvl_pipeline
from argus_eval.pipeline.pipeline import Pipeline

__all__ = ["argus_pipeline"]


def argus_pipeline(model: Any, processor: Any) -> Pipeline:
    """The stock pipeline of an ArgusVLM, with halves that recipes can replace."""
    return internvl_pipeline(model, processor, family="argus")
