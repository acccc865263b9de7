"""The stock processor call as an image half and a text half that together give the same tensors.

Neither half re-implements anything. The image half calls the unmodified image processor with the arguments the
processor would pass on. The text half calls the whole stock processor with an image processor that only repeats
what the image half has said about the grid, so validation, expansion and tokenising are stock, errors included.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from PIL import Image

from argus_eval.measure.stages import StageRecorder
from argus_eval.pipeline.images import as_pil
from argus_eval.pipeline.parts import ModelInputs, ProcessedImages, PromptEncoder
from argus_eval.pipeline.split import SplitPreprocessor
from argus_eval.pipeline.stock import StockPreprocessor, WatchedImageProcessor

__all__ = ["StockImageHalf", "StockTextHalf", "images_arguments", "split_differs"]

_BLANK = Image.new("RGB", (1, 1))
_PROBE_SIZES = ((61, 45), (30, 170))


def images_arguments(processor: Any) -> dict[str, Any]:
    """What the processor passes to its image processor besides the images."""
    merged = processor._merge_kwargs(tokenizer_init_kwargs=processor.tokenizer.init_kwargs, return_tensors="pt")
    arguments: dict[str, Any] = dict(merged["images_kwargs"])
    return arguments


class StockImageHalf:
    """The stock image processor alone.

    Args:
        processor: the stock processor.
        read: the image processor's output and the number of images to :class:`ProcessedImages`.
        nested: the processor passes images as a list a prompt.
        overrides: arguments of the image processor that differ from stock (recipes).
    """

    def __init__(
        self,
        processor: Any,
        read: Callable[[Mapping[str, Any]], ProcessedImages],
        *,
        nested: bool = False,
        overrides: Mapping[str, Any] | None = None,
    ) -> None:
        self._processor, self._read, self._nested = processor, read, nested
        self._watched = WatchedImageProcessor(processor.image_processor)
        self._arguments = {**images_arguments(processor), **(overrides or {})}

    def __call__(self, images: Sequence[Any], recorder: StageRecorder) -> ProcessedImages:
        pictures = [as_pil(image) for image in images]
        # The span of the whole half belongs to the caller; only the sub-stage and the stamp are noted here.
        self._watched.recorder = recorder
        try:
            output = self._watched.process([pictures] if self._nested else pictures, **self._arguments)
        finally:
            self._watched.recorder = None
        recorder.mark("uint8_tiles")
        return self._read(output)

    def with_uint8_output(self, overrides: Mapping[str, Any]) -> StockImageHalf:
        """The same half whose tiles stay uint8: no rescaling, no normalising."""
        return self.with_arguments({"do_rescale": False, "do_normalize": False, **overrides})

    def with_arguments(self, overrides: Mapping[str, Any]) -> StockImageHalf:
        """The same half with other arguments for the image processor."""
        changed = {**self._arguments, **overrides}
        return StockImageHalf(self._processor, self._read, nested=self._nested, overrides=changed)


class _Repeats:
    """An image processor that returns what it was told and calls nothing; the rest is the stock object's."""

    def __init__(self, stock: Any) -> None:
        self._stock = stock
        self.output: Mapping[str, Any] = {}

    def __call__(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return dict(self.output)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stock, name)


class StockTextHalf:
    """The stock processor with the pixels left out.

    Args:
        processor: the stock processor.
        describe: processed images to what the image processor would have said besides pixels (rows, counts);
            pixels are stood for by tensors without elements.
    """

    def __init__(self, processor: Any, describe: Callable[[ProcessedImages], Mapping[str, Any]]) -> None:
        self._describe = describe
        self._repeats = _Repeats(processor.image_processor)
        self._processor = copy.copy(processor)
        self._processor.image_processor = self._repeats

    def __call__(self, text: str, images: ProcessedImages) -> Mapping[str, torch.Tensor]:
        count = len(images.tiles)
        self._repeats.output = self._describe(images)
        batch = self._processor(text=text, images=[_BLANK] * count or None, return_tensors="pt")
        pixels = {"pixel_values", "pixel_attention_mask"}
        return {name: value for name, value in batch.items() if name not in pixels}


def split_differs(processor: Any, halves: tuple[StockImageHalf, PromptEncoder]) -> str | None:
    """What the two halves get wrong on tiny pictures; ``None`` where every tensor is bit-equal to one call's."""
    silent = StageRecorder(enabled=False)
    stock, split = StockPreprocessor(processor), SplitPreprocessor(*halves)
    token = processor.image_token
    for width, height in _PROBE_SIZES:
        picture = Image.linear_gradient("L").resize((width, height)).convert("RGB")
        expected = stock(f"a {token} b", [picture], silent)
        difference = _difference(expected, split(f"a {token} b", [picture], silent))
        if difference is not None:
            return difference
    return None


def _difference(expected: ModelInputs, found: ModelInputs) -> str | None:
    names = sorted(expected.tensors.keys() ^ found.tensors.keys())
    if names:
        return f"the stock processor and its two halves differ in {', '.join(names)}"
    for name, tensor in expected.tensors.items():
        if tensor.dtype != found.tensors[name].dtype or not torch.equal(tensor, found.tensors[name]):
            return f"the stock processor and its two halves differ in {name}"
    if expected.tiles != found.tiles:
        return f"the stock processor and its two halves count {expected.tiles} and {found.tiles} tiles"
    return None
