"""LFM2-VL: SigLIP 2 NaFlex + LFM2, whose layers are short convolutions with a few attention layers between."""

from __future__ import annotations

from transformers import (
    Lfm2Config,
    Lfm2VlConfig,
    Lfm2VlForConditionalGeneration,
    Lfm2VlProcessor,
    Siglip2VisionConfig,
)
from transformers.models.lfm2_vl.image_processing_lfm2_vl import Lfm2VlImageProcessor

from argus_eval.models.blueprints.blueprint import Blueprint, family_tokenizer, fits
from argus_eval.models.cards import Architecture

__all__ = ["blueprint"]

_ATTENTION_LAYERS = (2, 5, 8, 10, 12, 14)  # of the 350M decoder's sixteen
_GRID_SIDE = 10
_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' }}"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}{{ '<image>' }}"
    "{% elif part['type'] == 'text' %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endif %}{{ '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def blueprint(architecture: Architecture) -> Blueprint:
    """Configuration and processor; published settings of the 450M model: up to ten tiles, no thumbnail."""
    if architecture.tile_px is None or architecture.tokens_per_tile is None or architecture.max_tiles is None:
        raise ValueError(
            "LFM2-VL cuts large images into tiles: the card needs tile_px, tokens_per_tile and max_tiles"
        )
    sides = range(1, _GRID_SIDE + 1)
    tokenizer = family_tokenizer(
        {
            "image_token": "<image>",
            "image_start_token": "<|image_start|>",
            "image_end_token": "<|image_end|>",
            "image_thumbnail_token": "<|img_thumbnail|>",
        },
        others=["<|im_start|>", *(f"<|img_row_{row}_col_{column}|>" for row in sides for column in sides)],
        eos="<|im_end|>",
        pad="<|pad|>",
        bos="<|startoftext|>",
    )
    processor = Lfm2VlProcessor(
        image_processor=Lfm2VlImageProcessor(
            tile_size=architecture.tile_px,
            encoder_patch_size=architecture.patch_px,
            downsample_factor=architecture.merge,
            max_tiles=architecture.max_tiles,
            min_image_tokens=architecture.tokens_per_tile // 4,
            max_image_tokens=architecture.tokens_per_tile,
            use_thumbnail=False,
        ),
        tokenizer=tokenizer,
        chat_template=_TEMPLATE,
    )
    vision = Siglip2VisionConfig(
        hidden_size=architecture.vision_hidden,
        intermediate_size=architecture.vision_mlp,
        num_hidden_layers=architecture.vision_layers,
        num_attention_heads=architecture.vision_heads,
        patch_size=architecture.patch_px,
        num_patches=256,
        vision_use_head=False,
    )
    text = Lfm2Config(
        vocab_size=fits(tokenizer, architecture.vocabulary),
        hidden_size=architecture.text_hidden,
        intermediate_size=architecture.text_mlp,
        num_hidden_layers=architecture.text_layers,
        num_attention_heads=architecture.text_heads,
        num_key_value_heads=architecture.text_kv_heads,
        block_auto_adjust_ff_dim=False,  # the card's number is the adjusted one
        full_attn_idxs=[layer for layer in _ATTENTION_LAYERS if layer < architecture.text_layers] or [1],
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        tie_word_embeddings=architecture.tied_embeddings,
    )
    config = Lfm2VlConfig(
        vision_config=vision,
        text_config=text,
        image_token_id=processor.image_token_id,
        downsample_factor=architecture.merge,
        projector_hidden_size=2560,
        tie_word_embeddings=architecture.tied_embeddings,
    )
    return Blueprint(model_class=Lfm2VlForConditionalGeneration, config=config, processor=processor)
