"""Random weights in seconds: initialisation functions that copy from one small pool of normal draws.

Drawing two thousand million independent numbers takes most of a minute; timing does not need them independent.
Inside :func:`quick_initialization` every random initialiser of torch and transformers fills its tensor from a
seeded pool of standard normal values with the standard deviation it would have had. Constant initialisers (norm
weights, biases, layer scales, rotary tables) are untouched, so a model is well formed whatever its family.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import torch
from transformers import initialization as transformers_initialization

__all__ = ["quick_initialization"]

_POOL_SIZE = 1 << 22  # values: 8 MiB in bfloat16, long enough that rows of one matrix differ


class _Pool:
    """A ring of standard normal values that tensors are filled from, each from another place."""

    def __init__(self, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        self._by_dtype = {torch.float32: torch.randn(_POOL_SIZE, generator=generator)}
        self._offset = 0

    def fill(self, tensor: torch.Tensor, std: float, mean: float = 0.0) -> torch.Tensor:
        """Normal values of the given moments, written in place; meta tensors are left alone."""
        if getattr(tensor, "_is_hf_initialized", False) or tensor.is_meta:
            return tensor
        if tensor.dtype not in self._by_dtype:
            self._by_dtype[tensor.dtype] = self._by_dtype[torch.float32].to(tensor.dtype)
        values = self._by_dtype[tensor.dtype]
        with torch.no_grad():
            flat = tensor.view(-1) if tensor.is_contiguous() else torch.empty(tensor.numel(), dtype=tensor.dtype)
            done = 0
            while done < flat.numel():
                count = min(_POOL_SIZE - self._offset, flat.numel() - done)
                torch.mul(values[self._offset : self._offset + count], std, out=flat[done : done + count])
                done += count
                # an odd step, so that equal shapes do not meet the same values again
                self._offset = (self._offset + count + 1009) % _POOL_SIZE
            if mean:
                flat.add_(mean)
            if not tensor.is_contiguous():
                tensor.copy_(flat.view(tensor.shape))
        return tensor


def _leave_empty(layer: torch.nn.Module) -> None:
    """In place of ``reset_parameters``."""


def _fans(tensor: torch.Tensor) -> tuple[float, float]:
    receptive = math.prod(tensor.shape[2:])
    return tensor.shape[1] * receptive, tensor.shape[0] * receptive


def _replacements(pool: _Pool) -> dict[str, Callable[..., torch.Tensor]]:
    """The random initialisers of ``torch.nn.init``, with their own standard deviations."""

    def normal_(tensor: torch.Tensor, mean: float = 0.0, std: float = 1.0, **_: Any) -> torch.Tensor:
        return pool.fill(tensor, std, mean)

    def uniform_(tensor: torch.Tensor, a: float = 0.0, b: float = 1.0, **_: Any) -> torch.Tensor:
        return pool.fill(tensor, (b - a) / math.sqrt(12), (a + b) / 2)

    def xavier(tensor: torch.Tensor, gain: float = 1.0, **_: Any) -> torch.Tensor:
        return pool.fill(tensor, gain * math.sqrt(2.0 / sum(_fans(tensor))))

    def kaiming(
        tensor: torch.Tensor, a: float = 0.0, mode: str = "fan_in", nonlinearity: Any = "leaky_relu", **_: Any
    ) -> torch.Tensor:
        fan = _fans(tensor)[0 if mode == "fan_in" else 1]
        return pool.fill(tensor, torch.nn.init.calculate_gain(nonlinearity, a) / math.sqrt(fan))

    return {
        "normal_": normal_,
        "trunc_normal_": normal_,
        "uniform_": uniform_,
        "xavier_normal_": xavier,
        "xavier_uniform_": xavier,
        "kaiming_normal_": kaiming,
        "kaiming_uniform_": kaiming,
    }


@contextmanager
def quick_initialization(seed: int) -> Iterator[None]:
    """Models built inside get quick random weights, the same for the same seed.

    Draws that bypass the initialisers are seeded too; the global generator is restored afterwards. Linear layers
    and embeddings are not filled twice: their constructors leave them empty for the model's own initialisation,
    which covers them in every transformers model. The patch is process-wide while it lasts: build models from one
    thread.
    """
    replacements = _replacements(_Pool(seed))
    with ExitStack() as stack:
        stack.enter_context(torch.random.fork_rng(devices=[]))
        torch.manual_seed(seed)
        for layer in (torch.nn.Linear, torch.nn.Embedding):
            stack.enter_context(mock.patch.object(layer, "reset_parameters", _leave_empty))
        stack.enter_context(mock.patch.dict(transformers_initialization.TORCH_INIT_FUNCTIONS, replacements))
        for name, replacement in replacements.items():
            stack.enter_context(mock.patch.object(torch.nn.init, name, replacement))
        yield
