"""Builds the tokenizer that ships with the package: ``python -m argus_eval.models.argus.build_tokenizer``.

Byte-level byte-pair encoding with single digits; the order of ids is that of ``vocabulary``. The same corpus
gives the same file, byte for byte.
"""

from __future__ import annotations

import argparse
import pathlib
from typing import TYPE_CHECKING

from argus_eval.models.argus.location_tokens import MARKUP_TOKENS, location_token
from argus_eval.models.argus.tokenizer_corpus import corpus
from argus_eval.models.argus.vocabulary import CONTROL_TOKENS, LOCATION_BINS, TEXT_VOCABULARY, TOKENIZER_FILE

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["build_tokenizer"]


def build_tokenizer() -> Tokenizer:
    """Trains the tokenizer; a few seconds."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=TEXT_VOCABULARY,
        special_tokens=list(CONTROL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus(), trainer=trainer)
    tokenizer.add_tokens(
        [
            AddedToken(token, normalized=False, special=False)
            for token in (*MARKUP_TOKENS, *map(location_token, range(LOCATION_BINS)))
        ]
    )
    return tokenizer


def main() -> None:
    """Writes the tokenizer file."""
    parser = argparse.ArgumentParser(description="Train and write the tokenizer that ships with argus-eval.")
    parser.add_argument("--output", type=pathlib.Path, default=TOKENIZER_FILE)
    output: pathlib.Path = parser.parse_args().output
    output.parent.mkdir(parents=True, exist_ok=True)
    build_tokenizer().save(str(output), pretty=False)


if __name__ == "__main__":
    main()
