"""The text half of Qwen-VL on token ids: one placeholder is tokenised, the rest of them are written as numbers.

The stock processor spells ``<|image_pad|>`` once for every visual token (391 times for a 640 × 480 picture, up to
16,384 times), tokenises the string and then looks every id up again to tell which of them stand for an image. Here
the token types are known while the ids are written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from argus_eval.pipeline.parts import ProcessedImages

__all__ = ["SplicedQwenPrompt"]

_IMAGE_TYPE = 1


class SplicedQwenPrompt:
    """Ids, mask and token types of a chat text whose images have been processed.

    Raises:
        ValueError: as the stock processor, where the text has another number of placeholders than images.
    """

    def __init__(self, processor: Any) -> None:
        self._processor = processor
        self._tokenizer = processor.tokenizer.backend_tokenizer
        self._placeholder: str = processor.image_token
        self._placeholder_id: int = processor.image_token_id
        self._others = tuple(
            token for token in processor.all_special_multimodal_tokens if token != processor.image_token
        )
        self._per_token: int = processor.image_processor.merge_size**2

    def __call__(self, text: str, images: ProcessedImages) -> Mapping[str, torch.Tensor]:
        import torch

        grid = images.tensors.get("image_grid_thw")
        counts = [] if grid is None else (grid.prod(-1) // self._per_token).tolist()
        if text.count(self._placeholder) != len(counts) or any(token in text for token in self._others):
            self._refuse(text, len(counts))
        # The fast tokenizer's own encoder: the Python wrapper around it costs more than the prompt itself.
        ids = self._tokenizer.encode(text, add_special_tokens=True).ids
        spliced: list[int] = []
        places: list[tuple[int, int]] = []
        of_each = iter(counts)
        for token in ids:
            if token == self._placeholder_id:
                count = next(of_each)
                places.append((len(spliced), count))
                spliced.extend([token] * count)
            else:
                spliced.append(token)
        input_ids = torch.tensor([spliced], dtype=torch.int64)
        types = torch.zeros_like(input_ids)
        for start, count in places:
            types[0, start : start + count] = _IMAGE_TYPE
        return {
            "input_ids": input_ids,
            "attention_mask": torch.ones_like(input_ids),
            "mm_token_type_ids": types,
        }

    def _refuse(self, text: str, count: int) -> None:
        """What the stock processor says about a text whose placeholders do not fit."""
        from PIL import Image

        blank = Image.new("RGB", (1, 1))  # only counted
        self._processor.validate_inputs(text=[text], images=[blank] * count if count else None)
        raise ValueError(f"{text.count(self._placeholder)} image placeholders in the prompt for {count} images")
