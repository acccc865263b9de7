"""First stage: the tower and the projector learn what lies where."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from argus_eval.models.argus.training.dense_heads import DenseBatch, DenseHeads, DenseScores, name_groups
from argus_eval.models.argus.training.dense_labels import dense_labels, stack_labels
from argus_eval.models.argus.training.examples import Example
from argus_eval.models.argus.training.trainee import Trainee

__all__ = ["TowerStage", "make_heads", "normalised_pixels"]


def normalised_pixels(examples: Sequence[Example], device: torch.device) -> torch.Tensor:
    """(N, 3, side, side) in [-1, 1], as the processor of the family makes them."""
    pixels = torch.from_numpy(np.stack([example.pixels for example in examples])).to(device)
    return pixels.permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)


def make_heads(trainee: Trainee) -> DenseHeads:
    """Heads that fit a model; names are spelled as they are in the middle of a sentence."""
    ids = {
        group: [trainee.tokenizer(f" {name}", add_special_tokens=False)["input_ids"] for name in names]
        for group, names in name_groups().items()
    }
    return DenseHeads(trainee.embedding.shape[1], ids, trainee.locations)


class TowerStage:
    """Dense labels on fresh scenes."""

    def __init__(self, trainee: Trainee, heads: DenseHeads) -> None:
        self.trainee, self.heads = trainee, heads
        self._side = int(trainee.visual_tokens**0.5)

    def modules(self) -> list[tuple[str, nn.Module]]:
        """What is trained: tower, projector, the embeddings names are read with, the heads."""
        return [
            ("tower", self.trainee.tower),
            ("projector", self.trainee.projector),
            ("embed_tokens", self.trainee.decoder.embed_tokens),
            ("heads", self.heads),
        ]

    def loss(self, examples: Sequence[Example]) -> tuple[torch.Tensor, dict[str, float]]:
        """The loss of a batch, and what to log about it."""
        scores = self.scores(examples)
        return scores.loss, {
            "category": scores.category,
            "colour": scores.colour,
            "letters": scores.letter,
            "whole_words": scores.word,
            "box_iou": scores.iou,
        }

    def scores(self, examples: Sequence[Example]) -> DenseScores:
        """Dense scores of a batch."""
        device = self.trainee.embedding.device
        tokens = self.trainee.visual(normalised_pixels(examples, device))
        labels = stack_labels([dense_labels(example, self._side) for example in examples])
        batch = DenseBatch(*(torch.from_numpy(part).to(device) for part in labels))
        scores: DenseScores = self.heads(tokens, self.trainee.embedding, batch)
        return scores
