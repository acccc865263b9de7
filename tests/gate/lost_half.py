"""The lower half of the image never arrives: what a dropped tile does to a model that has several."""

from __future__ import annotations

import torch

from tests.gate.broken_transfer import broken_recipe


def _without_lower_half(pixels: torch.Tensor) -> torch.Tensor:
    kept = pixels.clone()
    kept[..., pixels.shape[-2] // 2 :, :] = 0
    return kept


INFO, apply = broken_recipe("lost-half", "loses the lower half", _without_lower_half)
