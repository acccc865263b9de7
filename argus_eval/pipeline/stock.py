"""The stock parts: literally what the model cards tell people to run.

``Image.open(BytesIO(b)).convert("RGB")`` → ``apply_chat_template`` → ``processor(text=…, images=[…],
return_tensors="pt")`` → ``.to(device, dtype)`` → ``generate(do_sample=False)``. Stages are seen by standing in
front of the image processor and behind the decoder's first pass; no line of transformers is replaced, so the
tensors and tokens are stock by construction (and by test).
"""

from __future__ import annotations

import copy
import dataclasses
import io
from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image

from argus_eval.core.request import Decoding, Request
from argus_eval.errors import SampleError
from argus_eval.measure.stages import StageRecorder
from argus_eval.pipeline.images import as_pil
from argus_eval.pipeline.parts import Generated, ModelInputs
from argus_eval.pipeline.watch import FirstPassWatch, TokenStamps

__all__ = [
    "PilDecoder",
    "StockDetokenizer",
    "StockGenerate",
    "StockPreprocessor",
    "StockTemplate",
    "StockTransfer",
    "StockVision",
    "WatchedImageProcessor",
    "chat_messages",
    "cut_after_end",
    "end_token_ids",
]


class PilDecoder:
    """Pillow, as every model card shows it."""

    def __call__(self, data: bytes) -> Image.Image:
        try:
            with Image.open(io.BytesIO(data)) as image:
                return image.convert("RGB")
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as problem:
            raise SampleError(f"image cannot be decoded: {problem}") from problem


def chat_messages(request: Request) -> list[dict[str, Any]]:
    """The request as chat messages: images first, then the text, as the families' model cards write it."""
    content: list[dict[str, str]] = [{"type": "image"} for _ in request.images]
    content.append({"type": "text", "text": request.prompt})
    messages: list[dict[str, Any]] = [{"role": "user", "content": content}]
    if request.system is not None:
        messages.insert(0, {"role": "system", "content": [{"type": "text", "text": request.system}]})
    return messages


class StockTemplate:
    """The processor's own chat template; a family without one gets the placeholder and the bare text.

    Args:
        processor: the stock processor.
        inserts_placeholder: it puts the placeholder in front of the text by itself (Florence-2).
    """

    def __init__(self, processor: Any, inserts_placeholder: bool = False) -> None:
        self._processor, self._inserts_placeholder = processor, inserts_placeholder

    def __call__(self, request: Request) -> str:
        processor = self._processor
        if getattr(processor, "chat_template", None):
            text: str = processor.apply_chat_template(chat_messages(request), add_generation_prompt=True)
            return text + request.prefix
        placeholder = "" if self._inserts_placeholder else getattr(processor, "image_token", None) or ""
        return placeholder * len(request.images) + request.prompt + request.prefix


class WatchedImageProcessor:
    """Stands in front of a stock image processor and notes when it works; everything else passes through."""

    def __init__(self, stock: Any) -> None:
        # An own shallow copy: the hook below must not be visible to anybody else who holds the processor.
        self._stock = copy.copy(stock)
        self.recorder: StageRecorder | None = None
        self.last_output: Any = None
        # The first call of either ends the work on uint8: torchvision processors fuse the two steps, Pillow ones
        # rescale tile by tile once all tiles are cut.
        name = "rescale_and_normalize" if hasattr(self._stock, "rescale_and_normalize") else "rescale"
        step = getattr(self._stock, name, None)
        if step is not None:
            setattr(self._stock, name, self._watch(step))

    def _watch(self, stock: Any) -> Any:
        def step(*args: Any, **kwargs: Any) -> Any:
            recorder = self.recorder
            if recorder is None:
                return stock(*args, **kwargs)
            recorder.mark("uint8_tiles")
            with recorder.span("image_process.normalize"):
                return stock(*args, **kwargs)

        return step

    def process(self, *args: Any, **kwargs: Any) -> Any:
        """The stock call, without a span of its own."""
        return self._stock(*args, **kwargs)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.recorder is None:
            output = self._stock(*args, **kwargs)
        else:
            with self.recorder.span("image_process"):
                output = self._stock(*args, **kwargs)
        self.last_output = output
        return output

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stock, name)


