"""The staged pipeline of ArgusVLM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from argus_eval.measure.stages import StageRecorder
from argus_eval.pipeline.batching import collate_tiles
from argus_eval.pipeline.build import stock_pipeline
from argus_eval.pipeline.parts import ProcessedImages
from argus_eval.pipeline.pipeline import Pipeline, Split

__all__ = ["StockImages", "StockPrompt", "argus_pipeline"]


class StockImages:
    """The image half of ``ArgusProcessor.__call__``: its unmodified image processor with its own arguments."""

    def __init__(self, processor: Any) -> None:
        self._image_processor = processor.image_processor
        merged = processor._merge_kwargs(
            tokenizer_init_kwargs=processor.tokenizer.init_kwargs, return_tensors="pt"
        )
        self._arguments = merged["images_kwargs"]

    def __call__(self, images: Sequence[Any], recorder: StageRecorder) -> ProcessedImages:
        output = self._image_processor(list(images), **self._arguments)
        recorder.mark("uint8_tiles")
        return ProcessedImages(
            tensors={"pixel_values": output["pixel_values"]},
            tiles=tuple(int(count) for count in output["num_patches"]),
        )


class StockPrompt:
    """The text half: every placeholder written out as a string, then tokenised as one."""

    def __init__(self, processor: Any) -> None:
        self._processor = processor

    def __call__(self, text: str, images: ProcessedImages) -> Mapping[str, torch.Tensor]:
        processor = self._processor
        replacements = [processor.image_replacement(tiles) for tiles in images.tiles]
        expanded, _ = processor.get_text_with_replacements([text], replacements)
        encoded = processor.tokenizer(expanded, return_tensors="pt")
        return {"input_ids": encoded["input_ids"], "attention_mask": encoded["attention_mask"]}


def argus_pipeline(model: Any, processor: Any) -> Pipeline:
    """The stock pipeline of an ArgusVLM, with halves that recipes can replace."""
    return stock_pipeline(
        model,
        processor,
        family="argus",
        vision_inputs=("pixel_values",),
        split=Split(image_processor=StockImages(processor), prompt_encoder=StockPrompt(processor)),
        collate=collate_tiles(pad_token_id=processor.tokenizer.pad_token_id),
    )
