"""Which of the names a staged pipeline holds on to are still there in the installed transformers."""

from __future__ import annotations

import dataclasses
import inspect
import warnings
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from argus_eval.pipeline.build import stock_pipeline
from argus_eval.pipeline.pipeline import Pipeline

__all__ = ["missing_internals", "staged_or_generic"]


def missing_internals(
    model: Any, processor: Any, image_processors: tuple[str, ...], vision_inputs: tuple[str, ...]
) -> str | None:
    """The first thing a staged pipeline needs and does not find; ``None`` if all is there.

    Args:
        image_processors: class names of image processors whose output the family's halves can read.
        vision_inputs: arguments of ``get_image_features``.
    """
    image_processor = processor.image_processor
    if type(image_processor).__name__ not in image_processors:
        return f"its image processor is {type(image_processor).__name__}, not {' or '.join(image_processors)}"
    features = getattr(model.base_model, "get_image_features", None)
    if features is None or not set(vision_inputs) <= inspect.signature(features).parameters.keys():
        return f"get_image_features does not take {' and '.join(vision_inputs)}"
    if "mm_encoder_outputs" not in inspect.signature(model.base_model.forward).parameters:
        return "the model takes no encoder outputs"
    if not any(hasattr(model.base_model, name) for name in ("language_model", "text_model")):
        return "the decoder is called neither language_model nor text_model"
    return None


def staged_or_generic(
    family: str, model: Any, processor: Any, check: Callable[[], str | None], build: Callable[[], Pipeline]
) -> Pipeline:
    """The staged pipeline where ``check`` finds nothing wrong, else the generic one, which says why."""
    try:
        reason = check()
    except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError) as problem:
        # Whatever stock code raises on its own probe pictures: it is no longer what the halves were written for.
        reason = f"its processor cannot be taken apart ({type(problem).__name__}: {problem})"
    if reason is None:
        return build()
    note = f"{family} runs through the generic pipeline with transformers {version('transformers')}: {reason}"
    warnings.warn(note, RuntimeWarning, stacklevel=2)
    generic = stock_pipeline(model, processor, family="generic")
    return dataclasses.replace(generic, notes=(*generic.notes, note))
