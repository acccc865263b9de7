"""PaliGemma 2: SigLIP-SO400M/14 + Gemma 2."""

from __future__ import annotations

from transformers import (
    Gemma2Config,
    PaliGemmaConfig,
    PaliGemmaForConditionalGeneration,
    PaliGemmaProcessor,
    SiglipImageProcessor,
    SiglipVisionConfig,
)

from argus_eval.models.blueprints.blueprint import Blueprint, family_tokenizer, fits
from argus_eval.models.cards import Architecture

__all__ = ["blueprint"]

_HEAD = 256  # Gemma 2 keeps it whatever the hidden size


def blueprint(architecture: Architecture) -> Blueprint:
    """Configuration and processor; published settings: one square image, mean and std 0.5."""
    if architecture.tile_px is None or architecture.tokens_per_tile is None:
        raise ValueError("PaliGemma resizes to one square: the card needs tile_px and tokens_per_tile")
    tokenizer = family_tokenizer({"image_token": "<image>"}, eos="<eos>", pad="<pad>", bos="<bos>")
    processor = PaliGemmaProcessor(  # adds <loc0000> … <loc1023> and <seg000> … <seg127> to the tokenizer
        image_processor=SiglipImageProcessor(
            size={"height": architecture.tile_px, "width": architecture.tile_px},
            image_mean=[0.5, 0.5, 0.5],
            image_std=[0.5, 0.5, 0.5],
            image_seq_length=architecture.tokens_per_tile,
        ),
        tokenizer=tokenizer,
    )
    vision = SiglipVisionConfig(
        hidden_size=architecture.vision_hidden,
        intermediate_size=architecture.vision_mlp,
        num_hidden_layers=architecture.vision_layers,
        num_attention_heads=architecture.vision_heads,
        image_size=architecture.tile_px,
        patch_size=architecture.patch_px,
        vision_use_head=False,
    )
    text = Gemma2Config(
        vocab_size=fits(tokenizer, architecture.vocabulary),
        hidden_size=architecture.text_hidden,
        intermediate_size=architecture.text_mlp,
        num_hidden_layers=architecture.text_layers,
        num_attention_heads=architecture.text_heads,
        num_key_value_heads=architecture.text_kv_heads,
        head_dim=_HEAD,
        query_pre_attn_scalar=_HEAD,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        tie_word_embeddings=architecture.tied_embeddings,
    )
    config = PaliGemmaConfig(
        vision_config=vision,
        text_config=text,
        image_token_index=processor.image_token_id,
        vocab_size=architecture.vocabulary,
        projection_dim=architecture.text_hidden,
        hidden_size=architecture.text_hidden,
        tie_word_embeddings=architecture.tied_embeddings,
    )
    return Blueprint(model_class=PaliGemmaForConditionalGeneration, config=config, processor=processor)
