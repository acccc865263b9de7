"""The stock pipeline of any image-text-to-text model."""

from __future__ import annotations

from typing import Any

import torch

from argus_eval.pipeline.parts import VisionEncoder
from argus_eval.pipeline.pipeline import Collate, Pipeline, Split
from argus_eval.pipeline.stock import (
    PilDecoder,
    StockDetokenizer,
    StockGenerate,
    StockPreprocessor,
    StockTemplate,
    StockTransfer,
    StockVision,
    end_token_ids,
)

__all__ = ["stock_pipeline"]


class _VisionInsideGenerate:
    """For models that encode images inside ``generate``: nothing happens before it."""

    def __call__(self, inputs: Any) -> None:
        return None


def stock_pipeline(
    model: Any,
    processor: Any,
    *,
    family: str,
    vision_inputs: tuple[str, ...] = (),
    split: Split | None = None,
    collate: Collate | None = None,
    tiles_in_order: bool = False,
    inserts_placeholder: bool = False,
) -> Pipeline:
    """The baseline: every part stock.

    Args:
        model: a loaded transformers model in evaluation mode.
        processor: its stock processor.
        family: name of the family; "generic" for any other model.
        vision_inputs: arguments of ``get_image_features``; empty where the model only works as a whole, which
            makes the pipeline coarser (no vision, merge and prefill stages).
        split: stock halves of the preprocessor, for families whose recipes replace one.
        collate: how prepared inputs become a batch; without it requests run one at a time.
        tiles_in_order: as in :class:`~argus_eval.pipeline.stock.StockPreprocessor`.
        inserts_placeholder: the processor puts the image placeholder into the text by itself.
    """
    device, dtype = model.device, model.dtype
    staged = bool(vision_inputs)
    vision: VisionEncoder = StockVision(model, vision_inputs) if staged else _VisionInsideGenerate()
    return Pipeline(
        family=family,
        model=model,
        processor=processor,
        device=torch.device(device),
        dtype=dtype,
        decoder=PilDecoder(),
        template=StockTemplate(processor, inserts_placeholder),
        preprocess=StockPreprocessor(processor, tiles_in_order=tiles_in_order),
        transfer=StockTransfer(torch.device(device), dtype),
        vision=vision,
        language=StockGenerate(model, _decoder_of(model) if staged else None, vision_inputs),
        detokenizer=StockDetokenizer(processor.tokenizer, end_token_ids(model)),
        collate=collate,
        split=split,
        staged=staged,
    )


def _decoder_of(model: Any) -> Any | None:
    """The decoder stack inside a multimodal model, by the names transformers uses."""
    base = model.base_model
    return getattr(base, "language_model", None) or getattr(base, "text_model", None)
