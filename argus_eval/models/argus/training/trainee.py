"""What the stages need of a model, whatever its architecture.

Every architecture here is a tower of patches, something that turns neighbouring patches into visual tokens, and a
decoder that reads those beside words. A trainee names these parts and knows how a conversation is framed.
"""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from PIL import Image
from torch import nn
from transformers import (
    AutoModelForImageTextToText,
    AutoProcessor,
    Idefics3Config,
    Idefics3ForConditionalGeneration,
    Idefics3Processor,
    LlamaConfig,
    PreTrainedTokenizerFast,
)
from transformers.models.idefics3.configuration_idefics3 import Idefics3VisionConfig

from argus_eval.errors import UsageError
from argus_eval.models.argus.build import build_processor
from argus_eval.models.argus.configuration import ArgusPreset, preset_config
from argus_eval.models.argus.location_tokens import LocationVocabulary
from argus_eval.models.argus.modeling import ArgusForConditionalGeneration, pixel_unshuffle
from argus_eval.models.argus.vocabulary import LOCATION_BINS, LOCATION_OFFSET
from argus_eval.models.blueprints.smolvlm import one_tile_processor

__all__ = ["ARCHITECTURES", "Architecture", "Trainee", "build_trainee", "trained_trainee", "trainee_of"]

Architecture = Literal["argus", "smolvlm"]
ARCHITECTURES: tuple[Architecture, ...] = ("argus", "smolvlm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trainee:
    """A model and its parts.

    Attributes:
        model: with ``generate`` and ``save_pretrained``.
        processor: travels with it; makes one tile of every image.
        side_px: of that tile.
        tower: normalised pixels (N, 3, side, side) to patches (N, P², Dv), by ``patches``.
        projector: patches to visual tokens (N, V, D), by ``project``.
        decoder: a Llama, head excluded.
        visual_tokens: V.
        fed: normalised pixels as ``generate`` takes them.
        image_token_id: what stands for a visual token among ids.
        trunk: ids in front of a question, image included.
        asking: ids between a question and its answer.
        end_id: ends an answer.
    """

    model: Any
    processor: Any
    side_px: int
    tower: nn.Module
    projector: nn.Module
    decoder: Any
    patches: Callable[[torch.Tensor], torch.Tensor]
    project: Callable[[torch.Tensor], torch.Tensor]
    fed: Callable[[torch.Tensor], torch.Tensor]
    visual_tokens: int
    image_token_id: int
    trunk: tuple[int, ...]
    asking: tuple[int, ...]
    end_id: int

    @property
    def tokenizer(self) -> PreTrainedTokenizerFast:
        """Of the processor. Both architectures write words and places with the ids of this package's tokenizer."""
        tokenizer: PreTrainedTokenizerFast = self.processor.tokenizer
        return tokenizer

    @property
    def embedding(self) -> torch.Tensor:
        """(vocabulary, D), also the head's."""
        weight: torch.Tensor = self.decoder.embed_tokens.weight
        return weight

    @property
    def locations(self) -> LocationVocabulary:
        """How boxes are written in location tokens."""
        return LocationVocabulary(first_token_id=LOCATION_OFFSET, bins=LOCATION_BINS)

    def visual(self, pixels: torch.Tensor) -> torch.Tensor:
        """(N, V, D) visual tokens of (N, 3, side, side) normalised pixels."""
        return self.project(self.patches(pixels))


def build_trainee(shape: ArgusPreset, seed: int, architecture: Architecture = "argus") -> Trainee:
    """A model of a shape with transformers' own starting weights; the same for the same seed."""
    model: Any
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if architecture == "argus":
            config = preset_config(shape)
            return trainee_of(ArgusForConditionalGeneration(config), _single_view(build_processor(config)))
        side = shape.tile_px // shape.patch_px // shape.unshuffle
        processor = one_tile_processor(shape.tile_px, side * side)
        model = Idefics3ForConditionalGeneration(_smolvlm_config(shape, processor))
        model.generation_config.eos_token_id = processor.tokenizer.eos_token_id
        return trainee_of(model, processor)


def trained_trainee(folder: pathlib.Path) -> Trainee:
    """A model that a training run has made, ready to answer.

    Raises:
        UsageError: the folder holds none.
    """
    if not (folder / "config.json").is_file():
        raise UsageError(f"{folder}: holds no model; name the folder that a training run printed")
    model = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32)
    return trainee_of(model.eval(), AutoProcessor.from_pretrained(folder))