class StockPreprocessor:
    """One call of the stock processor. ``image_process`` is its image half, ``tokenize`` the rest of the call.

    Args:
        processor: the stock processor.
        tiles_in_order: its ``pixel_values`` are the tiles of all images in order, (N, 3, H, W), and it says how
            many each image has: what it makes of several requests in one call can be told apart.
    """

    def __init__(self, processor: Any, *, tiles_in_order: bool = False) -> None:
        self.tiles_in_order = tiles_in_order
        self._processor = copy.copy(processor)
        self._watched = WatchedImageProcessor(processor.image_processor)
        self._processor.image_processor = self._watched

    def __call__(self, text: str, images: Sequence[Any], recorder: StageRecorder) -> ModelInputs:
        self._watched.recorder = recorder
        try:
            with recorder.span("tokenize"):
                pictures = [as_pil(image) for image in images]
                batch = self._processor(text=text, images=pictures or None, return_tensors="pt")
        finally:
            self._watched.recorder = None
        recorder.subtract("tokenize", "image_process")
        output, self._watched.last_output = self._watched.last_output, None
        return ModelInputs(tensors=dict(batch), tiles=_tile_count(output))

    def together(self, texts: Sequence[str], images: Sequence[Sequence[Any]]) -> list[ModelInputs]:
        """Several requests, each with an image, in one call, as a loop over batches makes them.

        Only where ``tiles_in_order``. Each gets the tensors that a call of its own would have given it.
        """
        pictures = [[as_pil(image) for image in of_one] for of_one in images]
        batch = self._processor(text=list(texts), images=pictures, padding=True, return_tensors="pt")
        output, self._watched.last_output = self._watched.last_output, None
        counts = iter(int(count) for count in output["num_patches"])
        tiles = [sum(next(counts) for _ in of_one) for of_one in images]
        parts = torch.split(batch["pixel_values"], tiles)
        return [
            ModelInputs(
                tensors={
                    "input_ids": ids[mask.bool()][None],
                    "attention_mask": mask[mask.bool()][None],
                    "pixel_values": pixels,
                },
                tiles=count,
            )
            for ids, mask, pixels, count in zip(
                batch["input_ids"], batch["attention_mask"], parts, tiles, strict=True
            )
        ]


def _tile_count(image_output: Any) -> int | None:
    """Tiles of all images, read off what the image processor returned."""
    if image_output is None:
        return None
    counts = image_output.get("num_patches")
    if counts is not None:
        return int(sum(int(count) for count in counts))
    pixels = image_output.get("pixel_values")
    # (batch, tiles, channels, height, width), as Idefics3 and SmolVLM pack them
    return int(pixels.shape[0] * pixels.shape[1]) if getattr(pixels, "ndim", 0) == 5 else None


class StockTransfer:
    """``inputs.to(device, dtype)``: floating tensors get the model's dtype, others move as they are."""

    def __init__(self, device: torch.device, dtype: torch.dtype) -> None:
        self._device, self._dtype = device, dtype

    def __call__(self, inputs: ModelInputs) -> ModelInputs:
        moved = {name: self._move(value) for name, value in inputs.tensors.items()}
        return dataclasses.replace(inputs, tensors=moved)

    def _move(self, value: Any) -> Any:
        if not isinstance(value, torch.Tensor):
            return value
        if value.is_floating_point():
            return value.to(self._device, dtype=self._dtype)
        return value.to(self._device)


class StockVision:
    """What ``generate`` does before its prefill: ``get_image_features``, handed on as ``mm_encoder_outputs``."""

    def __init__(self, model: Any, inputs: tuple[str, ...]) -> None:
        self._model, self._inputs = model, inputs

    def __call__(self, inputs: ModelInputs) -> Any | None:
        features = {name: inputs.tensors[name] for name in self._inputs if name in inputs.tensors}
        if "pixel_values" not in features:
            return None
        with torch.inference_mode():
            return self._model.base_model.get_image_features(**features, return_dict=True)


