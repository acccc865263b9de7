"""The box dialects by name; nothing is imported until one is asked for."""

from __future__ import annotations

from argus_eval.parsing.protocol import Dialect
from argus_eval.registry import Registry

__all__ = ["DIALECTS"]

_HERE = "argus_eval.parsing"

DIALECTS: Registry[Dialect] = Registry(
    "dialect",
    {
        "argus": f"{_HERE}.argus:DIALECT",
        "qwen2.5-vl": f"{_HERE}.qwen2_5_vl:DIALECT",
        "qwen3-vl": f"{_HERE}.qwen3_vl:DIALECT",
        "internvl": f"{_HERE}.internvl:DIALECT",
        "paligemma": f"{_HERE}.paligemma:DIALECT",
        "paligemma-1023": f"{_HERE}.paligemma:BIG_VISION",
        "florence-2": f"{_HERE}.florence_2:DIALECT",
    },
    "argus_eval.dialects",
)
