"""overlap: the host work of the next requests runs beside the model. Throughput only.

Bottleneck: while the model computes the host waits, and while the host prepares the next picture the model waits.

A runner that is told what will be asked next prepares it in one background thread while the model answers what is
asked now. One thread, not several: the image kernels use the machine's cores by themselves, and more threads take
the interpreter from the one that feeds the model.

Expected effect: nothing on the latency of one request, which has no next one to prepare; throughput up to the
larger of both shares, where the host has a core to spare. The numbers and their order stay the same.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from argus_eval.core.loss_class import LossClass
from argus_eval.recipes.protocol import RecipeInfo

if TYPE_CHECKING:
    from argus_eval.pipeline.pipeline import Pipeline

__all__ = ["INFO", "apply"]

INFO = RecipeInfo(
    name="overlap",
    summary="host work of the next requests beside the model (throughput only)",
    parts=frozenset({"decoder", "preprocess", "transfer"}),
    scope="pipeline",
    loss_class=LossClass.L0,
    order=90,
    serving={"vllm": None, "sglang": None},
)


def apply(pipeline: Pipeline) -> Pipeline:
    """Allows the runner to look ahead while it is timed."""
    return dataclasses.replace(pipeline, looks_ahead=True)
