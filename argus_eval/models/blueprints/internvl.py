"""InternVL3 in its transformers port: InternViT-300M + Qwen2.5."""

from __future__ import annotations

from transformers import (
    InternVLConfig,
    InternVLForConditionalGeneration,
    InternVLProcessor,
    InternVLVisionConfig,
    Qwen2Config,
)
from transformers.models.got_ocr2.image_processing_got_ocr2 import GotOcr2ImageProcessor
from transformers.models.internvl.video_processing_internvl import InternVLVideoProcessor

from argus_eval.models.blueprints.blueprint import Blueprint, family_tokenizer, fits
from argus_eval.models.cards import Architecture

__all__ = ["blueprint"]

_IMAGENET_MEAN = [0.485, 0.456, 0.406]
_IMAGENET_STD = [0.229, 0.224, 0.225]
_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' }}"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}{{ '<IMG_CONTEXT>\n' }}"
    "{% elif part['type'] == 'text' %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endif %}{{ '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def blueprint(architecture: Architecture) -> Blueprint:
    """Configuration and processor; published settings: at most 12 tiles + thumbnail, ImageNet mean and std."""
    if architecture.tile_px is None or architecture.tokens_per_tile is None or architecture.max_tiles is None:
        raise ValueError("InternVL cuts images into tiles: the card needs tile_px, tokens_per_tile and max_tiles")
    tile = {"height": architecture.tile_px, "width": architecture.tile_px}
    normalisation = {"image_mean": _IMAGENET_MEAN, "image_std": _IMAGENET_STD}
    tokenizer = family_tokenizer(
        {
            "start_image_token": "<img>",
            "end_image_token": "</img>",
            "context_image_token": "<IMG_CONTEXT>",
            "video_token": "<video>",
        },
        others=["<|im_start|>", "<|endoftext|>"],
        eos="<|im_end|>",
        pad="<|endoftext|>",
    )
    processor = InternVLProcessor(
        image_processor=GotOcr2ImageProcessor(
            size=tile, crop_to_patches=True, min_patches=1, max_patches=architecture.max_tiles, **normalisation
        ),
        tokenizer=tokenizer,
        video_processor=InternVLVideoProcessor(size=tile, **normalisation),
        image_seq_length=architecture.tokens_per_tile,
        chat_template=_TEMPLATE,
    )
    vision = InternVLVisionConfig(
        hidden_size=architecture.vision_hidden,
        intermediate_size=architecture.vision_mlp,
        num_hidden_layers=architecture.vision_layers,
        num_attention_heads=architecture.vision_heads,
        image_size=architecture.tile_px,
        patch_size=architecture.patch_px,
        attention_bias=True,
    )
    text = Qwen2Config(
        vocab_size=fits(tokenizer, architecture.vocabulary),
        hidden_size=architecture.text_hidden,
        intermediate_size=architecture.text_mlp,
        num_hidden_layers=architecture.text_layers,
        num_attention_heads=architecture.text_heads,
        num_key_value_heads=architecture.text_kv_heads,
        max_position_embeddings=32_768,
        rms_norm_eps=1e-6,
        rope_parameters={"rope_type": "default", "rope_theta": 1_000_000.0},
        tie_word_embeddings=architecture.tied_embeddings,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    config = InternVLConfig(
        vision_config=vision,
        text_config=text,
        image_token_id=processor.image_token_id,
        image_seq_length=architecture.tokens_per_tile,
        downsample_ratio=1 / architecture.merge,
        tie_word_embeddings=architecture.tied_embeddings,
    )
    return Blueprint(model_class=InternVLForConditionalGeneration, config=config, processor=processor)
