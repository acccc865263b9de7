"""What every blueprint returns, and the tokenizer they share."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from transformers import AddedToken, PreTrainedTokenizerFast
from transformers.configuration_utils import PreTrainedConfig

from argus_eval.models.argus.vocabulary import TOKENIZER_FILE, padded
from argus_eval.models.cards import Architecture

__all__ = ["Blueprint", "family_tokenizer", "tiny", "fits"]

_TINY_VOCABULARY = padded(4608)  # the shipped tokenizer and the largest set of extra tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """Everything needed to build a model of a family with random weights.

    Attributes:
        model_class: a transformers class with ``generate``.
        config: its configuration, at the card's size.
        processor: the family's stock processor with its published settings.
    """

    model_class: Any
    config: PreTrainedConfig
    processor: Any


def family_tokenizer(
    named: dict[str, str],
    *,
    others: Iterable[str] = (),
    eos: str,
    pad: str,
    bos: str | None = None,
    padding_side: str = "left",
) -> PreTrainedTokenizerFast:
    """The tokenizer of this package with a family's special tokens added behind its own.

    Args:
        named: attribute → token, such as ``image_token``; reachable as attributes of the tokenizer.
        others: further special tokens without a name.
        eos, pad, bos: the family's.
        padding_side: of batches.
    """
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(TOKENIZER_FILE),
        eos_token=eos,
        pad_token=pad,
        bos_token=bos,
        extra_special_tokens=named,
        clean_up_tokenization_spaces=False,
        padding_side=padding_side,
    )
    known = tokenizer.get_vocab()
    tokenizer.add_tokens(
        [AddedToken(token, normalized=False, special=True) for token in others if token not in known],
        special_tokens=True,
    )
    return tokenizer


def tiny(architecture: Architecture) -> Architecture:
    """The same kind of model, small enough to build and run in a test: two layers, 64 wide, four tokens a tile."""
    if architecture.tile_px is not None:
        side = 2 * architecture.patch_px * architecture.merge
        architecture = dataclasses.replace(architecture, tile_px=side, tokens_per_tile=4)
    return dataclasses.replace(
        architecture,
        vision_hidden=64,
        vision_layers=2,
        vision_heads=4,
        vision_mlp=128,
        text_hidden=64,
        text_layers=2,
        text_heads=4,
        text_kv_heads=2,
        text_mlp=128,
        vocabulary=_TINY_VOCABULARY,
    )


def fits(tokenizer: PreTrainedTokenizerFast, vocabulary: int) -> int:
    """``vocabulary``, after checking that every token has a row in the embedding.

    Raises:
        ValueError: the tokenizer is larger.
    """
    if len(tokenizer) > vocabulary:
        raise ValueError(f"the tokenizer has {len(tokenizer)} entries, the embedding only {vocabulary} rows")
    return vocabulary
