"""The staged pipeline of InternVL3 and of ArgusVLM, whose stock image processor is the same.

GotOcr2's crop-to-patches: tiles of all images in order as (N, 3, H, W), the thumbnail of an image behind its
tiles.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from argus_eval.models.families.internals import missing_internals, staged_or_generic
from argus_eval.pipeline.batching import collate_tiles
from argus_eval.pipeline.build import stock_pipeline
from argus_eval.pipeline.halves import StockImageHalf, StockTextHalf, split_differs
from argus_eval.pipeline.parts import ProcessedImages
from argus_eval.pipeline.pipeline import Pipeline, Split

__all__ = ["internvl_pipeline"]

_IMAGE_PROCESSORS = ("GotOcr2ImageProcessor", "GotOcr2ImageProcessorPil")
_VISION_INPUTS = ("pixel_values",)


def _read(output: Mapping[str, Any]) -> ProcessedImages:
    return ProcessedImages(
        tensors={"pixel_values": output["pixel_values"]},
        tiles=tuple(int(count) for count in output["num_patches"]),
    )


def _describe(images: ProcessedImages) -> dict[str, Any]:
    return {"pixel_values": torch.empty((sum(images.tiles), 0)), "num_patches": list(images.tiles)}


def internvl_pipeline(model: Any, processor: Any, family: str = "internvl") -> Pipeline:
    """The stock pipeline with halves that recipes can replace; the generic one where internals have moved."""

    def halves() -> tuple[StockImageHalf, StockTextHalf]:
        return StockImageHalf(processor, _read), StockTextHalf(processor, _describe)

    def check() -> str | None:
        missing = missing_internals(model, processor, _IMAGE_PROCESSORS, _VISION_INPUTS)
        return missing or split_differs(processor, halves())

    def build() -> Pipeline:
        image_half, text_half = halves()
        return stock_pipeline(
            model,
            processor,
            family=family,
            vision_inputs=_VISION_INPUTS,
            split=Split(image_processor=image_half, prompt_encoder=text_half),
            collate=collate_tiles(processor.tokenizer.pad_token_id),
            tiles_in_order=True,
        )

    return staged_or_generic(family, model, processor, check, build)
