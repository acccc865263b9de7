"""Florence-2 in its transformers port: DaViT + BART encoder-decoder."""

from __future__ import annotations

from transformers import (
    BartConfig,
    CLIPImageProcessor,
    Florence2Config,
    Florence2ForConditionalGeneration,
    Florence2Processor,
    Florence2VisionConfig,
)

from argus_eval.models.blueprints.blueprint import Blueprint, family_tokenizer, fits
from argus_eval.models.cards import Architecture

__all__ = ["blueprint"]

_IMAGENET_MEAN = [0.485, 0.456, 0.406]
_IMAGENET_STD = [0.229, 0.224, 0.225]
_STAGES = 4
_PUBLISHED_DEPTHS = (1, 1, 9, 1)


def blueprint(architecture: Architecture) -> Blueprint:
    """Configuration and processor; published settings: one square image, its tokens and their mean."""
    if architecture.tile_px is None:
        raise ValueError("Florence-2 resizes to one square: the card needs tile_px")
    visual_tokens = (architecture.tile_px // architecture.patch_px) ** 2 + 1
    tokenizer = family_tokenizer(
        {"image_token": "<image>"}, eos="</s>", pad="<pad>", bos="<s>", padding_side="right"
    )
    processor = Florence2Processor(
        image_processor=CLIPImageProcessor(
            size={"height": architecture.tile_px, "width": architecture.tile_px},
            do_center_crop=False,
            image_mean=_IMAGENET_MEAN,
            image_std=_IMAGENET_STD,
            image_seq_length=visual_tokens,
        ),
        tokenizer=tokenizer,
    )
    shrink = [2 ** (_STAGES - 1 - stage) for stage in range(_STAGES)]  # the width doubles from stage to stage
    heads = [max(1, architecture.vision_heads // factor) for factor in shrink]
    vision = Florence2VisionConfig(
        depths=_PUBLISHED_DEPTHS if architecture.vision_layers == sum(_PUBLISHED_DEPTHS) else (1,) * _STAGES,
        embed_dim=[architecture.vision_hidden // factor for factor in shrink],
        num_heads=heads,
        num_groups=heads,
        projection_dim=architecture.text_hidden,
    )
    layers = architecture.text_layers // 2
    text = BartConfig(
        vocab_size=fits(tokenizer, architecture.vocabulary),
        d_model=architecture.text_hidden,
        encoder_layers=layers,
        decoder_layers=layers,
        encoder_attention_heads=architecture.text_heads,
        decoder_attention_heads=architecture.text_heads,
        encoder_ffn_dim=architecture.text_mlp,
        decoder_ffn_dim=architecture.text_mlp,
        max_position_embeddings=1024,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        decoder_start_token_id=tokenizer.eos_token_id,
        forced_eos_token_id=tokenizer.eos_token_id,
        tie_word_embeddings=architecture.tied_embeddings,
    )
    config = Florence2Config(
        vision_config=vision,
        text_config=text,
        image_token_id=processor.image_token_id,
        tie_word_embeddings=architecture.tied_embeddings,
    )
    return Blueprint(model_class=Florence2ForConditionalGeneration, config=config, processor=processor)
