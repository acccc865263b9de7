"""visual-pool: pixel-unshuffle by twice the factor, a quarter of the visual tokens.

Bottleneck: the prefill reads every visual token through every layer of the decoder, and the cache keeps it.

A larger unshuffle factor changes the width of the projector's input, so its weights would have to be trained
(ArgusVLM takes the factor as a configuration value). What untrained weights allow is the projector applied to each
quarter of the larger block and the mean of the four: 2 × 2 neighbouring visual tokens become one. Processor and
prompt count with the new number.

Expected effect: three quarters of the visual part of the prefill and of the cache; the host and the tower do the
same work as before. Small text and positions suffer most: the accuracy gate has to allow it. Qwen-VL merges inside
its tower and places tokens by the grid; it offers no such factor.
"""

from __future__ import annotations

import copy
import dataclasses
from typing import TYPE_CHECKING, Any

from argus_eval.core.loss_class import LossClass
from argus_eval.errors import IncompatibleError
from argus_eval.recipes.protocol import RecipeInfo

if TYPE_CHECKING:
    import torch

    from argus_eval.pipeline.parts import ModelInputs, VisionEncoder
    from argus_eval.pipeline.pipeline import Pipeline

__all__ = ["INFO", "PooledVision", "apply", "pool_tokens"]

INFO = RecipeInfo(
    name="visual-pool",
    summary="2 × 2 visual tokens become one: pixel-unshuffle by twice the factor",
    parts=frozenset({"vision", "image_processor", "prompt_encoder"}),
    scope="pipeline",
    loss_class=LossClass.L2,
    order=6,
    families=frozenset({"argus", "internvl", "smolvlm"}),
    conflicts=frozenset({"sync-free-merge"}),  # which replaces SmolVLM's vision part as a whole
)

#: family → where its processor keeps the number of visual tokens of a tile
_TOKENS_OF_A_TILE = {"argus": "image_seq_length", "internvl": "image_seq_length", "smolvlm": "image_seq_len"}


def pool_tokens(tokens: torch.Tensor) -> torch.Tensor:
    """The mean of each 2 × 2 block: (N, V, D), row by row, to (N, V / 4, D)."""
    count, visual, depth = tokens.shape
    half = round(visual**0.5) // 2
    return tokens.reshape(count, half, 2, half, 2, depth).mean(dim=(2, 4)).reshape(count, half * half, depth)


class PooledVision:
    """The vision part it wraps, with a quarter of the visual tokens.

    Args:
        inner: gives (N, V, D), or a list with (n·V, D) for each prompt.
        tokens: V.
    """

    def __init__(self, inner: VisionEncoder, tokens: int) -> None:
        self._inner, self._tokens = inner, tokens

    def __call__(self, inputs: ModelInputs) -> Any | None:
        encoded = self._inner(inputs)
        if encoded is None:
            return None
        pooled = copy.copy(encoded)
        embeddings = encoded.pooler_output
        pooled.pooler_output = (
            [self._pool(prompt) for prompt in embeddings]
            if isinstance(embeddings, (list, tuple))
            else pool_tokens(embeddings)
        )
        return pooled

    def _pool(self, prompt: torch.Tensor) -> torch.Tensor:
        return pool_tokens(prompt.reshape(-1, self._tokens, prompt.shape[-1])).flatten(0, 1)


def apply(pipeline: Pipeline) -> Pipeline:
    """Pool behind the projector, and tell a copy of the stock processor.

    Raises:
        IncompatibleError: the tokens of a tile do not form a square with an even side.
    """
    from argus_eval.recipes.model_copy import noted, with_processor

    name = _TOKENS_OF_A_TILE[pipeline.family]
    tokens = int(getattr(pipeline.processor, name))
    side = round(tokens**0.5)
    if side * side != tokens or side % 2:
        raise IncompatibleError(f"recipe {INFO.name!r}: {tokens} visual tokens a tile cannot be pooled 2 × 2")
    processor = copy.copy(pipeline.processor)
    setattr(processor, name, tokens // 4)
    changed = with_processor(pipeline, processor)
    pooled = dataclasses.replace(changed, vision=PooledVision(pipeline.vision, tokens))
    return noted(pooled, **{"visual-pool.tokens_a_tile": tokens // 4})
