"""What the installed transformers calls the key-value cache that models take and return."""

from __future__ import annotations

from functools import lru_cache

__all__ = ["cache_argument"]


@lru_cache(maxsize=1)
def cache_argument() -> str:
    """ "cache" from transformers 5.24 on, "past_key_values" before."""
    from dataclasses import fields

    from transformers.modeling_outputs import BaseModelOutputWithPast

    names = {field.name for field in fields(BaseModelOutputWithPast)}
    return "cache" if "cache" in names else "past_key_values"
