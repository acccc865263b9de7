"""Names and ids of the shipped tokenizer's tokens.

Ids, in order: control tokens, the 256 bytes, merges up to ``TEXT_VOCABULARY``, then ``<ref> </ref> <box> </box>``
and the location tokens. The last two groups are *not* special: ``skip_special_tokens=True`` must keep boxes.
"""

from __future__ import annotations

import pathlib

from argus_eval.models.argus.location_tokens import MARKUP_TOKENS

__all__ = [
    "PAD_TOKEN",
    "END_TOKEN",
    "USER_TOKEN",
    "ASSISTANT_TOKEN",
    "SYSTEM_TOKEN",
    "IMAGE_TOKEN",
    "IMAGE_START_TOKEN",
    "IMAGE_END_TOKEN",
    "CONTROL_TOKENS",
    "TEXT_VOCABULARY",
    "LOCATION_BINS",
    "LOCATION_OFFSET",
    "SHIPPED_VOCABULARY",
    "TOKENIZER_FILE",
    "padded",
]

PAD_TOKEN = "<|pad|>"
END_TOKEN = "<|end|>"  # ends a turn; generation stops here
USER_TOKEN = "<|user|>"
ASSISTANT_TOKEN = "<|assistant|>"
SYSTEM_TOKEN = "<|system|>"
IMAGE_TOKEN = "<image>"  # one image in a prompt; after expansion, one visual token
IMAGE_START_TOKEN = "<image_start>"
IMAGE_END_TOKEN = "<image_end>"
CONTROL_TOKENS = (
    PAD_TOKEN,
    END_TOKEN,
    USER_TOKEN,
    ASSISTANT_TOKEN,
    SYSTEM_TOKEN,
    IMAGE_TOKEN,
    IMAGE_START_TOKEN,
    IMAGE_END_TOKEN,
)

TEXT_VOCABULARY = 2048  #: control tokens, bytes and merges
LOCATION_BINS = 1000
LOCATION_OFFSET = TEXT_VOCABULARY + len(MARKUP_TOKENS)  #: id of ``<loc_0>``
SHIPPED_VOCABULARY = LOCATION_OFFSET + LOCATION_BINS
TOKENIZER_FILE = pathlib.Path(__file__).parent / "tokenizer" / "tokenizer.json"


def padded(size: int, multiple: int = 128) -> int:
    """The next multiple, for embedding matrices that divide well.

    >>> padded(3052)
    3072
    """
    return -(-size // multiple) * multiple
