"""A preprocessor made of an image half and a text half, so that each can be replaced alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from argus_eval.measure.stages import StageRecorder
from argus_eval.pipeline.parts import ImageProcessor, ModelInputs, ProcessedImages, PromptEncoder

__all__ = ["SplitPreprocessor"]


class SplitPreprocessor:
    """Runs the image half, then the text half, each as its own stage."""

    def __init__(self, image_processor: ImageProcessor, prompt_encoder: PromptEncoder) -> None:
        self.halves = (image_processor, prompt_encoder)

    def __call__(self, text: str, images: Sequence[Any], recorder: StageRecorder) -> ModelInputs:
        image_processor, prompt_encoder = self.halves
        processed = ProcessedImages(tensors={}, tiles=())
        if images:
            with recorder.span("image_process"):
                processed = image_processor(images, recorder)
        with recorder.span("tokenize"):
            encoded = prompt_encoder(text, processed)
        return ModelInputs(
            tensors={**encoded, **processed.tensors},
            tiles=sum(processed.tiles) if processed.tiles else None,
            resized_size=processed.resized_size,
        )
