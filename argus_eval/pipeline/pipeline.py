"""A local model as an explicit sequence of parts, and how one request and one batch run through it."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from argus_eval.core.request import Decoding, Request
from argus_eval.core.response import Lengths, Response
from argus_eval.core.timing import Timing
from argus_eval.measure.stages import StageRecorder
from argus_eval.pipeline.parts import (
    Decoder,
    Detokenizer,
    Generated,
    ImageProcessor,
    LanguageModel,
    ModelInputs,
    Preprocessor,
    PromptEncoder,
    Template,
    Transfer,
    VisionEncoder,
)
from argus_eval.pipeline.split import SplitPreprocessor
from argus_eval.pipeline.stock import StockPreprocessor

__all__ = ["Collate", "Pipeline", "Split", "tensor_hash"]

#: Joins the inputs of several requests into one batch; ``None`` where a family can only run one at a time.
Collate = Callable[[Sequence[ModelInputs]], ModelInputs]


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """The stock preprocessor as two halves that give the same tensors, so that a recipe can replace one."""

    image_processor: ImageProcessor
    prompt_encoder: PromptEncoder


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """One model with its parts. Recipes make new pipelines out of it with :func:`dataclasses.replace`.

    Attributes:
        family: which family's parts these are ("argus", "generic" …).
        model: the transformers model; shared between pipelines, never modified by a recipe of pipeline scope.
        processor: the stock processor.
        split: stock halves of ``preprocess``; ``None`` where the family has no staged form.
        staged: vision and language are separate parts (otherwise both happen inside ``language``).
        looks_ahead: the next requests may be prepared while these are answered, also where throughput is measured.
        remembers: parts keep what earlier requests left behind, so only one thread may run them.
        recipes: what has been applied, in order.
        settings: what recipes were told (tile size, dtype), stored with the run.
        notes: what a reader of results has to know (a staged pipeline that no longer fits, a recipe left out).
    """

    family: str
    model: Any
    processor: Any
    device: torch.device
    dtype: torch.dtype
    decoder: Decoder
    template: Template
    preprocess: Preprocessor
    transfer: Transfer
    vision: VisionEncoder
    language: LanguageModel
    detokenizer: Detokenizer
    collate: Collate | None
    split: Split | None
    staged: bool
    looks_ahead: bool = False
    remembers: bool = False
    recipes: tuple[str, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def with_image_processor(self, part: ImageProcessor) -> Pipeline:
        """The same pipeline with another image half of its preprocessor."""
        return self._with_halves(image_processor=part)

    def with_prompt_encoder(self, part: PromptEncoder) -> Pipeline:
        """The same pipeline with another text half of its preprocessor."""
        return self._with_halves(prompt_encoder=part)

    @property
    def image_half(self) -> ImageProcessor | None:
        """The image half that is in place; ``None`` where the family has no split form."""
        if isinstance(self.preprocess, SplitPreprocessor):
            return self.preprocess.halves[0]
        return self.split.image_processor if self.split is not None else None

    def _with_halves(
        self, image_processor: ImageProcessor | None = None, prompt_encoder: PromptEncoder | None = None
    ) -> Pipeline:
        assert self.split is not None, f"{self.family} has no split preprocessor; recipes check this first"
        current = self.preprocess
        halves = current.halves if isinstance(current, SplitPreprocessor) else (None, None)
        preprocess = SplitPreprocessor(
            image_processor=image_processor or halves[0] or self.split.image_processor,
            prompt_encoder=prompt_encoder or halves[1] or self.split.prompt_encoder,
        )
        return dataclasses.replace(self, preprocess=preprocess)

    def prepare(self, request: Request, recorder: StageRecorder) -> ModelInputs:
        """Everything up to model-ready tensors on the device. Stamps ``start`` and ``model_ready``."""
        recorder.mark("start")
        inputs = self.host_inputs(request, recorder)
        with recorder.span("transfer"):
            inputs = self.transfer(inputs)
        recorder.mark("model_ready")
        return inputs

    def host_inputs(self, request: Request, recorder: StageRecorder) -> ModelInputs:
        """Everything up to host tensors."""
        with recorder.span("image_decode"):
            images = [self.decoder(image.data) for image in request.images]
        with recorder.span("template"):
            text = self.template(request)
        return self.preprocess(text, images, recorder)

    def host_inputs_together(self, requests: Sequence[Request]) -> list[ModelInputs]:
        """Host tensors of several requests, untimed: the same as one by one, in one call where the stock part can.

        Raises:
            SampleError: an image cannot be decoded; the others are not prepared.
        """
        stock = self.preprocess
        one_call = isinstance(stock, StockPreprocessor) and stock.tiles_in_order
        if not one_call or len(requests) < 2 or not all(request.images for request in requests):
            return [self.host_inputs(request, StageRecorder(enabled=False)) for request in requests]
        assert isinstance(stock, StockPreprocessor)
        images = [[self.decoder(image.data) for image in request.images] for request in requests]
        return stock.together([self.template(request) for request in requests], images)

    def run(self, request: Request, recorder: StageRecorder, *, hashes: bool = False) -> Response:
        """One request from compressed bytes to text.

        Args:
            request: the question.
            recorder: a fresh one; its stamps become the response's timing.
            hashes: also hash ids and pixels as the model consumed them (outside every stage).

        Raises:
            SampleError: the image cannot be decoded.
        """
        inputs = self.prepare(request, recorder)
        encoded = None
        if self.staged:
            with recorder.span("vision", on_device=True):
                encoded = self.vision(inputs)
        generated = self.language(inputs, encoded, request.decoding, recorder)
        with recorder.span("detokenize"):
            text = self.detokenizer(generated.ids[0])
        timing = self._timing(recorder)
        response = self._response(inputs, generated, 0, text, request.decoding)
        return dataclasses.replace(response, timing=timing, hashes=self.hashes(inputs) if hashes else {})

    def first_logits(self, request: Request) -> torch.Tensor | None:
        """Logits of the first token (vocabulary,); ``None`` where the language part does not give them."""
        silent = StageRecorder(enabled=False)
        inputs = self.prepare(request, silent)
        encoded = self.vision(inputs) if self.staged else None
        decoding = Decoding(max_new_tokens=1, fixed_length=True, token_logprobs=True)
        logits = self.language(inputs, encoded, decoding, silent).first_logits
        return None if logits is None else logits[0]

    def run_host(self, request: Request, recorder: StageRecorder) -> Timing:
        """Only the host work of a request: bytes and text to model-ready tensors."""
        self.prepare(request, recorder)
        return self._timing(recorder)

    def run_prepared(self, prepared: Sequence[ModelInputs], decoding: Decoding) -> list[Response]:
        """Answers to requests whose host tensors exist (:meth:`host_inputs`), as one batch, untimed."""
        silent = StageRecorder(enabled=False)
        if self.collate is None and len(prepared) > 1:
            return [response for inputs in prepared for response in self.run_prepared([inputs], decoding)]
        joined = self.collate(prepared) if self.collate is not None and len(prepared) > 1 else prepared[0]
        batch = self.transfer(joined)
        generated = self.language(batch, self.vision(batch), decoding, silent)
        return [
            self._response(inputs, generated, row, self.detokenizer(generated.ids[row]), decoding)
            for row, inputs in enumerate(prepared)
        ]

    def _response(
        self, inputs: ModelInputs, generated: Generated, row: int, text: str, decoding: Decoding
    ) -> Response:
        ids = generated.ids[row]
        return Response(
            text=text,
            token_ids=ids,
            token_logprobs=generated.logprobs[row] if generated.logprobs is not None else None,
            token_texts=tuple(self.detokenizer([i]) for i in ids) if generated.logprobs is not None else (),
            lengths=Lengths(
                output_tokens=len(ids),
                prompt_tokens=int(inputs.tensors["input_ids"].shape[1]),
                visual_tokens=self._visual_tokens(inputs),
                tiles=inputs.tiles,
            ),
            resized_size=inputs.resized_size,
            hit_limit=len(ids) >= decoding.max_new_tokens and not decoding.fixed_length,
        )

    def _visual_tokens(self, inputs: ModelInputs) -> int | None:
        token = getattr(self.processor, "image_token_id", None)
        return None if token is None else int((inputs.tensors["input_ids"] == token).sum())

    def _timing(self, recorder: StageRecorder) -> Timing:
        stages = recorder.durations_ns()
        first = recorder.between("prefill_end", "first_token")
        # Where the device runs on its own the host leaves the first pass long before the device does; what follows
        # is then mostly the pass itself, which its own events have already counted.
        if first is not None and recorder.enabled and recorder.events is None:
            stages["first_token"] = first
        if recorder.enabled and not self.staged:
            # Vision, merge and the decoder's first pass cannot be told apart from outside: one coarse stage.
            whole = recorder.between("model_ready", "first_token")
            if whole is not None:
                stages["prefill"] = whole
        decode = recorder.between("first_token", "last_token")
        if decode is not None and recorder.enabled:
            stages["decode"] = decode
        return Timing(
            ttft_ns=recorder.between("start", "first_token"),
            e2e_ns=recorder.between("start", "last_token"),
            stages_ns=stages,
            to_uint8_tiles_ns=recorder.between("start", "uint8_tiles"),
            to_model_ready_ns=recorder.between("start", "model_ready"),
            timers_ns=recorder.price_ns(),
        )

    def hashes(self, inputs: ModelInputs) -> dict[str, str]:
        """sha256 of ``ids`` and ``pixels`` as the model consumes them."""
        found = {"ids": tensor_hash(inputs.tensors["input_ids"])}
        if "pixel_values" in inputs.tensors:
            found["pixels"] = tensor_hash(inputs.tensors["pixel_values"])
        return found


def tensor_hash(tensor: torch.Tensor) -> str:
    """sha256 of a tensor's dtype, shape and values; the device does not matter."""
    host = tensor.detach().to("cpu").contiguous()
    digest = hashlib.sha256(f"{host.dtype}{tuple(host.shape)}".encode())
    digest.update(host.view(torch.uint8).reshape(-1).numpy().data)
    return digest.hexdigest()