def trainee_of(model: Any, processor: Any) -> Trainee:
    """The parts of a model.

    Raises:
        UsageError: training knows no such architecture.
    """
    if isinstance(model, ArgusForConditionalGeneration):
        return _argus(model, processor)
    if isinstance(model, Idefics3ForConditionalGeneration):
        return _smolvlm(model, processor)
    raise UsageError(f"{type(model).__name__}: training knows {' and '.join(ARCHITECTURES)} models only")


def _argus(model: ArgusForConditionalGeneration, processor: Any) -> Trainee:
    inner, config = model.model, model.config
    trunk, asking = _frame(processor, config.vision_config.image_size)
    return Trainee(
        model=model,
        processor=processor,
        side_px=config.vision_config.image_size,
        tower=inner.vision_tower,
        projector=inner.projector,
        decoder=inner.language_model,
        patches=lambda pixels: inner.vision_tower(pixels).last_hidden_state,
        project=lambda patches: inner.projector(pixel_unshuffle(patches, config.pixel_unshuffle_factor)),
        fed=lambda pixels: pixels,
        visual_tokens=config.tokens_per_tile,
        image_token_id=config.image_token_id,
        trunk=trunk,
        asking=asking,
        end_id=processor.tokenizer.eos_token_id,
    )


def _smolvlm(model: Any, processor: Any) -> Trainee:
    """The stock Idefics3 classes that SmolVLM uses."""
    inner, vision = model.model, model.config.vision_config
    side = vision.image_size // vision.patch_size
    trunk, asking = _frame(processor, vision.image_size)

    def patches(pixels: torch.Tensor) -> torch.Tensor:
        whole = torch.ones(len(pixels), side, side, dtype=torch.bool, device=pixels.device)
        found: torch.Tensor = inner.vision_model(pixels, patch_attention_mask=whole).last_hidden_state
        return found

    return Trainee(
        model=model,
        processor=processor,
        side_px=vision.image_size,
        tower=inner.vision_model,
        projector=inner.connector,
        decoder=inner.text_model,
        patches=patches,
        project=inner.connector,
        fed=lambda pixels: pixels.unsqueeze(1),  # (B, images, 3, H, W)
        visual_tokens=(side // model.config.scale_factor) ** 2,
        image_token_id=processor.image_token_id,
        trunk=trunk,
        asking=asking,
        end_id=processor.tokenizer.eos_token_id,
    )


def _smolvlm_config(shape: ArgusPreset, processor: Idefics3Processor) -> Idefics3Config:
    tokenizer = processor.tokenizer
    vision = Idefics3VisionConfig(
        hidden_size=shape.vision_hidden,
        intermediate_size=shape.vision_mlp,
        num_hidden_layers=shape.vision_layers,
        num_attention_heads=shape.vision_heads,
        image_size=shape.tile_px,
        patch_size=shape.patch_px,
    )
    text = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=shape.text_hidden,
        intermediate_size=shape.text_mlp,
        num_hidden_layers=shape.text_layers,
        num_attention_heads=shape.text_heads,
        num_key_value_heads=shape.text_kv_heads,
        max_position_embeddings=shape.max_positions,
        rms_norm_eps=1e-5,
        rope_parameters={"rope_type": "default", "rope_theta": shape.rope_theta},
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return Idefics3Config(
        vision_config=vision,
        text_config=text,
        scale_factor=shape.unshuffle,
        image_token_id=processor.image_token_id,
        pad_token_id=tokenizer.pad_token_id,
        tie_word_embeddings=True,
    )


def _single_view(processor: Any) -> Any:
    """The processor with every image squeezed into one tile: what training shows, so what a model may be fed."""
    processor.image_processor.max_patches = 1
    return processor


def _frame(processor: Any, side_px: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """What the processor puts around a question about one image: ids before it and after it."""
    blank = Image.new("RGB", (side_px, side_px))
    first, second = (_asked(processor, blank, question) for question in ("?", "!"))
    same = [one == other for one, other in zip(first, second, strict=True)]
    if same.count(False) != 1:
        raise ValueError("a question of one token changes more than one token of the prompt")
    at = same.index(False)
    return tuple(first[:at]), tuple(first[at + 1 :])


def _asked(processor: Any, image: Image.Image, question: str) -> list[int]:
    content = [{"type": "image"}, {"type": "text", "text": question}]
    text = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    ids: list[int] = processor(text=text, images=[image], return_tensors="pt")["input_ids"][0].tolist()
    return ids
