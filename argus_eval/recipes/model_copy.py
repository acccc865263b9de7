"""Another model under a pipeline without touching the one it shares its weights with."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from argus_eval.pipeline.pipeline import Pipeline

__all__ = ["noted", "shared_copy", "with_model", "with_processor"]


def shared_copy(model: Any, convert: Callable[[torch.Tensor], torch.Tensor] | None = None) -> Any:
    """A copy of every module and configuration of ``model`` around its own parameter and buffer tensors.

    Args:
        model: left as it is, whatever is later set on the copy.
        convert: what to put in place of a floating parameter or stored buffer; shared matrices stay shared.
    """
    from torch import nn

    shared: dict[int, torch.Tensor] = {id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())}
    if convert is not None:
        for parameter in model.parameters():
            if parameter.is_floating_point():
                shared[id(parameter)] = nn.Parameter(convert(parameter.detach()), requires_grad=False)
        stored = model.state_dict(keep_vars=True).values()
        for tensor in stored:
            if not isinstance(tensor, nn.Parameter) and tensor.is_floating_point():
                shared[id(tensor)] = convert(tensor)
    return copy.deepcopy(model, shared)


def with_model(pipeline: Pipeline, model: Any) -> Pipeline:
    """The same pipeline around another model of the same shape: its transfer, vision and language parts are new.

    Recipes that do this come first in the order; whatever wraps those parts comes later.
    """
    from argus_eval.models.families import pipeline_for

    fresh = pipeline_for(pipeline.family, model, pipeline.processor)
    return dataclasses.replace(
        pipeline,
        model=model,
        dtype=fresh.dtype,
        transfer=fresh.transfer,
        vision=fresh.vision,
        language=fresh.language,
        detokenizer=fresh.detokenizer,
    )


def with_processor(pipeline: Pipeline, processor: Any) -> Pipeline:
    """The same pipeline around another stock processor: its template and preprocessor are new."""
    from argus_eval.models.families import pipeline_for

    fresh = pipeline_for(pipeline.family, pipeline.model, processor)
    return dataclasses.replace(
        pipeline,
        processor=processor,
        template=fresh.template,
        preprocess=fresh.preprocess,
        split=fresh.split,
        collate=fresh.collate,
    )


def noted(pipeline: Pipeline, *notes: str, **settings: object) -> Pipeline:
    """The same pipeline with what a reader of its results has to know."""
    return dataclasses.replace(
        pipeline, notes=(*pipeline.notes, *notes), settings={**pipeline.settings, **settings}
    )
