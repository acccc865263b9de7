"""gc-freeze: Python's garbage collector leaves the loaded model alone. Process scope.

Bottleneck: a full collection walks every object of the process. With a model, its processors and their libraries
loaded that is a million objects and tens of milliseconds, at a moment of its own choosing.

Everything that is alive once the model is loaded moves to a generation that is never walked; young objects are
collected as before, only less often.

Expected effect: nothing on medians, fewer and shorter outliers. It concerns the whole process, so arms with and
without it run in processes of their own.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from argus_eval.core.loss_class import LossClass
from argus_eval.recipes.protocol import RecipeInfo

if TYPE_CHECKING:
    from argus_eval.pipeline.pipeline import Pipeline

__all__ = ["INFO", "apply"]

INFO = RecipeInfo(
    name="gc-freeze",
    summary="the garbage collector leaves the loaded model alone",
    parts=frozenset({"process"}),
    scope="process",
    loss_class=LossClass.L0,
    order=99,
    staged=False,
    serving={"vllm": None, "sglang": None},
)

_YOUNG_OBJECTS = 10_000


def apply(pipeline: Pipeline) -> Pipeline:
    """Freeze what is alive; the pipeline only notes it."""
    from argus_eval.recipes.model_copy import noted

    gc.collect()
    gc.freeze()
    _, older, oldest = gc.get_threshold()
    gc.set_threshold(_YOUNG_OBJECTS, older, oldest)
    return noted(pipeline, **{"gc-freeze.frozen": gc.get_freeze_count()})
