"""The model card: what the harness has to know about a model before it loads a single weight.

Nothing here imports torch; cards are data.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Literal

from argus_eval.models.families import STAGED_FAMILIES

__all__ = ["Architecture", "Capability", "ModelCard", "WeightsDefault"]

Capability = Literal["vqa", "ocr", "captioning", "grounding", "detection", "dense_captioning", "text_spotting"]

#: ``published`` on the hub, ``shipped`` in this package, or none anywhere: ``random``
WeightsDefault = Literal["published", "shipped", "random"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """The numbers that decide what a model costs.

    Attributes:
        vision_hidden, vision_layers, vision_heads, vision_mlp: the vision tower; for a hierarchical tower its
            last stage, and the layers of all stages together.
        patch_px: side of a patch in pixels.
        text_hidden, text_layers, text_heads, text_kv_heads, text_mlp: the decoder.
        vocabulary: rows of the embedding, padding included.
        tied_embeddings: input embedding and head share one matrix.
        tile_px: side of a tile in pixels; ``None`` where images keep their own size.
        tokens_per_tile: visual tokens of a tile; ``None`` likewise.
        max_tiles: tiles of the largest image, without the thumbnail; ``None`` likewise.
    """

    vision_hidden: int
    vision_layers: int
    vision_heads: int
    vision_mlp: int
    patch_px: int
    text_hidden: int
    text_layers: int
    text_heads: int
    text_kv_heads: int
    text_mlp: int
    vocabulary: int
    tied_embeddings: bool
    tile_px: int | None
    tokens_per_tile: int | None
    max_tiles: int | None

    @property
    def merge(self) -> int:
        """Patches a side that become one visual token; 1 for a tower that merges inside.

        Raises:
            ValueError: images keep their own size, so there is no tile to tell from.
        """
        if self.tile_px is None or self.tokens_per_tile is None:
            raise ValueError("an architecture without tiles has no merge factor here")
        return max(1, round(self.tile_px // self.patch_px / math.sqrt(self.tokens_per_tile)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """One entry of the registry.

    Attributes:
        name: as on the command line.
        aliases: other spellings that mean the same entry.
        family: names the pipeline, the blueprint and the recipes that apply.
        model_types: ``model_type`` of checkpoints this entry can load.
        hub_id: repository of the published checkpoint.
        revision: its commit, where one is pinned.
        architecture: ``None`` for a checkpoint given by path, whose configuration says everything.
        parameters: of the whole model, as published or as computed for its configuration.
        dtype: of the published weights.
        capabilities: what it was trained to answer; anything else is *unsupported*, not wrong.
        dialect: how it writes boxes; ``None`` when it writes none.
        prompt_style: names the wording its authors use.
        weights: what is loaded when nothing is said.
        assumed: the architecture is our guess.
        licence: of the published weights.
        notes: where the numbers come from and when that was checked.
    """

    name: str
    aliases: tuple[str, ...] = ()
    family: str
    model_types: tuple[str, ...]
    hub_id: str | None
    revision: str | None = None
    architecture: Architecture | None
    parameters: int | None
    dtype: str = "bfloat16"
    capabilities: frozenset[Capability]
    dialect: str | None
    prompt_style: str
    weights: WeightsDefault = "published"
    assumed: bool = False
    licence: str
    notes: str

    @property
    def pipeline(self) -> Literal["staged", "generic"]:
        """Whether the harness runs this family part by part or through the generic pipeline."""
        return "staged" if self.family in STAGED_FAMILIES else "generic"

    def supports(self, capability: Capability) -> bool:
        """Whether the model was trained for this kind of task."""
        return capability in self.capabilities

    def renamed(self, name: str) -> ModelCard:
        """The same card under another name."""
        return dataclasses.replace(self, name=name, aliases=())
