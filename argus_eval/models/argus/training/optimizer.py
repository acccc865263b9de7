"""Muon for matrices, AdamW for the rest.

Muon (Jordan et al. 2024) steps along the orthogonalised momentum; its authors report markedly fewer steps than
Adam's on small transformers. torch has one that computes in bfloat16, which is slow on a CPU without bfloat16
units; this one computes in float32, over all matrices of a shape at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn

__all__ = ["Muon", "make_optimizers"]

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of the quintic that pushes singular values towards one
_ITERATIONS = 5


class Muon(torch.optim.Optimizer):
    """Momentum, orthogonalised matrix by matrix.

    Args:
        parameters: matrices.
        lr: in units of an AdamW rate (the step is scaled to AdamW's usual RMS of 0.2).
        momentum: of the running gradient, with Nesterov's look ahead.
        weight_decay: decoupled.
    """

    def __init__(
        self, parameters: Iterable[nn.Parameter], lr: float, momentum: float = 0.95, weight_decay: float = 0.01
    ) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """One step for every matrix that has a gradient."""
        assert closure is None, "Muon computes no loss"
        for group in self.param_groups:
            by_shape: dict[torch.Size, list[nn.Parameter]] = defaultdict(list)
            for parameter in group["params"]:
                if parameter.grad is not None:
                    by_shape[parameter.shape].append(parameter)
            for several in by_shape.values():
                self._step_shape(several, group)

    def _step_shape(self, several: list[nn.Parameter], group: dict[str, Any]) -> None:
        momentum = group["momentum"]
        directions = []
        for parameter in several:
            assert parameter.grad is not None, "the caller has looked"
            state = self.state[parameter]
            if "momentum" not in state:
                state["momentum"] = torch.zeros_like(parameter)
            state["momentum"].lerp_(parameter.grad, 1 - momentum)
            directions.append(parameter.grad.lerp(state["momentum"], momentum))
        steps = _orthogonal(torch.stack(directions).float())
        rows, columns = several[0].shape
        scale = 0.2 * max(rows, columns) ** 0.5
        for parameter, step in zip(several, steps, strict=True):
            parameter.mul_(1 - group["lr"] * group["weight_decay"])
            parameter.add_(step.to(parameter.dtype), alpha=-group["lr"] * scale)


def _orthogonal(matrices: torch.Tensor) -> torch.Tensor:
    """(n, rows, columns) → nearly orthogonal matrices with the same singular vectors (Newton–Schulz)."""
    a, b, c = _COEFFICIENTS
    wide = matrices.shape[-2] <= matrices.shape[-1]
    x: torch.Tensor = matrices if wide else matrices.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(_ITERATIONS):
        gram: torch.Tensor = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    result: torch.Tensor = x if wide else x.mT
    return result


def make_optimizers(
    modules: Iterable[tuple[str, nn.Module]], rate: float, weight_decay: float = 0.01
) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside transformer layers, AdamW for embeddings, heads, norms and biases.

    Args:
        modules: what to train; a name that contains ``layers`` marks a hidden matrix. Parameters that need no
            gradient are left out.
        rate: peak learning rate of both.
        weight_decay: decoupled, of matrices.
    """
    hidden: dict[int, nn.Parameter] = {}
    rest: dict[int, nn.Parameter] = {}
    for prefix, module in modules:
        for name, parameter in module.named_parameters():
            if not parameter.requires_grad:
                continue
            is_hidden = parameter.ndim == 2 and ".layers." in f"{prefix}.{name}"
            (hidden if is_hidden else rest)[id(parameter)] = parameter
    found: list[torch.optim.Optimizer] = []
    if hidden:
        found.append(Muon(hidden.values(), lr=rate, weight_decay=weight_decay))
    if rest:
        found.append(torch.optim.AdamW(rest.values(), lr=rate, betas=(0.9, 0.98), weight_decay=0.0))
    return found
