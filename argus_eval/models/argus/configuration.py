"""Configuration of ArgusVLM and the sizes of the family.

SigLIP vision tower → pixel-unshuffle by ``r`` → two-layer MLP → Llama decoder with location tokens, after
"Empirical Recipes for Efficient and Compact Vision-Language Models" (arXiv 2603.16987). Neither code nor weights
of the paper were published: 256m and 500m follow the towers it names, the towers of 2b are *assumed*.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from transformers import LlamaConfig, SiglipVisionConfig
from transformers.configuration_utils import PreTrainedConfig

from argus_eval.models.argus.location_tokens import MARKUP_TOKENS, LocationVocabulary
from argus_eval.models.argus.vocabulary import (
    CONTROL_TOKENS,
    END_TOKEN,
    IMAGE_TOKEN,
    LOCATION_BINS,
    LOCATION_OFFSET,
    PAD_TOKEN,
    SHIPPED_VOCABULARY,
    padded,
)

__all__ = ["ArgusConfig", "ArgusPreset", "PRESETS", "preset_config"]

_SMOLLM2_VOCABULARY = 49152


class ArgusConfig(PreTrainedConfig):
    """Everything needed to rebuild an ArgusVLM.

    Attributes:
        vision_config: SigLIP tower; ``image_size`` is the side of one tile in pixels.
        text_config: Llama decoder; ``vocab_size`` counts the padded vocabulary.
        pixel_unshuffle_factor: ``r``; r × r neighbouring patches become one visual token.
        projector_hidden_act: activation between the two linear layers of the projector.
        image_token_id: id that each visual token takes in ``input_ids``.
        location_bins: number of location tokens.
        location_order: order of the four coordinates of a box.
        location_token_offset: id of ``<loc_0>``.
    """

    model_type = "argus_vlm"
    sub_configs_defaults = {  # noqa: RUF012 - the base class declares it so
        "vision_config": SiglipVisionConfig,
        "text_config": LlamaConfig,
    }

    vision_config: Any = None  # SiglipVisionConfig, or a dict of its fields
    text_config: Any = None  # LlamaConfig, or a dict of its fields
    pixel_unshuffle_factor: int = 4
    projector_hidden_act: str = "gelu"
    image_token_id: int = CONTROL_TOKENS.index(IMAGE_TOKEN)
    location_bins: int = LOCATION_BINS
    location_order: Literal["xyxy", "yxyx"] = "xyxy"
    location_token_offset: int = LOCATION_OFFSET
    tie_word_embeddings: bool = True

    def __post_init__(self, **kwargs: Any) -> None:
        super().__post_init__(**kwargs)
        patches = self.vision_config.image_size // self.vision_config.patch_size
        if patches % self.pixel_unshuffle_factor:
            raise ValueError(
                f"argus configuration: {patches} patches a side cannot be unshuffled by "
                f"pixel_unshuffle_factor={self.pixel_unshuffle_factor}; choose a divisor of {patches}"
            )

    @property
    def tokens_per_tile(self) -> int:
        """Visual tokens that one tile becomes."""
        side = self.vision_config.image_size // self.vision_config.patch_size // self.pixel_unshuffle_factor
        return int(side * side)

    @property
    def location_vocabulary(self) -> LocationVocabulary:
        """How this model writes boxes."""
        return LocationVocabulary(
            first_token_id=self.location_token_offset, bins=self.location_bins, order=self.location_order
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgusPreset:
    """One size of the family, as plain numbers."""

    tile_px: int
    unshuffle: int
    vision_hidden: int
    vision_layers: int
    vision_heads: int
    vision_mlp: int
    text_hidden: int
    text_layers: int
    text_heads: int
    text_kv_heads: int
    text_mlp: int
    vocabulary: int
    rope_theta: float
    max_positions: int
    assumed: bool  #: towers guessed by us rather than named by the paper
    max_tiles: int = 4  #: besides the thumbnail
    patch_px: int = 16


# The true vocabulary: SmolLM2's, our control and markup tokens, the location tokens. The tokenizer that ships with
# the package uses the first 3,052 ids of it; the other rows exist so that every layer has its true size.
_TRUE_VOCABULARY = padded(_SMOLLM2_VOCABULARY + len(CONTROL_TOKENS) + len(MARKUP_TOKENS) + LOCATION_BINS)

PRESETS: dict[str, ArgusPreset] = {
    # Ours: small enough to ship and to train on a CPU. 256 px tiles, r = 2 → 64 visual tokens a tile.
    "nano": ArgusPreset(
        tile_px=256,
        unshuffle=2,
        vision_hidden=128,
        vision_layers=4,
        vision_heads=4,
        vision_mlp=512,
        text_hidden=192,
        text_layers=4,
        text_heads=6,
        text_kv_heads=3,
        text_mlp=512,
        vocabulary=padded(SHIPPED_VOCABULARY),
        rope_theta=10_000.0,
        max_positions=4096,
        assumed=False,
    ),
    # SigLIP-B/16 at 512 px + SmolLM2-135M; r = 4 → 64 visual tokens a tile.
    "256m": ArgusPreset(
        tile_px=512,
        unshuffle=4,
        vision_hidden=768,
        vision_layers=12,
        vision_heads=12,
        vision_mlp=3072,
        text_hidden=576,
        text_layers=30,
        text_heads=9,
        text_kv_heads=3,
        text_mlp=1536,
        vocabulary=_TRUE_VOCABULARY,
        rope_theta=100_000.0,
        max_positions=8192,
        assumed=False,
    ),
    # SigLIP-B/16 at 512 px + SmolLM2-360M.
    "500m": ArgusPreset(
        tile_px=512,
        unshuffle=4,
        vision_hidden=768,
        vision_layers=12,
        vision_heads=12,
        vision_mlp=3072,
        text_hidden=960,
        text_layers=32,
        text_heads=15,
        text_kv_heads=5,
        text_mlp=2560,
        vocabulary=_TRUE_VOCABULARY,
        rope_theta=100_000.0,
        max_positions=8192,
        assumed=False,
    ),
    # ASSUMED: the paper does not say which towers its 2B model has. SigLIP-SO400M/16 at 512 px + SmolLM2-1.7B.
    "2b": ArgusPreset(
        tile_px=512,
        unshuffle=4,
        vision_hidden=1152,
        vision_layers=27,
        vision_heads=16,
        vision_mlp=4304,
        text_hidden=2048,
        text_layers=24,
        text_heads=32,
        text_kv_heads=32,
        text_mlp=8192,
        vocabulary=_TRUE_VOCABULARY,
        rope_theta=130_000.0,
        max_positions=8192,
        assumed=True,
    ),
}


def preset_config(preset: ArgusPreset) -> ArgusConfig:
    """The configuration of a preset, for the tokenizer that ships with the package."""
    vision = SiglipVisionConfig(
        hidden_size=preset.vision_hidden,
        intermediate_size=preset.vision_mlp,
        num_hidden_layers=preset.vision_layers,
        num_attention_heads=preset.vision_heads,
        image_size=preset.tile_px,
        patch_size=preset.patch_px,
        vision_use_head=False,  # the pooling head serves contrastive training only
    )
    text = LlamaConfig(
        vocab_size=preset.vocabulary,
        hidden_size=preset.text_hidden,
        intermediate_size=preset.text_mlp,
        num_hidden_layers=preset.text_layers,
        num_attention_heads=preset.text_heads,
        num_key_value_heads=preset.text_kv_heads,
        max_position_embeddings=preset.max_positions,
        rms_norm_eps=1e-5,
        rope_parameters={"rope_type": "default", "rope_theta": preset.rope_theta},
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=CONTROL_TOKENS.index(END_TOKEN),
        pad_token_id=CONTROL_TOKENS.index(PAD_TOKEN),
    )
    return ArgusConfig(vision_config=vision, text_config=text, pixel_unshuffle_factor=preset.unshuffle)
