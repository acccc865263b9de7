"""The staged pipeline of SmolVLM, SmolVLM2 and Idefics3.

Tiles come as (1, N, 3, H, W), the global view last, with a mask of the same size that says which pixels are
padding; tiles of one request never are. The prompt names the row and column of every tile.
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

__all__ = ["smolvlm_pipeline", "tiles_of"]

_IMAGE_PROCESSORS = tuple(
    f"{name}ImageProcessor{backend}" for name in ("Idefics3", "SmolVLM") for backend in ("", "Pil")
)
_VISION_INPUTS = ("pixel_values", "pixel_attention_mask")


def tiles_of(grid: tuple[int, int]) -> int:
    """Tiles of an image cut into (rows, columns), global view included; (0, 0) is an image that was not cut."""
    return grid[0] * grid[1] + 1


def _read(output: Mapping[str, Any]) -> ProcessedImages:
    """The image processor's output for one prompt."""
    grids = tuple(
        (int(row), int(column)) for row, column in zip(output["rows"][0], output["cols"][0], strict=True)
    )
    tensors = {name: output[name] for name in _VISION_INPUTS if name in output}
    return ProcessedImages(tensors=tensors, tiles=tuple(tiles_of(grid) for grid in grids), grids=grids)


def _describe(images: ProcessedImages) -> dict[str, Any]:
    return {
        "pixel_values": torch.empty((1, sum(images.tiles), 0)),
        "rows": [[rows for rows, _ in images.grids]],
        "cols": [[columns for _, columns in images.grids]],
    }


def smolvlm_pipeline(model: Any, processor: Any, family: str = "smolvlm") -> Pipeline:
    """The stock pipeline with halves that recipes can replace; the generic one where internals have moved."""

    def halves() -> tuple[StockImageHalf, StockTextHalf]:
        return StockImageHalf(processor, _read, nested=True), StockTextHalf(processor, _describe)

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
            collate=collate_tiles(processor.tokenizer.pad_token_id, _VISION_INPUTS, dimension=1),
        )

    return staged_or_generic(family, model, processor, check, build)
