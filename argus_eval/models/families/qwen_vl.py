"""The staged pipeline of Qwen2-VL, Qwen2.5-VL and Qwen3-VL.

Images keep their size up to a rounding to whole visual tokens; patches of all images lie in one (N, C·T·P·P)
matrix beside ``image_grid_thw``, the (frames, rows, columns) of patches of each image. The grid is needed twice:
by the vision tower, and by ``generate`` for the three-dimensional position ids. It therefore stays among the
inputs when the tower has consumed the pixels.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from PIL import Image

from argus_eval.measure.stages import StageRecorder
from argus_eval.models.families.internals import missing_internals, staged_or_generic
from argus_eval.pipeline.batching import collate_tiles
from argus_eval.pipeline.build import stock_pipeline
from argus_eval.pipeline.halves import StockImageHalf, split_differs
from argus_eval.pipeline.parts import ModelInputs, ProcessedImages
from argus_eval.pipeline.pipeline import Pipeline, Split
from argus_eval.pipeline.stock import StockGenerate, StockPreprocessor

__all__ = ["QwenPrompt", "qwen_vl_pipeline", "resized_size"]

_IMAGE_PROCESSORS = ("Qwen2VLImageProcessor", "Qwen2VLImageProcessorPil")
_TOWER_INPUTS = ("pixel_values", "image_grid_thw")


def resized_size(grid: torch.Tensor, patch_px: int) -> tuple[int, int] | None:
    """(width, height) of the image behind ``grid`` (images, 3); ``None`` unless there is exactly one image."""
    if grid.shape[0] != 1:
        return None
    _, rows, columns = grid[0].tolist()
    return columns * patch_px, rows * patch_px


class QwenPreprocessor:
    """One call of the stock processor, and the size it resized the image to: Qwen2.5-VL counts boxes in it."""

    def __init__(self, processor: Any) -> None:
        self._stock = StockPreprocessor(processor)
        self._patch_px: int = processor.image_processor.patch_size

    def __call__(self, text: str, images: Sequence[Any], recorder: StageRecorder) -> ModelInputs:
        inputs = self._stock(text, images, recorder)
        grid = inputs.tensors.get("image_grid_thw")
        if grid is None:
            return inputs
        return dataclasses.replace(inputs, resized_size=resized_size(grid, self._patch_px))


class QwenPrompt:
    """The text half: every placeholder written out as a string, tokenised as one, token types told by id."""

    def __init__(self, processor: Any) -> None:
        self._processor = processor

    def __call__(self, text: str, images: ProcessedImages) -> Mapping[str, torch.Tensor]:
        processor = self._processor
        grid = images.tensors.get("image_grid_thw")
        count = 0 if grid is None else len(grid)
        processor.validate_inputs(text=[text], images=[_BLANK] * count if count else None)
        replacements = [processor.replace_image_token(images.tensors, index) for index in range(count)]
        expanded, _ = processor.get_text_with_replacements([text], replacements)
        encoded = processor.tokenizer(expanded, **self._text_arguments())
        types = processor.create_mm_token_type_ids(encoded["input_ids"])
        return {
            "input_ids": torch.tensor(encoded["input_ids"]),
            "attention_mask": torch.tensor(encoded["attention_mask"]),
            "mm_token_type_ids": torch.tensor(types),
        }

    def _text_arguments(self) -> dict[str, Any]:
        merged = self._processor._merge_kwargs(tokenizer_init_kwargs=self._processor.tokenizer.init_kwargs)
        left_out = ("return_tensors", "return_mm_token_type_ids", "return_text_replacement_offsets")
        return {name: value for name, value in merged["text_kwargs"].items() if name not in left_out}


_BLANK = Image.new("RGB", (1, 1))  # validate_inputs only counts images


class _CollateQwen(collate_tiles):
    """Ids, mask and token types padded on the left; patches and grids of all images one after the other."""

    def __call__(self, batch: Sequence[ModelInputs]) -> ModelInputs:
        joined = super().__call__(batch)
        types = self._pad([item.tensors["mm_token_type_ids"][0] for item in batch], 0)
        return ModelInputs(tensors={**joined.tensors, "mm_token_type_ids": types}, tiles=None)


def qwen_vl_pipeline(model: Any, processor: Any, family: str) -> Pipeline:
    """The stock pipeline with halves that recipes can replace; the generic one where internals have moved."""
    patch_px: int = processor.image_processor.patch_size

    def read(output: Mapping[str, Any]) -> ProcessedImages:
        tensors = {name: output[name] for name in _TOWER_INPUTS}
        size = resized_size(tensors["image_grid_thw"], patch_px)
        return ProcessedImages(tensors=tensors, tiles=(), resized_size=size)

    def halves() -> tuple[StockImageHalf, QwenPrompt]:
        return StockImageHalf(processor, read), QwenPrompt(processor)

    def check() -> str | None:
        missing = missing_internals(model, processor, _IMAGE_PROCESSORS, _TOWER_INPUTS)
        return missing or split_differs(processor, halves())

    def build() -> Pipeline:
        image_half, text_half = halves()
        pipeline = stock_pipeline(
            model,
            processor,
            family=family,
            vision_inputs=_TOWER_INPUTS,
            split=Split(image_processor=image_half, prompt_encoder=text_half),
            collate=_CollateQwen(processor.tokenizer.pad_token_id, _TOWER_INPUTS),
        )
        # The position ids of generate are computed from the grid: only the pixels have been consumed.
        language = StockGenerate(model, model.base_model.language_model, ("pixel_values",))
        return dataclasses.replace(pipeline, preprocess=QwenPreprocessor(processor), language=language)

    return staged_or_generic(family, model, processor, check, build)
