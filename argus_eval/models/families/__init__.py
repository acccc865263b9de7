"""One pipeline file a model family; any other family runs through the generic pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from argus_eval.pipeline.pipeline import Pipeline

__all__ = ["STAGED_FAMILIES", "pipeline_for"]

#: Families with a staged pipeline; recipes that need parts work on these only.
STAGED_FAMILIES = frozenset({"argus", "internvl", "qwen2-vl", "qwen2.5-vl", "qwen3-vl", "smolvlm"})

#: Families whose processor writes the image placeholder itself.
_INSERTS_PLACEHOLDER = frozenset({"florence-2"})


def pipeline_for(family: str, model: Any, processor: Any) -> Pipeline:
    """The stock pipeline of a loaded model.

    Args:
        family: a card's family, as in ``argus_eval.models.cards``.
        model: in evaluation mode.
        processor: its stock processor.
    """
    if family == "argus":
        from argus_eval.models.families.argus import argus_pipeline

        return argus_pipeline(model, processor)
    if family in ("qwen2-vl", "qwen2.5-vl", "qwen3-vl"):
        from argus_eval.models.families.qwen_vl import qwen_vl_pipeline

        return qwen_vl_pipeline(model, processor, family)
    if family == "internvl":
        from argus_eval.models.families.internvl import internvl_pipeline

        return internvl_pipeline(model, processor)
    if family == "smolvlm":
        from argus_eval.models.families.smolvlm import smolvlm_pipeline

        return smolvlm_pipeline(model, processor)
    from argus_eval.pipeline.build import stock_pipeline

    return stock_pipeline(model, processor, family="generic", inserts_placeholder=family in _INSERTS_PLACEHOLDER)
