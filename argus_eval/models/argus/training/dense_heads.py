"""Heads that ask every visual token what it stands for; they exist only during training.

Names are read off by the inner product with the *decoder's own word embeddings*, and coordinates by that with its
location embeddings: what the tower learns is already in the decoder's language when its training starts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional

from argus_eval.data.scenes.colours import COLOUR_NAMES
from argus_eval.data.scenes.words import KNOWN_WORDS
from argus_eval.models.argus.location_tokens import LocationVocabulary
from argus_eval.models.argus.training.dense_labels import CATEGORY_NAMES, TEXTURE_NAMES
from argus_eval.models.argus.training.reading_labels import LETTERS, NO_LETTER, SPOTS, UNNAMED

__all__ = ["DenseBatch", "DenseHeads", "DenseScores", "soft_bins"]


_CATEGORY_WEIGHT = 3.0
_READING_WEIGHT = 0.3
_NO_LETTER_WEIGHT = 0.03  # most spots have none


class DenseBatch(NamedTuple):
    """`DenseLabels` of N images as tensors."""

    category: torch.Tensor  # (N, V)
    colour: torch.Tensor  # (N, V)
    texture: torch.Tensor  # (N, V)
    box: torch.Tensor  # (N, V, 4)
    centre: torch.Tensor  # (N, V)
    letter: torch.Tensor  # (N, V, SPOTS)
    word: torch.Tensor  # (N, V)


class DenseScores(NamedTuple):
    """The loss to step on, and how well each part did (fractions, detached)."""

    loss: torch.Tensor
    category: float  #: right category among cells with an object
    colour: float
    letter: float  #: right letter among spots with one
    word: float  #: right word among cells with one
    iou: float  #: mean IoU of the boxes regressed at objects' cells


def soft_bins(coordinates: torch.Tensor, bins: int, sigma: float) -> torch.Tensor:
    """Gaussian targets over neighbouring bins: (…) coordinates in [0, 1] → (…, bins), each summing to one."""
    grid = torch.arange(bins, dtype=coordinates.dtype, device=coordinates.device)
    distance = grid - coordinates.unsqueeze(-1) * (bins - 1)
    return torch.softmax(-0.5 * (distance / sigma) ** 2, dim=-1)


class DenseHeads(nn.Module):
    """Reads names, colours, textures, boxes and letters off visual tokens.

    Args:
        width: of the decoder's embeddings.
        token_ids: tokens of a name, in the decoder's vocabulary, for each of `name_groups`.
        locations: ids of location tokens.
    """

    def __init__(self, width: int, token_ids: dict[str, list[list[int]]], locations: LocationVocabulary) -> None:
        super().__init__()
        self.first_location, self.bins = locations.first_token_id, locations.bins
        self.nothing = nn.Parameter(torch.randn(1, width) * 0.02)
        self.scale = nn.Parameter(torch.tensor(2.0))
        self.box = nn.Linear(width, 4)
        self.centre = nn.Linear(width, 1)
        self.corner = nn.Linear(width, 4 * width)
        self.letter = nn.Linear(width, SPOTS * (len(LETTERS) + 1))
        self.read = nn.Linear(width, width)
        for group, several in token_ids.items():
            longest = max(map(len, several))
            padded = [ids + [ids[-1]] * (longest - len(ids)) for ids in several]
            weights = [[1.0 / len(ids)] * len(ids) + [0.0] * (longest - len(ids)) for ids in several]
            self.register_buffer(f"{group}_ids", torch.tensor(padded), persistent=False)
            self.register_buffer(f"{group}_weights", torch.tensor(weights), persistent=False)

    def forward(self, tokens: torch.Tensor, embedding: torch.Tensor, batch: DenseBatch) -> DenseScores:
        """Loss and scores of (N, V, D) visual tokens against their labels; ``embedding`` is (vocabulary, D)."""
        unit = functional.rms_norm(tokens, tokens.shape[-1:])
        has = batch.colour >= 0
        names = torch.cat([self._words("category", embedding), self.nothing])
        weights = torch.ones(len(CATEGORY_NAMES) + 1, device=tokens.device)
        weights[-1] = 0.2
        category = self.scale * (unit @ names.T)
        # What a thing is takes much longer to learn than its colour and its place: it gets more of each step.
        loss = _CATEGORY_WEIGHT * functional.cross_entropy(
            category.flatten(0, 1), batch.category.flatten(), weights
        )
        centre = self.centre(unit).squeeze(-1)
        loss = loss + functional.binary_cross_entropy_with_logits(
            centre, batch.centre, pos_weight=centre.new_tensor(4.0)
        )
        reading, letter_right, word_right = self._reading(unit, embedding, batch)
        unit, labels = unit[has], DenseBatch(*(part[has] for part in batch))
        colour = self.scale * (unit @ self._words("colour", embedding).T)
        texture = self.scale * (unit @ self._words("texture", embedding).T)
        loss = loss + functional.cross_entropy(colour, labels.colour)
        loss = loss + 0.5 * functional.cross_entropy(texture, labels.texture)
        side = int(batch.colour.shape[1] ** 0.5)
        box = self.box(unit) + _cell_centres(side, tokens)[has.nonzero()[:, 1]]
        loss = loss + 6.0 * functional.l1_loss(box, labels.box)
        loss = loss + 0.25 * self._bin_loss(unit, embedding, labels.box)
        return DenseScores(
            loss=loss + _READING_WEIGHT * reading,
            category=_right(category[has], labels.category),
            colour=_right(colour, labels.colour),
            letter=letter_right,
            word=word_right,
            iou=float(_ious(box.detach(), labels.box).mean()),
        )

    def _words(self, group: str, embedding: torch.Tensor) -> torch.Tensor:
        ids, weights = self.get_buffer(f"{group}_ids"), self.get_buffer(f"{group}_weights")
        return (embedding[ids] * weights.unsqueeze(-1)).sum(1)

    def _bin_loss(self, unit: torch.Tensor, embedding: torch.Tensor, box: torch.Tensor) -> torch.Tensor:
        """Cross entropy against soft bins on a quarter of the cells: the four products are the dear part."""
        chosen = torch.randperm(len(unit), device=unit.device)[: max(1, len(unit) // 4)]
        queries = self.corner(unit[chosen]).unflatten(-1, (4, -1))  # (n, 4, D)
        locations = embedding[self.first_location : self.first_location + self.bins]
        logits = queries @ locations.T  # (n, 4, bins)
        targets = soft_bins(box[chosen], self.bins, sigma=12.0)
        return functional.cross_entropy(logits.flatten(0, 1), targets.flatten(0, 1))

    def _reading(
        self, unit: torch.Tensor, embedding: torch.Tensor, batch: DenseBatch
    ) -> tuple[torch.Tensor, float, float]:
        """Loss of letters and words, and how many of them are right."""
        weights = torch.ones(len(LETTERS) + 1, device=unit.device)
        weights[NO_LETTER] = _NO_LETTER_WEIGHT
        letters = self.letter(unit).unflatten(-1, (SPOTS, -1))
        loss = functional.cross_entropy(letters.flatten(0, 2), batch.letter.flatten(), weights)
        written, named = batch.letter != NO_LETTER, batch.word != UNNAMED
        words = self.scale * (self.read(unit[named]) @ self._words("word", embedding).T)
        if bool(named.any()):
            loss = loss + functional.cross_entropy(words, batch.word[named])
        return loss, _right(letters[written], batch.letter[written]), _right(words, batch.word[named])


def _cell_centres(side: int, like: torch.Tensor) -> torch.Tensor:
    """(V, 4) centre of each cell, twice."""
    middle = (torch.arange(side, device=like.device, dtype=like.dtype) + 0.5) / side
    y, x = torch.meshgrid(middle, middle, indexing="ij")
    return torch.stack([x, y, x, y], dim=-1).flatten(0, 1)


def _right(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """Share of right labels; 0 where there are none."""
    if not len(labels):
        return 0.0
    return float((logits.detach().argmax(-1) == labels).float().mean())


def _ious(boxes: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    low, high = torch.maximum(boxes[:, :2], others[:, :2]), torch.minimum(boxes[:, 2:], others[:, 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    areas = (boxes[:, 2:] - boxes[:, :2]).clamp(min=0).prod(-1) + (others[:, 2:] - others[:, :2]).prod(-1)
    return shared / (areas - shared).clamp(min=1e-9)


def name_groups() -> dict[str, Sequence[str]]:
    """The names that the heads tell apart, by group."""
    return {"category": CATEGORY_NAMES, "colour": COLOUR_NAMES, "texture": TEXTURE_NAMES, "word": KNOWN_WORDS}
