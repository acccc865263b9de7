"""What Qwen2.5-VL and Qwen3-VL share: special tokens, chat markup and the image processor class."""

from __future__ import annotations

from transformers import PreTrainedTokenizerFast, Qwen2VLImageProcessor

from argus_eval.models.blueprints.blueprint import family_tokenizer

__all__ = ["chat_template", "qwen_image_processor", "qwen_tokenizer", "special_ids"]

_OTHERS = (
    "<|im_start|>",
    "<|object_ref_start|>",
    "<|object_ref_end|>",
    "<|box_start|>",
    "<|box_end|>",
    "<|vision_pad|>",
)


def qwen_tokenizer() -> PreTrainedTokenizerFast:
    """The shipped tokenizer with Qwen's control tokens."""
    return family_tokenizer(
        {
            "image_token": "<|image_pad|>",
            "video_token": "<|video_pad|>",
            "vision_start_token": "<|vision_start|>",
            "vision_end_token": "<|vision_end|>",
        },
        others=_OTHERS,
        eos="<|im_end|>",
        pad="<|endoftext|>",
    )


def special_ids(tokenizer: PreTrainedTokenizerFast) -> dict[str, int]:
    """The token ids that both configurations name."""
    names = ("image_token", "video_token", "vision_start_token", "vision_end_token")
    return {f"{name}_id": tokenizer.convert_tokens_to_ids(getattr(tokenizer, name)) for name in names}


def chat_template(system: str | None) -> str:
    """ChatML with ``<|vision_start|><|image_pad|><|vision_end|>`` for an image; ``system`` opens every chat."""
    opening = "<|im_start|>system\n" + system + "<|im_end|>\n" if system else ""
    return (
        opening
        + "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' }}"
        + "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
        + "{% for part in message['content'] %}"
        + "{% if part['type'] == 'image' %}{{ '<|vision_start|><|image_pad|><|vision_end|>' }}"
        + "{% elif part['type'] == 'text' %}{{ part['text'] }}{% endif %}"
        + "{% endfor %}{% endif %}{{ '<|im_end|>\n' }}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
    )


def qwen_image_processor(
    patch_px: int, pixels: tuple[int, int], mean: list[float], std: list[float]
) -> Qwen2VLImageProcessor:
    """Native resolution between two pixel counts, patches in pairs of two frames."""
    return Qwen2VLImageProcessor(
        size={"shortest_edge": pixels[0], "longest_edge": pixels[1]},
        patch_size=patch_px,
        temporal_patch_size=2,
        merge_size=2,
        image_mean=mean,
        image_std=std,
    )
