"""Joining prepared inputs into one batch, as stock processors do with ``padding_side="left"``."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from argus_eval.pipeline.parts import ModelInputs

__all__ = ["collate_tiles"]


class collate_tiles:  # noqa: N801 - used like a function, configured like a partial
    """For families whose ``pixel_values`` are the tiles of all images in order: (N, 3, H, W).

    Ids and mask are padded on the left, tiles concatenated along ``dimension``. Families that want (1, N, 3, H, W)
    have 1: a stock processor would pad every prompt to the same number of tiles with black ones, which the model
    then has to find and drop again.
    """

    def __init__(
        self, pad_token_id: int, concatenated: tuple[str, ...] = ("pixel_values",), dimension: int = 0
    ) -> None:
        self._pad_token_id, self._concatenated, self._dimension = pad_token_id, concatenated, dimension

    def __call__(self, batch: Sequence[ModelInputs]) -> ModelInputs:
        tensors = {
            "input_ids": self._pad([item.tensors["input_ids"][0] for item in batch], self._pad_token_id),
            "attention_mask": self._pad([item.tensors["attention_mask"][0] for item in batch], 0),
        }
        for name in self._concatenated:
            parts = [item.tensors[name] for item in batch if name in item.tensors]
            if parts:
                tensors[name] = torch.cat(parts, dim=self._dimension)
        counts = [item.tiles for item in batch]
        return ModelInputs(tensors=tensors, tiles=sum(count or 0 for count in counts) if any(counts) else None)

    @staticmethod
    def _pad(rows: Sequence[torch.Tensor], value: int) -> torch.Tensor:
        longest = max(len(row) for row in rows)
        padded = rows[0].new_full((len(rows), longest), value)
        for index, row in enumerate(rows):
            padded[index, longest - len(row) :] = row
        return padded
