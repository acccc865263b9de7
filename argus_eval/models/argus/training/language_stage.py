"""Second and third stage: the decoder learns to answer, over a frozen tower or together with it."""

from __future__ import annotations

import random
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from argus_eval.models.argus.training.dense_heads import soft_bins
from argus_eval.models.argus.training.examples import Example
from argus_eval.models.argus.training.packing import IGNORED, Packer
from argus_eval.models.argus.training.pointing import Pointing
from argus_eval.models.argus.training.recipe import TrainingRecipe
from argus_eval.models.argus.training.tower_stage import TowerStage, normalised_pixels
from argus_eval.models.argus.training.trainee import Trainee

__all__ = ["JointStage", "LanguageStage"]


class LanguageStage:
    """Packed questions; loss on answers only, soft over neighbouring bins for coordinates."""

    def __init__(self, trainee: Trainee, recipe: TrainingRecipe) -> None:
        self.trainee, self._sigma = trainee, recipe.location_sigma
        self._packer = Packer(trainee, recipe.text_tokens, dict(recipe.kinds), recipe.boxes)
        self._chance = random.Random(recipe.seed)  # noqa: S311 - the choice of questions
        self._frozen_tower = True
        self._pointing, self._pointing_weight = Pointing(trainee), recipe.pointing

    def modules(self) -> list[tuple[str, nn.Module]]:
        """What is trained: projector and decoder."""
        return [("projector", self.trainee.projector), ("decoder", self.trainee.decoder)]

    def loss(self, examples: Sequence[Example]) -> tuple[torch.Tensor, dict[str, float]]:
        """The loss of a batch, and what to log about it."""
        device = self.trainee.embedding.device
        packed = self._packer.pack(examples, self._chance)
        packed = packed.to(device)
        hidden = self._hidden(packed.input_ids, packed.visible, packed.position_ids, examples)
        asked = packed.labels != IGNORED
        logits = (hidden[asked] @ self.trainee.embedding.T).float()
        loss, figures = self._answer_loss(logits, packed.labels[asked])
        if self._pointing_weight:
            pointing, looked = self._pointing.loss(packed, examples)
            loss, figures["looked"] = loss + self._pointing_weight * pointing, looked
        return loss, figures

    def _hidden(
        self, ids: torch.Tensor, visible: torch.Tensor, positions: torch.Tensor, examples: Sequence[Example]
    ) -> torch.Tensor:
        """(B, L, D) last hidden states of packed sequences."""
        trainee, pixels = self.trainee, normalised_pixels(examples, ids.device)
        # over a frozen tower the projector still learns; only the tower is spared the backward pass
        with torch.set_grad_enabled(not self._frozen_tower):
            patches = trainee.patches(pixels)
        tokens = trainee.project(patches)
        embeddings = trainee.decoder.embed_tokens(ids)
        image = (ids == trainee.image_token_id).unsqueeze(-1)
        embeddings = embeddings.masked_scatter(image, tokens.to(embeddings.dtype))
        mask = torch.zeros(visible.shape, dtype=embeddings.dtype, device=ids.device)
        mask.masked_fill_(~visible, torch.finfo(embeddings.dtype).min)
        with self._pointing.watching():
            hidden: torch.Tensor = trainee.decoder(
                inputs_embeds=embeddings, attention_mask=mask, position_ids=positions, use_cache=False
            ).last_hidden_state
        return hidden

    def _answer_loss(self, logits: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, dict[str, float]]:
        first, bins = self.trainee.locations.first_token_id, self.trainee.locations.bins
        place = (labels >= first) & (labels < first + bins)
        words = functional.cross_entropy(logits[~place], labels[~place], reduction="sum")
        right = (logits[~place].argmax(-1) == labels[~place]).float().mean()
        coordinates = (labels[place] - first).float() / (bins - 1)
        targets = soft_bins(coordinates, bins, self._sigma)
        spread = torch.log_softmax(logits[place], dim=-1)[:, first : first + bins]
        # in nats above the entropy of the target, so that a perfect guess costs nothing
        places = (targets * (targets.clamp(min=1e-12).log() - spread)).sum()
        found = (logits[place][:, first : first + bins].argmax(-1).float() / (bins - 1) - coordinates).abs()
        loss = (words + places) / len(labels)
        return loss, {
            "words": float(words.detach()) / max(1, int((~place).sum())),
            "places": float(places.detach()) / max(1, int(place.sum())),
            "right": float(right),
            "off": float(found.mean()) if len(found) else 0.0,
        }


class JointStage(LanguageStage):
    """Everything together: answers, and dense labels so that the tower keeps what it knows."""

    def __init__(self, trainee: Trainee, recipe: TrainingRecipe, tower: TowerStage) -> None:
        super().__init__(trainee, recipe)
        self._tower, self._frozen_tower = tower, False

    def modules(self) -> list[tuple[str, nn.Module]]:
        """Tower, projector, decoder and the heads."""
        return [("tower", self.trainee.tower), *super().modules(), ("heads", self._tower.heads)]

    def loss(self, examples: Sequence[Example]) -> tuple[torch.Tensor, dict[str, float]]:
        """Answers plus three tenths of the dense loss."""
        loss, figures = super().loss(examples)
        dense, dense_figures = self._tower.loss(examples)
        return loss + 0.3 * dense, {**figures, **dense_figures}
