"""pinned-copies: host tensors go through page-locked memory and are copied while the host goes on.

Bottleneck: a copy from ordinary memory is staged by the driver in small pieces, and the host waits for it. From
page-locked memory the device fetches by itself. torch keeps page-locked blocks it has handed out once, so only
the first requests pay for locking.

State: torch's cache of page-locked memory.

Expected effect: for 53 MB of float32 pixels several milliseconds on a GPU; close to nothing once ``fused-tiles``
sends a quarter of the bytes. Not applicable on a CPU: nothing is copied there.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from argus_eval.core.loss_class import LossClass
from argus_eval.recipes.protocol import RecipeInfo

if TYPE_CHECKING:
    import torch

    from argus_eval.pipeline.parts import ModelInputs
    from argus_eval.pipeline.pipeline import Pipeline

__all__ = ["INFO", "PinnedTransfer", "apply"]

INFO = RecipeInfo(
    name="pinned-copies",
    summary="host tensors go through page-locked memory, copied while the host goes on",
    parts=frozenset({"transfer"}),
    scope="pipeline",
    loss_class=LossClass.L0,
    order=8,
    devices=frozenset({"cuda"}),
    staged=False,
)


class PinnedTransfer:
    """``inputs.to(device, dtype)`` by way of page-locked memory; the dtype changes on the device.

    Args:
        device, dtype: the model's.
        pin: whether to lock; only tests on machines without a device leave it out.
    """

    def __init__(self, device: torch.device, dtype: torch.dtype, *, pin: bool = True) -> None:
        self._device, self._dtype, self._pin = device, dtype, pin

    def __call__(self, inputs: ModelInputs) -> ModelInputs:
        """See :class:`~argus_eval.pipeline.parts.Transfer`."""
        moved = {name: self._move(value) for name, value in inputs.tensors.items()}
        return dataclasses.replace(inputs, tensors=moved)

    def _move(self, value: Any) -> Any:
        import torch

        if not isinstance(value, torch.Tensor):
            return value
        staged = torch.empty_like(value, pin_memory=True).copy_(value) if self._pin else value
        there = staged.to(self._device, non_blocking=True)
        return there.to(self._dtype) if there.is_floating_point() else there


def apply(pipeline: Pipeline) -> Pipeline:
    """Replace the transfer; recipes that normalise after it are applied later and stand behind it."""
    return dataclasses.replace(pipeline, transfer=PinnedTransfer(pipeline.device, pipeline.dtype))
