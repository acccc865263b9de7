"""ArgusProcessor: the unmodified GotOcr2 image processor, a byte-level tokenizer, and the glue between them.

``<image>`` in a prompt stands for one image; it becomes ``<image_start>``, one ``<image>`` for each visual token
of each tile (thumbnail last), ``<image_end>``.
"""

from __future__ import annotations

import pathlib
from typing import Any

from transformers import PreTrainedTokenizerFast
from transformers.image_processing_utils import BatchFeature
from transformers.models.got_ocr2.image_processing_got_ocr2 import GotOcr2ImageProcessor
from transformers.processing_utils import MultiModalData, ProcessorMixin

from argus_eval.models.argus.vocabulary import (
    END_TOKEN,
    IMAGE_END_TOKEN,
    IMAGE_START_TOKEN,
    IMAGE_TOKEN,
    PAD_TOKEN,
    TOKENIZER_FILE,
)

__all__ = ["ArgusProcessor", "CHAT_TEMPLATE", "argus_image_processor", "argus_tokenizer"]

# Images first, then text, whatever their order in the message. The generation block marks what a model is
# trained to write.
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|' + message['role'] + '|>' }}"
    "{% if message['content'] is string %}"
    "{% set text = message['content'] %}"
    "{% else %}"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}{{ '<image>' }}{% endif %}{% endfor %}"
    "{% set text = message['content'] | selectattr('type', 'equalto', 'text')"
    " | map(attribute='text') | join('\n') %}"
    "{% endif %}"
    "{% if message['role'] == 'assistant' %}"
    "{% generation %}{{ text + '<|end|>' }}{% endgeneration %}"
    "{% else %}"
    "{{ text + '<|end|>' }}"
    "{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def argus_tokenizer(file: pathlib.Path = TOKENIZER_FILE) -> PreTrainedTokenizerFast:
    """The tokenizer that ships with the package, as transformers wants it."""
    return PreTrainedTokenizerFast(
        tokenizer_file=str(file),
        pad_token=PAD_TOKEN,
        eos_token=END_TOKEN,
        extra_special_tokens={
            "image_token": IMAGE_TOKEN,
            "start_image_token": IMAGE_START_TOKEN,
            "end_image_token": IMAGE_END_TOKEN,
        },
        clean_up_tokenization_spaces=False,
        padding_side="left",
    )


def argus_image_processor(tile_px: int, max_tiles: int = 4) -> GotOcr2ImageProcessor:
    """Stock crop-to-patches: at most ``max_tiles`` tiles of ``tile_px``, and a thumbnail if several."""
    return GotOcr2ImageProcessor(
        size={"height": tile_px, "width": tile_px},
        crop_to_patches=True,
        min_patches=1,
        max_patches=max_tiles,
        image_mean=[0.5, 0.5, 0.5],
        image_std=[0.5, 0.5, 0.5],
    )


class ArgusProcessor(ProcessorMixin):
    """Messages and images to ``input_ids, attention_mask, pixel_values``.

    Args:
        image_processor: a ``GotOcr2ImageProcessor``.
        tokenizer: one with ``image_token``, ``start_image_token`` and ``end_image_token``.
        image_seq_length: visual tokens of one tile.
        chat_template: Jinja source; the family's own when absent.
    """

    text_kwargs = {"padding_side": "left"}  # noqa: RUF012 - the base class declares it so
    images_kwargs = {"crop_to_patches": True}  # noqa: RUF012

    def __init__(
        self,
        image_processor: Any = None,
        tokenizer: Any = None,
        image_seq_length: int = 64,
        chat_template: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(image_processor, tokenizer, chat_template=chat_template or CHAT_TEMPLATE, **kwargs)
        self.image_seq_length = image_seq_length
        self.image_token = tokenizer.image_token
        self.image_token_id = tokenizer.convert_tokens_to_ids(self.image_token)
        self.start_image_token = tokenizer.start_image_token
        self.start_image_token_id = tokenizer.convert_tokens_to_ids(self.start_image_token)
        self.end_image_token = tokenizer.end_image_token
        self.end_image_token_id = tokenizer.convert_tokens_to_ids(self.end_image_token)

    @property
    def image_token_ids(self) -> list[int]:
        """Ids that belong to an image in ``mm_token_type_ids``."""
        return [self.image_token_id, self.start_image_token_id, self.end_image_token_id]

    @property
    def unused_input_names(self) -> list[str]:
        """Outputs of the image processor that the model does not take."""
        return ["num_patches"]

    def validate_inputs(self, images: Any = None, text: Any = None, **kwargs: Any) -> None:
        """As the base class, and text is required."""
        super().validate_inputs(images=images, text=text, **kwargs)
        if text is None:
            raise ValueError("argus processor: text is missing; a prompt with one <image> an image is needed")

    def replace_image_token(self, image_inputs: BatchFeature, image_idx: int, **kwargs: Any) -> str:
        """What stands in the prompt for the image at ``image_idx``."""
        return self.image_replacement(int(image_inputs["num_patches"][image_idx]))

    def image_replacement(self, tiles: int) -> str:
        """The expanded placeholder of an image of ``tiles`` tiles, thumbnail included."""
        return (
            f"{self.start_image_token}{self.image_token * (self.image_seq_length * tiles)}{self.end_image_token}"
        )

    def image_replacement_ids(self, tiles: int) -> list[int]:
        """The ids of :meth:`image_replacement`."""
        visual = [self.image_token_id] * (self.image_seq_length * tiles)
        return [self.start_image_token_id, *visual, self.end_image_token_id]

    def _get_num_multimodal_tokens(
        self, image_sizes: list[tuple[int, int]] | None = None, **kwargs: Any
    ) -> MultiModalData:
        """Placeholders for images of the given (height, width)."""
        if image_sizes is None:
            return MultiModalData()
        images_kwargs = self._merge_kwargs(**kwargs)["images_kwargs"]
        tiles = [self.image_processor.get_number_of_image_patches(*size, images_kwargs) for size in image_sizes]
        return MultiModalData(
            num_image_tokens=[2 + self.image_seq_length * count for count in tiles], num_image_patches=tiles
        )
