"""Every schema by name. Listing imports nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from argus_eval.registry import Registry

if TYPE_CHECKING:
    from argus_eval.data.schemas.schema import Schema

__all__ = ["SCHEMAS"]

_HERE = "argus_eval.data.schemas"
_BUILTIN = {
    "refcoco": f"{_HERE}.refcoco:REFCOCO",
    "textvqa": f"{_HERE}.textvqa:TEXTVQA",
}

SCHEMAS: Registry[Schema] = Registry("schema", _BUILTIN, "argus_eval.schemas")
