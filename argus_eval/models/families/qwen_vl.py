"""The staged pipeline of Qwen2-VL, Qwen2.5-VL and Qwen3-VL.

Images keep their size up to a rounding to whole visual tokens; patches of all images lie in one (N, C·T·P·P)
matrix beside ``image_grid_thw``, the (frames, rows, columns) of patches of each image. The grid is needed twice:
by the vision tower, and by ``generate`` for the three-dimensional position ids. It therefore stays among the
inputs when the tower has consumed the pixels.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from PIL import Image

from argus_eval.measure.stages import StageRecorder
from argus_eval.pipeline.batching import collate_tiles
from argus_eval.pipeline.build import stock_pipeline
from argus_eval.pipeline.parts import ModelInputs, ProcessedImages
from argus_eval.pipeline.pipeline import Pipeline, Split
from argus_eval.pipeline.split import SplitPreprocessor
from argus_eval.pipeline.stock import StockGenerate, StockPreprocessor

__all__ = ["QwenImages", "QwenPrompt", "qwen_vl_pipeline", "resized_size", "why_generic"]

_TOWER_INPUTS = ("pixel_values", "image_grid_thw")
_PROBE_SIZES = ((61, 45), (30, 120))


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


class QwenImages:
    """The image half of the stock call: its unmodified image processor with its own arguments."""

    def __init__(self, processor: Any) -> None:
        self._image_processor = processor.image_processor
        merged = processor._merge_kwargs(
            tokenizer_init_kwargs=processor.tokenizer.init_kwargs, return_tensors="pt"
        )
        self._arguments = merged["images_kwargs"]

    def __call__(self, images: Sequence[Any], recorder: StageRecorder) -> ProcessedImages:
        output = self._image_processor(list(images), **self._arguments)
        recorder.mark("uint8_tiles")
        grid = output["image_grid_thw"]
        return ProcessedImages(
            tensors={"pixel_values": output["pixel_values"], "image_grid_thw": grid},
            tiles=(),
            resized_size=resized_size(grid, self._image_processor.patch_size),
        )


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


def why_generic(model: Any, processor: Any) -> str | None:
    """Why the staged pipeline does not fit what is installed; ``None`` if it does.

    It looks at the names that the pipeline calls, then runs two tiny pictures through the stock processor and
    through our halves of it: only bit-equal tensors count.
    """
    image_processor = processor.image_processor
    if type(image_processor).__name__ != "Qwen2VLImageProcessor":
        return f"its image processor is {type(image_processor).__name__}, not Qwen2VLImageProcessor"
    features = getattr(model.base_model, "get_image_features", None)
    if features is None or not set(_TOWER_INPUTS) <= inspect.signature(features).parameters.keys():
        return "get_image_features does not take pixel_values and image_grid_thw"
    if "mm_encoder_outputs" not in inspect.signature(model.forward).parameters:
        return "generate takes no encoder outputs"
    if getattr(model.base_model, "language_model", None) is None:
        return "the decoder is not called language_model"
    try:
        return _probe(processor)
    except (AttributeError, KeyError, TypeError, ValueError, IndexError, RuntimeError) as problem:
        return f"its processor cannot be taken apart ({type(problem).__name__}: {problem})"


def _probe(processor: Any) -> str | None:
    silent = StageRecorder(enabled=False)
    split = SplitPreprocessor(QwenImages(processor), QwenPrompt(processor))
    stock = QwenPreprocessor(processor)
    for width, height in _PROBE_SIZES:
        picture = Image.linear_gradient("L").resize((width, height)).convert("RGB")
        text = f"a {processor.image_token} b"
        expected, found = stock(text, [picture], silent), split(text, [picture], silent)
        names = sorted(set(expected.tensors) ^ set(found.tensors))
        if names:
            return f"the stock processor and its two halves differ in {', '.join(names)}"
        for name, tensor in expected.tensors.items():
            if tensor.dtype != found.tensors[name].dtype or not torch.equal(tensor, found.tensors[name]):
                return f"the stock processor and its two halves differ in {name}"
    return None


def qwen_vl_pipeline(model: Any, processor: Any, family: str) -> Pipeline:
    """The stock pipeline of a Qwen-VL, with halves that recipes can replace.

    Where the installed transformers has moved what the stages hold on to, the generic pipeline comes back, with a
    note that says why.
    """
    reason = why_generic(model, processor)
    if reason is not None:
        from importlib.metadata import version

        generic = stock_pipeline(model, processor, family="generic")
        note = f"{family} runs through the generic pipeline with transformers {version('transformers')}: {reason}"
        return dataclasses.replace(generic, notes=(*generic.notes, note))
    pipeline = stock_pipeline(
        model,
        processor,
        family=family,
        vision_inputs=_TOWER_INPUTS,
        split=Split(image_processor=QwenImages(processor), prompt_encoder=QwenPrompt(processor)),
        collate=_CollateQwen(pad_token_id=processor.tokenizer.pad_token_id, concatenated=_TOWER_INPUTS),
    )
    # The position ids of generate are computed from the grid: only the pixels have been consumed.
    language = StockGenerate(model, model.base_model.language_model, ("pixel_values",))
    return dataclasses.replace(pipeline, preprocess=QwenPreprocessor(processor), language=language)
