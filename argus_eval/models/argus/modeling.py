"""ArgusVLM: SigLIP tower → pixel-unshuffle → MLP projector → Llama decoder.

Shapes in the comments: N tiles over the batch, P patches a side, r the unshuffle factor, V = (P/r)² visual tokens
a tile, Dv and Dt the hidden sizes of tower and decoder, B sequences, L positions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from transformers import AutoModel
from transformers.activations import ACT2FN
from transformers.generation import GenerationMixin
from transformers.modeling_outputs import (
    BaseModelOutputWithPast,
    BaseModelOutputWithPooling,
    CausalLMOutputWithPast,
)
from transformers.modeling_utils import PreTrainedModel
from transformers.utils import torch_compilable_check
from transformers.utils.generic import can_return_tuple

from argus_eval.models.argus.configuration import ArgusConfig
from argus_eval.pipeline.cache_argument import cache_argument

__all__ = [
    "ArgusProjector",
    "ArgusPreTrainedModel",
    "ArgusModel",
    "ArgusForConditionalGeneration",
    "ArgusModelOutput",
    "ArgusCausalOutput",
    "pixel_unshuffle",
]

# A compiler that traces the model must not find an import in it.
_CACHE = cache_argument()


def pixel_unshuffle(patches: torch.Tensor, factor: int) -> torch.Tensor:
    """Space to depth: r × r neighbouring patches become one token with r² times the channels.

    Args:
        patches: (N, P², D), row by row.
        factor: r, a divisor of P.

    Returns:
        (N, (P/r)², r²·D), row by row; channels ordered by row in the block, column in the block, patch channel.
    """
    count, total, depth = patches.shape
    side = int(total**0.5)
    blocks = side // factor
    patches = patches.reshape(count, blocks, factor, blocks, factor, depth)  # (N, P/r, r, P/r, r, D)
    patches = patches.permute(0, 1, 3, 2, 4, 5)  # (N, P/r, P/r, r, r, D)
    return patches.reshape(count, blocks * blocks, factor * factor * depth)  # (N, V, r²D)


@dataclass
class ArgusModelOutput(BaseModelOutputWithPast):
    """Hidden states of the decoder, and the visual tokens that went into it: (N, V, Dt)."""

    image_hidden_states: torch.Tensor | None = None


@dataclass
class ArgusCausalOutput(CausalLMOutputWithPast):
    """Loss (when labels were given), logits (B, kept positions, vocabulary) and what the decoder returned."""

    image_hidden_states: torch.Tensor | None = None


class ArgusProjector(nn.Module):
    """Unshuffled patches (N, V, r²·Dv) → decoder embeddings (N, V, Dt)."""

    def __init__(self, config: ArgusConfig) -> None:
        super().__init__()
        width = config.vision_config.hidden_size * config.pixel_unshuffle_factor**2
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, config.text_config.hidden_size)
        self.act = ACT2FN[config.projector_hidden_act]
        self.out = nn.Linear(config.text_config.hidden_size, config.text_config.hidden_size)

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        """(N, V, r²·Dv) → (N, V, Dt)."""
        hidden: torch.Tensor = self.out(self.act(self.up(self.norm(patches))))
        return hidden


class ArgusPreTrainedModel(PreTrainedModel):
    """What transformers has to know about the family."""

    config: ArgusConfig
    config_class = ArgusConfig
    base_model_prefix = "model"
    input_modalities = ("image", "text")
    supports_gradient_checkpointing = True
    _skip_keys_device_placement = ("cache", "past_key_values")
    _no_split_modules = ("SiglipEncoderLayer", "LlamaDecoderLayer")
    _supports_flash_attn = True
    _supports_sdpa = True
    _supports_flex_attn = True
    _supports_attention_backend = True
    _can_compile_fullgraph = True


class ArgusModel(ArgusPreTrainedModel):
    """Tower, projector and decoder, without the language-modelling head."""

    def __init__(self, config: ArgusConfig) -> None:
        super().__init__(config)
        self.vision_tower = AutoModel.from_config(config.vision_config)
        self.projector = ArgusProjector(config)
        self.language_model = AutoModel.from_config(config.text_config)
        self.post_init()

    @can_return_tuple
    def get_image_features(self, pixel_values: torch.Tensor, **kwargs: Any) -> BaseModelOutputWithPooling:
        """Visual tokens of all tiles.

        Args:
            pixel_values: (N, 3, tile, tile), normalised.
            kwargs: passed to the tower (``output_hidden_states`` and its like).

        Returns:
            The tower's output with ``pooler_output`` replaced by the visual tokens, (N, V, Dt).
        """
        kwargs["return_dict"] = True
        vision: BaseModelOutputWithPooling = self.vision_tower(pixel_values.to(self.dtype), **kwargs)
        patches = vision.last_hidden_state  # (N, P², Dv)
        tokens = pixel_unshuffle(patches, self.config.pixel_unshuffle_factor)  # (N, V, r²·Dv)
        vision.pooler_output = self.projector(tokens)  # (N, V, Dt)
        return vision

    def get_placeholder_mask(
        self, input_ids: torch.Tensor | None, inputs_embeds: torch.Tensor, image_features: torch.Tensor
    ) -> torch.Tensor:
        """Where visual tokens go: (B, L, 1), true at placeholders.

        Raises:
            ValueError: the number of placeholders is not the number of visual tokens.
        """
        if input_ids is None:
            image_token = torch.tensor(self.config.image_token_id, device=inputs_embeds.device)
            mask = (inputs_embeds == self.get_input_embeddings()(image_token)).all(-1)
        else:
            mask = input_ids == self.config.image_token_id
        placeholders = mask.sum()
        torch_compilable_check(
            placeholders * inputs_embeds.shape[-1] == image_features.numel(),
            f"argus: {placeholders} image placeholders in the prompt, but the image gives "
            f"{image_features.numel() // image_features.shape[-1]} visual tokens",
        )
        expanded: torch.Tensor = mask.unsqueeze(-1).to(inputs_embeds.device)
        return expanded

    @can_return_tuple
    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        pixel_values: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        position_ids: torch.Tensor | None = None,
        inputs_embeds: torch.Tensor | None = None,
        mm_encoder_outputs: dict[str, BaseModelOutputWithPooling] | None = None,
        **kwargs: Any,
    ) -> ArgusModelOutput:
        """One pass.

        Args:
            input_ids: (B, L); exactly one of this and ``inputs_embeds``.
            pixel_values: (N, 3, tile, tile), the tiles of all images of the batch in order.
            attention_mask: (B, L including the cache), 0 at padding.
            position_ids: (B, L).
            inputs_embeds: (B, L, Dt).
            mm_encoder_outputs: ``{"image": output of get_image_features}`` when it was computed before.
            kwargs: passed to the decoder; what earlier positions left behind among them, under the name that
                transformers gives it.
        """
        if (input_ids is None) == (inputs_embeds is None):
            raise ValueError("argus: give exactly one of input_ids and inputs_embeds")
        if pixel_values is not None and mm_encoder_outputs:
            raise ValueError("argus: give pixel_values or mm_encoder_outputs, not both")

        if inputs_embeds is None:
            inputs_embeds = self.get_input_embeddings()(input_ids)  # (B, L, Dt)

        image_features = None
        if pixel_values is not None:
            image_features = self.get_image_features(pixel_values, return_dict=True).pooler_output  # (N, V, Dt)
        elif mm_encoder_outputs and mm_encoder_outputs.get("image") is not None:
            image_features = mm_encoder_outputs["image"].pooler_output
        if image_features is not None:
            image_features = image_features.to(inputs_embeds.device, inputs_embeds.dtype)
            mask = self.get_placeholder_mask(input_ids, inputs_embeds, image_features)  # (B, L, 1)
            inputs_embeds = inputs_embeds.masked_scatter(mask, image_features)

        kwargs["return_dict"] = True
        decoded = self.language_model(
            inputs_embeds=inputs_embeds,
            attention_mask=attention_mask,
            position_ids=position_ids,
            **kwargs,
        )
        return ArgusModelOutput(
            last_hidden_state=decoded.last_hidden_state,  # (B, L, Dt)
            **{_CACHE: decoded.get(_CACHE)},
            hidden_states=decoded.hidden_states,
            attentions=decoded.attentions,
            image_hidden_states=image_features,
        )


class ArgusForConditionalGeneration(ArgusPreTrainedModel, GenerationMixin):
    """ArgusVLM with its language-modelling head; the class to load and to generate with."""

    _tied_weights_keys = {"lm_head.weight": "model.language_model.embed_tokens.weight"}  # noqa: RUF012

    def __init__(self, config: ArgusConfig) -> None:
        super().__init__(config)
        self.model = ArgusModel(config)
        self.lm_head = nn.Linear(config.text_config.hidden_size, config.text_config.vocab_size, bias=False)
        self.post_init()

    def get_output_embeddings(self) -> nn.Module:
        """The head, (vocabulary, Dt); tied to the input embeddings by default."""
        return self.lm_head

    def get_image_features(self, pixel_values: torch.Tensor, **kwargs: Any) -> BaseModelOutputWithPooling:
        """See :meth:`ArgusModel.get_image_features`."""
        output: BaseModelOutputWithPooling = self.model.get_image_features(pixel_values, **kwargs)
        return output

    @can_return_tuple
    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        pixel_values: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        position_ids: torch.Tensor | None = None,
        inputs_embeds: torch.Tensor | None = None,
        labels: torch.Tensor | None = None,
        logits_to_keep: int | torch.Tensor = 0,
        mm_encoder_outputs: dict[str, BaseModelOutputWithPooling] | None = None,
        **kwargs: Any,
    ) -> ArgusCausalOutput:
        """One pass; arguments as in :meth:`ArgusModel.forward`, and

        Args:
            labels: (B, L), -100 where no loss is wanted; shifted inside.
            logits_to_keep: last positions to compute logits for (0: all), or a tensor of positions.
        """
        outputs = self.model(
            input_ids=input_ids,
            pixel_values=pixel_values,
            attention_mask=attention_mask,
            position_ids=position_ids,
            inputs_embeds=inputs_embeds,
            mm_encoder_outputs=mm_encoder_outputs,
            **{**kwargs, "return_dict": True},
        )
        kept = slice(-logits_to_keep, None) if isinstance(logits_to_keep, int) else logits_to_keep
        hidden = outputs.last_hidden_state[:, kept]  # (B, kept, Dt)
        logits = self.lm_head(hidden)  # (B, kept, vocabulary)
        loss = None
        if labels is not None:
            loss = self.loss_function(
                logits=logits, labels=labels, vocab_size=self.config.text_config.vocab_size, **kwargs
            )
        return ArgusCausalOutput(
            loss=loss,
            logits=logits,
            **{_CACHE: outputs.get(_CACHE)},
            hidden_states=outputs.hidden_states,
            attentions=outputs.attentions,
            image_hidden_states=outputs.image_hidden_states,
        )
