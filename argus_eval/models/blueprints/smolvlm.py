"""SmolVLM of the first generation: the Idefics3 classes of transformers."""

from __future__ import annotations

from transformers import Idefics3Config, Idefics3ForConditionalGeneration, Idefics3Processor, LlamaConfig
from transformers.models.idefics3.configuration_idefics3 import Idefics3VisionConfig
from transformers.models.idefics3.image_processing_idefics3 import Idefics3ImageProcessor

from argus_eval.models.blueprints.blueprint import Blueprint, family_tokenizer, fits
from argus_eval.models.cards import Architecture

__all__ = ["blueprint", "one_tile_processor"]

_END = "<end_of_utterance>"
_SPECIAL = ("<|im_start|>", "<|im_end|>", "<fake_token_around_image>", "<image>", _END)
_GRID_SIDE = 6
_WITHOUT_MARKERS = 49_155  # the 2.2B vocabulary has no row and column tokens: they are spelled out
_TEMPLATE = (
    "<|im_start|>{% for message in messages %}{{ message['role'] | capitalize }}"
    "{% if message['content'][0]['type'] == 'image' %}{{ ':' }}{% else %}{{ ': ' }}{% endif %}"
    "{% for line in message['content'] %}"
    "{% if line['type'] == 'text' %}{{ line['text'] }}{% elif line['type'] == 'image' %}{{ '<image>' }}{% endif %}"
    "{% endfor %}<end_of_utterance>\n{% endfor %}"
    "{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}"
)


def blueprint(architecture: Architecture) -> Blueprint:
    """Configuration and processor; published settings: LANCZOS, long edge four tiles, mean and std 0.5."""
    if architecture.tile_px is None or architecture.tokens_per_tile is None:
        raise ValueError("SmolVLM cuts images into tiles: the card needs tile_px and tokens_per_tile")
    processor = _processor(architecture.tile_px, architecture.tokens_per_tile, _special_tokens(architecture))
    tokenizer = processor.tokenizer
    vision = Idefics3VisionConfig(
        hidden_size=architecture.vision_hidden,
        intermediate_size=architecture.vision_mlp,
        num_hidden_layers=architecture.vision_layers,
        num_attention_heads=architecture.vision_heads,
        image_size=architecture.tile_px,
        patch_size=architecture.patch_px,
    )
    text = LlamaConfig(
        vocab_size=fits(tokenizer, architecture.vocabulary),
        hidden_size=architecture.text_hidden,
        intermediate_size=architecture.text_mlp,
        num_hidden_layers=architecture.text_layers,
        num_attention_heads=architecture.text_heads,
        num_key_value_heads=architecture.text_kv_heads,
        max_position_embeddings=8192,
        rms_norm_eps=1e-5,
        rope_parameters={
            "rope_type": "default",
            "rope_theta": 130_000.0 if architecture.text_hidden == 2048 else 100_000.0,
        },
        tie_word_embeddings=architecture.tied_embeddings,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    config = Idefics3Config(
        vision_config=vision,
        text_config=text,
        scale_factor=architecture.merge,
        image_token_id=processor.image_token_id,
        pad_token_id=tokenizer.pad_token_id,
        tie_word_embeddings=architecture.tied_embeddings,
    )
    return Blueprint(model_class=Idefics3ForConditionalGeneration, config=config, processor=processor)


def one_tile_processor(tile_px: int, visual_tokens: int) -> Idefics3Processor:
    """The family's processor for a model that sees one tile of every image, whatever its size."""
    processor = _processor(tile_px, visual_tokens, [*_SPECIAL, "<global-img>"])
    processor.image_processor.size = {"longest_edge": tile_px}
    processor.image_processor.do_image_splitting = False
    return processor


def _processor(tile_px: int, visual_tokens: int, special: list[str]) -> Idefics3Processor:
    return Idefics3Processor(
        image_processor=Idefics3ImageProcessor(
            size={"longest_edge": 4 * tile_px},
            max_image_size={"longest_edge": tile_px},
            image_mean=[0.5, 0.5, 0.5],
            image_std=[0.5, 0.5, 0.5],
        ),
        tokenizer=family_tokenizer({}, others=special, eos=_END, pad="<|im_end|>", bos="<|im_start|>"),
        image_seq_len=visual_tokens,
        chat_template=_TEMPLATE,
    )


def _special_tokens(architecture: Architecture) -> list[str]:
    tokens = list(_SPECIAL)
    if architecture.vocabulary != _WITHOUT_MARKERS:
        sides = range(1, _GRID_SIDE + 1)
        tokens += ["<global-img>", *(f"<row_{row}_col_{column}>" for row in sides for column in sides)]
    return tokens
