"""FastVLM in its transformers port: FastViT-HD (from timm) + Qwen2."""

from __future__ import annotations

import importlib.util

from transformers import (
    CLIPImageProcessor,
    FastVlmConfig,
    FastVlmForConditionalGeneration,
    LlavaProcessor,
    Qwen2Config,
    TimmWrapperConfig,
)

from argus_eval.models.blueprints.blueprint import Blueprint, family_tokenizer, fits
from argus_eval.models.cards import Architecture

__all__ = ["blueprint"]

_PUBLISHED_WIDTH = 3072
_STAGES = 5
_TEMPLATE = (
    "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' }}"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}{{ '<image>\n' }}"
    "{% elif part['type'] == 'text' %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endif %}{{ '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def blueprint(architecture: Architecture) -> Blueprint:
    """Configuration and processor; published settings: one 1024 px square, no normalisation beyond [0, 1].

    Raises:
        ImportError: timm is not installed.
    """
    if importlib.util.find_spec("timm") is None:
        raise ImportError("FastVLM's vision tower comes from the timm package; install it with: pip install timm")
    if architecture.tile_px is None or architecture.tokens_per_tile is None:
        raise ValueError("FastVLM resizes to one square: the card needs tile_px and tokens_per_tile")
    size = {"height": architecture.tile_px, "width": architecture.tile_px}
    tokenizer = family_tokenizer(
        {"image_token": "<image>"}, others=["<|im_start|>"], eos="<|im_end|>", pad="<|endoftext|>"
    )
    processor = LlavaProcessor(
        image_processor=CLIPImageProcessor(
            size={"shortest_edge": architecture.tile_px},
            crop_size=size,
            image_mean=[0.0, 0.0, 0.0],
            image_std=[1.0, 1.0, 1.0],
        ),
        tokenizer=tokenizer,
        patch_size=architecture.patch_px,
        vision_feature_select_strategy="full",
        chat_template=_TEMPLATE,
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
    config = FastVlmConfig(
        vision_config=_vision(architecture),
        text_config=text,
        image_token_index=processor.image_token_id,
        image_seq_length=architecture.tokens_per_tile,
        tie_word_embeddings=architecture.tied_embeddings,
    )
    return Blueprint(model_class=FastVlmForConditionalGeneration, config=config, processor=processor)


def _vision(architecture: Architecture) -> TimmWrapperConfig:
    arguments: dict[str, object] = {"inference_mode": True}
    if architecture.vision_hidden != _PUBLISHED_WIDTH:
        # timm knows the published sizes by name; a smaller tower is the same one with fewer, narrower stages.
        # The last convolution doubles the width.
        last = architecture.vision_hidden // 2
        arguments |= {"layers": (1,) * _STAGES, "embed_dims": (last,) * _STAGES}
    return TimmWrapperConfig(
        architecture="fastvit_mci3",
        do_pooling=True,
        global_pool="avg",
        hidden_size=architecture.vision_hidden,
        model_args=arguments,
    )