class StockGenerate:
    """Stock greedy ``generate``; ``vision_inputs`` are withheld once the encoder has consumed them."""

    def __init__(self, model: Any, language_module: Any | None, vision_inputs: tuple[str, ...]) -> None:
        self._model, self._language_module, self._vision_inputs = model, language_module, vision_inputs
        self._end_ids = end_token_ids(model)

    def __call__(
        self, inputs: ModelInputs, encoded: Any | None, decoding: Decoding, recorder: StageRecorder
    ) -> Generated:
        tensors = dict(inputs.tensors)
        if encoded is not None:
            for name in self._vision_inputs:
                tensors.pop(name, None)
            tensors["mm_encoder_outputs"] = {"image": encoded}
        prompt_length = 0 if self._model.config.is_encoder_decoder else tensors["input_ids"].shape[1]
        # A streamer exists for single sequences only, and only they are timed.
        streamer = TokenStamps(recorder) if tensors["input_ids"].shape[0] == 1 else None
        with torch.inference_mode(), FirstPassWatch(self._language_module, recorder):
            output = self._model.generate(
                **tensors,
                do_sample=False,
                max_new_tokens=decoding.max_new_tokens,
                min_new_tokens=decoding.max_new_tokens if decoding.fixed_length else None,
                streamer=streamer,
                return_dict_in_generate=decoding.token_logprobs,
                output_logits=decoding.token_logprobs,
            )
        recorder.restamp("generated")
        sequences = output.sequences if decoding.token_logprobs else output
        generated = sequences[:, prompt_length:].tolist()
        ends = frozenset() if decoding.fixed_length else self._end_ids
        ids = tuple(cut_after_end(row, ends) for row in generated)
        if not decoding.token_logprobs:
            return Generated(ids=ids)
        return Generated(ids=ids, logprobs=_logprobs(output.logits, ids), first_logits=output.logits[0])


def end_token_ids(model: Any) -> frozenset[int]:
    """End-of-sequence ids of a model's generation configuration."""
    end = model.generation_config.eos_token_id
    if end is None:
        end = getattr(model.config.get_text_config(), "eos_token_id", None)
    if end is None:
        return frozenset()
    return frozenset([end]) if isinstance(end, int) else frozenset(end)


def cut_after_end(ids: Sequence[int], ends: frozenset[int]) -> tuple[int, ...]:
    """``ids`` up to and including the first end token; padding of a batch goes."""
    for position, token in enumerate(ids):
        if token in ends:
            return tuple(ids[: position + 1])
    return tuple(ids)


def _logprobs(logits: Sequence[torch.Tensor], ids: Sequence[Sequence[int]]) -> tuple[tuple[float, ...], ...]:
    """Log probability of each generated id; ``logits``: one (batch, vocabulary) tensor a step."""
    stacked = torch.stack([torch.log_softmax(step.float(), dim=-1) for step in logits], dim=1)  # (B, steps, V)
    return tuple(
        tuple(float(stacked[row, step, token]) for step, token in enumerate(sequence))
        for row, sequence in enumerate(ids)
    )


class StockDetokenizer:
    """``tokenizer.decode`` with special tokens kept, then begin, end and padding stripped.

    Skipping special tokens would delete the coordinates of families that write boxes with them.
    """

    def __init__(self, tokenizer: Any, end_ids: frozenset[int]) -> None:
        self._tokenizer = tokenizer
        named = (tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id)
        self._strip = frozenset(token for token in named if token is not None) | end_ids

    def __call__(self, ids: Sequence[int]) -> str:
        kept = [token for token in ids if token not in self._strip]
        text: str = self._tokenizer.decode(kept, skip_special_tokens=False)
        return text
