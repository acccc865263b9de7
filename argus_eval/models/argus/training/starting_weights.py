"""Weights to start from.

Fresh ones already know what needs no data: space, frequency, and that equal things match.

- Patches are first seen through the lowest two-dimensional cosines of brightness and two colour differences.
- Positions and location tokens are sinusoids of their coordinate, so that neighbours are alike from the start.
- Queries equal keys (after "Mimetic Initialization of Self-Attention Layers", arXiv 2305.09828): a word attends to
  the visual tokens that resemble it before a single step was made.
"""

from __future__ import annotations

import math
import pathlib
from collections.abc import Sequence
from typing import Any, Literal

import torch

from argus_eval.errors import UsageError
from argus_eval.models.argus.training.trainee import Trainee, trained_trainee

__all__ = ["PARTS", "Part", "continue_from", "informed_start"]

Part = Literal["tower", "projector", "embedding", "decoder"]
PARTS: tuple[Part, ...] = ("tower", "projector", "embedding", "decoder")

_ATTENTION_GAIN = 0.8
#: Brightness and two colour differences, as rows over R, G, B.
_OPPONENTS = ((0.577, 0.577, 0.577), (0.707, 0.0, -0.707), (0.408, -0.816, 0.408))
_BRIGHTNESS_SHARE = 2 / 3


@torch.no_grad()
def informed_start(trainee: Trainee, seed: int) -> None:
    """Overwrites some of a fresh model's weights in place; the same for the same seed."""
    generator = torch.Generator().manual_seed(seed)
    tower: Any = trainee.tower
    embeddings = tower.embeddings
    embeddings.patch_embedding.weight.copy_(_cosine_filters(embeddings.patch_embedding.weight.shape))
    side = int(embeddings.num_positions**0.5)
    embeddings.position_embedding.weight.copy_(0.5 * _grid_sinusoids(side, embeddings.embed_dim))
    for layer in tower.encoder.layers:
        _match(layer.self_attn, generator)
    for block in trainee.decoder.layers:
        _match(block.self_attn, generator)
    table = trainee.embedding
    table.copy_(torch.randn(table.shape, generator=generator) * 0.04)
    first, bins = trainee.locations.first_token_id, trainee.locations.bins
    table[first : first + bins].copy_(0.05 * _sinusoids(torch.linspace(0, 1, bins), table.shape[1], highest=24.0))


@torch.no_grad()
def continue_from(trainee: Trainee, folder: pathlib.Path, parts: Sequence[Part]) -> None:
    """Overwrites parts of a fresh model with those of a trained one, of this or another architecture.

    Args:
        trainee: changed in place.
        folder: of a trained model.
        parts: which ones; ``decoder`` is all of it but the embedding, of which the rows are taken that both have
            (words and places).

    Raises:
        UsageError: the folder holds no such model, or a part has another shape.
    """
    trained = trained_trainee(folder)
    for part in parts:
        source = _state(trained, part)
        for name, value in _state(trainee, part).items():
            given = source.get(name)
            rows = min(len(value), len(given)) if given is not None and part == "embedding" else None
            if given is None or given.shape[1:] != value.shape[1:] or (rows is None and len(given) != len(value)):
                raise UsageError(
                    f"--start: {folder}: its {part} does not fit ({name}); train the same shape, "
                    "or leave the part out of --start-parts"
                )
            value[:rows] = given[:rows]


def _state(trainee: Trainee, part: Part) -> dict[str, torch.Tensor]:
    match part:
        case "tower":
            return trainee.tower.state_dict()
        case "projector":
            return trainee.projector.state_dict()
        case "embedding":
            return {"embed_tokens.weight": trainee.embedding.detach()}
        case "decoder":
            state: dict[str, torch.Tensor] = trainee.decoder.state_dict()
            return {name: value for name, value in state.items() if not name.startswith("embed_tokens.")}


def _cosine_filters(shape: torch.Size) -> torch.Tensor:
    """(out, 3, size, size) filters of unit response to pixels of unit variance, lowest frequencies first."""
    out, _, size, _ = shape
    at = (torch.arange(size) + 0.5) / size
    pairs = sorted(((u, v) for u in range(size) for v in range(size)), key=lambda pair: (sum(pair), pair))
    luma = round(out * _BRIGHTNESS_SHARE)
    each = (out - luma) // 2
    filters = []
    for opponent, count in zip(_OPPONENTS, (out - 2 * each, each, each), strict=True):
        for u, v in pairs[:count]:
            wave = torch.cos(math.pi * u * at)[:, None] * torch.cos(math.pi * v * at)[None, :]
            wave = wave / wave.norm()
            gain = 1.0 if (u, v) != (0, 0) else 0.3  # the mean of a patch would drown the rest
            filters.append(gain * torch.tensor(opponent)[:, None, None] * wave)
    return torch.stack(filters)


def _sinusoids(values: torch.Tensor, width: int, highest: float) -> torch.Tensor:
    """(n, width): sines and cosines of values in [0, 1], from half a period to ``highest`` periods."""
    frequencies = torch.logspace(math.log2(0.25), math.log2(highest), width // 2, base=2.0)
    angles = 2 * math.pi * values[:, None] * frequencies[None, :]
    return torch.cat([angles.sin(), angles.cos()], dim=-1) * math.sqrt(2)


def _grid_sinusoids(side: int, width: int) -> torch.Tensor:
    """(side², width): half of the channels for the row, half for the column."""
    half = _sinusoids((torch.arange(side) + 0.5) / side, width // 2, highest=side / 2)
    rows = half[:, None, :].expand(side, side, -1)
    columns = half[None, :, :].expand(side, side, -1)
    return torch.cat([rows, columns], dim=-1).reshape(side * side, -1)


def _match(attention: Any, generator: torch.Generator) -> None:
    """Makes the key projection orthonormal in each head, and every query projection equal to its key's."""
    key, query = attention.k_proj.weight, attention.q_proj.weight
    size = attention.head_dim
    heads = []
    for _ in range(key.shape[0] // size):
        basis, _ = torch.linalg.qr(torch.randn(key.shape[1], size, generator=generator))
        heads.append(basis.T * _ATTENTION_GAIN)
    shared = query.shape[0] // key.shape[0]
    key.copy_(torch.cat(heads))
    query.copy_(torch.cat([head for head in heads for _ in range(shared)]))
