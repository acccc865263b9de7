"""From a card to a model that answers: random weights, a local folder, or the hub."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import torch

from argus_eval.errors import UsageError
from argus_eval.models.cards import Capability, ModelCard
from argus_eval.models.catalog import CARDS, model_card
from argus_eval.models.checkpoints import Checkpoint, find_checkpoint, shipped_checkpoint

__all__ = ["LoadedModel", "RANDOM", "card_for", "load_model"]

RANDOM = "random"
_HF_PREFIX = "hf:"
_GENERIC_CAPABILITIES: frozenset[Capability] = frozenset({"vqa", "ocr", "captioning"})
_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedModel:
    """A model in evaluation mode with its stock processor.

    Attributes:
        model: a transformers model with ``generate``.
        processor: its processor.
        card: the registry entry, or the one made up for a checkpoint.
        weights: whether answers mean anything.
        source: where the weights came from, in words.
        parameters: counted, shared matrices once.
        dtype: of the weights, as torch spells it without ``torch.``.
        device: where the model lies.
        revision: commit of a hub checkpoint.
    """

    model: Any
    processor: Any
    card: ModelCard
    weights: Literal["trained", "random"]
    source: str
    parameters: int
    dtype: str
    device: str
    revision: str | None = None

    @property
    def label(self) -> str:
        """The name to print, with the warnings that belong to it.

        ``argus-2b (random weights, assumed architecture)``
        """
        warnings = []
        if self.weights == "random":
            warnings.append("random weights")
        if self.card.assumed:
            warnings.append("assumed architecture")
        return f"{self.card.name} ({', '.join(warnings)})" if warnings else self.card.name


def card_for(name: str) -> ModelCard:
    """The card of a registry name, or one made up for ``hf:ID_OR_PATH``.

    Raises:
        UnknownNameError: neither.
        UsageError: ``hf:`` with a folder that is none.
        EnvironmentError_: ``hf:`` with a hub id that cannot be reached.
    """
    if not name.startswith(_HF_PREFIX):
        return model_card(name)
    return _card_of_checkpoint(name, find_checkpoint(name.removeprefix(_HF_PREFIX)))


def load_model(
    card: ModelCard,
    weights: str | None = None,
    *,
    dtype: str | None = None,
    device: str = "cpu",
    seed: int = 0,
) -> LoadedModel:
    """Builds or loads a model and its processor.

    Args:
        card: from :func:`card_for`.
        weights: ``random``, a local folder or a hub id; the card's default when absent.
        dtype: ``float32``, ``bfloat16`` or ``float16``; the checkpoint's own, or the card's, when absent.
        device: as torch spells it.
        seed: of random weights.

    Raises:
        UsageError: a missing folder, an unknown dtype, a checkpoint of another family, unsafe weights only.
        EnvironmentError_: weights that cannot be downloaded, a package that is missing.
    """
    if dtype is not None and dtype not in _DTYPES:
        raise UsageError(f"--dtype: {dtype!r} is unknown; choose one of {', '.join(_DTYPES)}")
    checkpoint = _resolve(card, weights)
    if checkpoint is None:
        return _build(card, dtype, device, seed)
    return _load(card, checkpoint, dtype, device)


def _resolve(card: ModelCard, weights: str | None) -> Checkpoint | None:
    """The checkpoint to load; ``None`` for random weights."""
    if weights == RANDOM:
        return None
    if weights is not None:
        return find_checkpoint(weights)
    match card.weights:
        case "random":
            return None
        case "shipped":
            return shipped_checkpoint(card.name)
        case "published":
            if card.hub_id is None:
                raise UsageError(f"model {card.name}: no published checkpoint is known; give --weights PATH")
            return find_checkpoint(card.hub_id, card.revision)


def _build(card: ModelCard, dtype: str | None, device: str, seed: int) -> LoadedModel:
    from argus_eval.models.random_weights import build_random

    target = _device(device)
    built = build_random(card, seed=seed, dtype=_DTYPES[dtype or card.dtype])
    return LoadedModel(
        model=built.model.to(target),
        processor=built.processor,
        card=card,
        weights="random",
        source=f"random weights, seed {seed}",
        parameters=_parameters(built.model),
        dtype=dtype or card.dtype,
        device=str(target),
    )


def _load(card: ModelCard, checkpoint: Checkpoint, dtype: str | None, device: str) -> LoadedModel:
    model_type = _model_type(checkpoint)
    if model_type not in card.model_types:
        raise UsageError(
            f"weights: {checkpoint.source}: a {model_type!r} checkpoint cannot be loaded as {card.name} "
            f"({' or '.join(card.model_types)}); use --model hf:{checkpoint.source}"
        )
    target = _device(device)
    model, processor = _from_pretrained(checkpoint, model_type, _DTYPES[dtype] if dtype else "auto")
    return LoadedModel(
        model=model.eval().to(target),
        processor=processor,
        card=card,
        weights="trained",
        source=checkpoint.source,
        parameters=_parameters(model),
        dtype=str(model.dtype).removeprefix("torch."),
        device=str(target),
        revision=checkpoint.revision,
    )


def _from_pretrained(checkpoint: Checkpoint, model_type: str, dtype: torch.dtype | str) -> tuple[Any, Any]:
    """Model and processor of a folder; safetensors only, and never code from the checkpoint."""
    from safetensors import SafetensorError
    from transformers import AutoModelForImageTextToText, AutoProcessor

    if model_type == "argus_vlm":
        import argus_eval.models.argus  # noqa: F401 - registers the family
    folder = str(checkpoint.folder)
    try:
        with _no_progress_bars():
            model, info = AutoModelForImageTextToText.from_pretrained(
                folder, dtype=dtype, use_safetensors=True, local_files_only=True, output_loading_info=True
            )
        processor = AutoProcessor.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, ImportError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:300]
        raise UsageError(
            f"weights: {checkpoint.source}: cannot be loaded ({type(error).__name__}: {reason}); it must be "
            f"a complete image-text-to-text checkpoint in safetensors that transformers knows without remote code"
        ) from error
    if info["missing_keys"]:
        missing = sorted(info["missing_keys"])
        raise UsageError(
            f"weights: {checkpoint.source}: {len(missing)} tensors are missing, the first is {missing[0]}; "
            f"the checkpoint is incomplete"
        )
    return model, processor


def _model_type(checkpoint: Checkpoint) -> str:
    path = checkpoint.folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"weights: {path}: not readable as JSON ({error}); the checkpoint is damaged") from error
    model_type = config.get("model_type") if isinstance(config, dict) else None
    if not isinstance(model_type, str):
        raise UsageError(f"weights: {path}: no model_type in it; not a transformers checkpoint")
    return model_type


def _card_of_checkpoint(name: str, checkpoint: Checkpoint) -> ModelCard:
    """A card for one's own checkpoint: what its family can do, and nothing about its size."""
    model_type = _model_type(checkpoint)
    relative = next((card for card in CARDS if model_type in card.model_types), None)
    location = name.removeprefix(_HF_PREFIX)
    return ModelCard(
        name=name,
        family=relative.family if relative else "generic",
        model_types=(model_type,),
        hub_id=location,
        architecture=None,
        parameters=None,
        capabilities=relative.capabilities if relative else _GENERIC_CAPABILITIES,
        dialect=relative.dialect if relative else None,
        prompt_style=relative.prompt_style if relative else "generic",
        licence="not known",
        notes=f"{model_type} checkpoint given by {'path' if checkpoint.revision is None else 'hub id'}.",
    )


def _device(device: str) -> torch.device:
    try:
        target = torch.device(device)
    except RuntimeError as error:
        raise UsageError(f"--device: {device!r} is unknown; use cpu, cuda or cuda:N") from error
    if target.type == "cuda" and not torch.cuda.is_available():
        raise UsageError(f"--device: {device!r}: torch sees no CUDA device here; use cpu")
    return target


def _parameters(model: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


@contextmanager
def _no_progress_bars() -> Iterator[None]:
    """transformers draws a bar per shard; ours are drawn by the command line."""
    from transformers.utils import logging

    enabled = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if enabled:
            logging.enable_progress_bar()
