"""Qwen2-VL."""

from __future__ import annotations

from transformers import (
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
    Qwen2VLProcessor,
    Qwen2VLTextConfig,
    Qwen2VLVideoProcessor,
)
from transformers.models.qwen2_vl.configuration_qwen2_vl import Qwen2VLVisionConfig

from argus_eval.models.blueprints.blueprint import Blueprint, fits
from argus_eval.models.blueprints.qwen_vl import (
    chat_template,
    qwen_image_processor,
    qwen_tokenizer,
    special_ids,
)
from argus_eval.models.cards import Architecture

__all__ = ["blueprint"]

_CLIP_MEAN = [0.48145466, 0.4578275, 0.40821073]
_CLIP_STD = [0.26862954, 0.26130258, 0.27577711]
_PIXELS = (3136, 12_845_056)  # as published; transformers' class default stops at 1,003,520


def blueprint(architecture: Architecture) -> Blueprint:
    """Configuration and processor with the published pixel limits."""
    tokenizer = qwen_tokenizer()
    processor = Qwen2VLProcessor(
        image_processor=qwen_image_processor(architecture.patch_px, _PIXELS, _CLIP_MEAN, _CLIP_STD),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(),
        chat_template=chat_template("You are a helpful assistant."),
    )
    vision = Qwen2VLVisionConfig(
        depth=architecture.vision_layers,
        embed_dim=architecture.vision_hidden,
        mlp_ratio=architecture.vision_mlp // architecture.vision_hidden,
        num_heads=architecture.vision_heads,
        patch_size=architecture.patch_px,
        hidden_size=architecture.text_hidden,
    )
    head = architecture.text_hidden // architecture.text_heads
    text = Qwen2VLTextConfig(
        vocab_size=fits(tokenizer, architecture.vocabulary),
        hidden_size=architecture.text_hidden,
        intermediate_size=architecture.text_mlp,
        num_hidden_layers=architecture.text_layers,
        num_attention_heads=architecture.text_heads,
        num_key_value_heads=architecture.text_kv_heads,
        max_position_embeddings=32_768,
        rms_norm_eps=1e-6,
        # temporal, height and width share the half of a head: 16, 24, 24 of 64
        rope_parameters={
            "rope_type": "default",
            "rope_theta": 1_000_000.0,
            "mrope_section": [head // 8, head * 3 // 16, head * 3 // 16],
        },
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    config = Qwen2VLConfig(
        vision_config=vision,
        text_config=text,
        tie_word_embeddings=architecture.tied_embeddings,
        **special_ids(tokenizer),
    )
    return Blueprint(model_class=Qwen2VLForConditionalGeneration, config=config, processor=processor)
