"""Qwen3-VL, dense."""

from __future__ import annotations

from transformers import (
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
    Qwen3VLProcessor,
    Qwen3VLTextConfig,
    Qwen3VLVideoProcessor,
    Qwen3VLVisionConfig,
)

from argus_eval.models.blueprints.blueprint import Blueprint, fits
from argus_eval.models.blueprints.qwen_vl import (
    chat_template,
    qwen_image_processor,
    qwen_tokenizer,
    special_ids,
)
from argus_eval.models.cards import Architecture

__all__ = ["blueprint"]

_PIXELS = (65_536, 16_777_216)
_HEAD = 128  # wider than hidden / heads in small models
_POSITIONS = 2304  # 48 × 48, interpolated to the image


def blueprint(architecture: Architecture) -> Blueprint:
    """Configuration and processor with the published pixel limits, mean and std 0.5."""
    tokenizer = qwen_tokenizer()
    half = [0.5, 0.5, 0.5]
    processor = Qwen3VLProcessor(
        image_processor=qwen_image_processor(architecture.patch_px, _PIXELS, half, half),
        tokenizer=tokenizer,
        video_processor=Qwen3VLVideoProcessor(),
        chat_template=chat_template(None),
    )
    vision = Qwen3VLVisionConfig(
        depth=architecture.vision_layers,
        hidden_size=architecture.vision_hidden,
        intermediate_size=architecture.vision_mlp,
        num_heads=architecture.vision_heads,
        patch_size=architecture.patch_px,
        out_hidden_size=architecture.text_hidden,
        num_position_embeddings=_POSITIONS,
        deepstack_visual_indexes=_deepstack_layers(architecture.vision_layers, architecture.text_layers),
    )
    text = Qwen3VLTextConfig(
        vocab_size=fits(tokenizer, architecture.vocabulary),
        hidden_size=architecture.text_hidden,
        intermediate_size=architecture.text_mlp,
        num_hidden_layers=architecture.text_layers,
        num_attention_heads=architecture.text_heads,
        num_key_value_heads=architecture.text_kv_heads,
        head_dim=_HEAD,
        max_position_embeddings=262_144,
        rms_norm_eps=1e-6,
        rope_parameters={
            "rope_type": "default",
            "rope_theta": 5_000_000.0,
            "mrope_section": [24, 20, 20],
            "mrope_interleaved": True,
        },
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    config = Qwen3VLConfig(
        vision_config=vision,
        text_config=text,
        tie_word_embeddings=architecture.tied_embeddings,
        **special_ids(tokenizer),
    )
    return Blueprint(model_class=Qwen3VLForConditionalGeneration, config=config, processor=processor)


def _deepstack_layers(vision_layers: int, text_layers: int) -> list[int]:
    """5, 11, 17 of 24: three evenly spaced layers, the last excepted; fewer in a shallow model."""
    wanted = min(3, vision_layers - 1, text_layers)
    return [vision_layers * (index + 1) // 4 - 1 for index in range(wanted)] if vision_layers >= 4 else [0]
