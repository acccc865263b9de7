"""The replaceable parts of a local model, and what flows between them.

    bytes ─ decoder ─▶ image ─┐
                              ├─ preprocess ─▶ ModelInputs (host) ─ transfer ─▶ ModelInputs (device)
    request ─ template ─▶ text ┘        ─ vision ─▶ encoder outputs ─ language ─▶ ids ─ detokenizer ─▶ text

A part is a callable without state that outlives a request, unless its recipe says so. Parts of one pipeline are
never shared with another, the model's weights are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch

from argus_eval.core.request import Decoding, Request
from argus_eval.measure.stages import StageRecorder

__all__ = [
    "Decoder",
    "Detokenizer",
    "Generated",
    "ImageProcessor",
    "LanguageModel",
    "ModelInputs",
    "Preprocessor",
    "ProcessedImages",
    "PromptEncoder",
    "Template",
    "Transfer",
    "VisionEncoder",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInputs:
    """What a model is fed, by the names of its ``forward``.

    Attributes:
        tensors: ``input_ids`` (1, L), ``attention_mask`` (1, L), ``pixel_values`` and what else the family needs.
        tiles: image tiles, thumbnails included; ``None`` where the family has no tiles.
        resized_size: (width, height) the family's processor resized the image to, for dialects that count in it.
    """

    tensors: Mapping[str, Any]
    tiles: int | None = None
    resized_size: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessedImages:
    """Images as an image processor leaves them: tensors for the model, and tiles of each image in order.

    ``tiles`` is empty for families that do not cut images; ``grids`` holds (rows, columns) of each image where the
    prompt spells them out; ``resized_size`` as in :class:`ModelInputs`.
    """

    tensors: Mapping[str, Any]
    tiles: tuple[int, ...]
    grids: tuple[tuple[int, int], ...] = ()
    resized_size: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """Generated ids of each sequence in a batch, cut after the end-of-sequence token.

    ``logprobs`` holds the log probability of each id, and ``first_logits`` the logits of the first token
    (batch, vocabulary), where log probabilities were asked for.
    """

    ids: tuple[tuple[int, ...], ...]
    logprobs: tuple[tuple[float, ...], ...] | None = None
    first_logits: torch.Tensor | None = field(default=None)


class Decoder(Protocol):
    """Compressed bytes to a Pillow image or a uint8 array (H, W, 3); see :mod:`argus_eval.pipeline.images`."""

    def __call__(self, data: bytes) -> Any: ...


class Template(Protocol):
    """A request to the chat text with one placeholder an image."""

    def __call__(self, request: Request) -> str: ...


class Preprocessor(Protocol):
    """Text and decoded images to host tensors. Stamps ``uint8_tiles`` when the tiles exist as uint8."""

    def __call__(self, text: str, images: Sequence[Any], recorder: StageRecorder) -> ModelInputs: ...


class ImageProcessor(Protocol):
    """The image half of a :class:`Preprocessor`."""

    def __call__(self, images: Sequence[Any], recorder: StageRecorder) -> ProcessedImages: ...


class PromptEncoder(Protocol):
    """The text half: chat text and the images' tiles to ``input_ids`` and ``attention_mask``."""

    def __call__(self, text: str, images: ProcessedImages) -> Mapping[str, torch.Tensor]: ...


class Transfer(Protocol):
    """Host tensors to the model's device and dtype; normalising on the device belongs here."""

    def __call__(self, inputs: ModelInputs) -> ModelInputs: ...


class VisionEncoder(Protocol):
    """Device tensors to the model's own encoder outputs; ``None`` where the model encodes inside ``generate``."""

    def __call__(self, inputs: ModelInputs) -> Any | None: ...


class LanguageModel(Protocol):
    """Ids and encoder outputs to generated ids. Stamps ``first_token`` and ``last_token``."""

    def __call__(
        self, inputs: ModelInputs, encoded: Any | None, decoding: Decoding, recorder: StageRecorder
    ) -> Generated: ...


class Detokenizer(Protocol):
    """Ids to text, with the dialect's own tokens kept."""

    def __call__(self, ids: Sequence[int]) -> str: ...
