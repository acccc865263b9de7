"""The box dialects by name; nothing is imported until one is asked for."""

from __future__ import annotations

from argus_eval.parsing.protocol import Dialect
from argus_eval.registry import Registry

__all__ = ["DIALECTS"]

# the order of CONTRACTS
_MODULES = {
    "argus": "argus",
    "qwen-vl": "qwen_vl",
    "qwen2-vl": "qwen2_vl",
    "qwen2.5-vl": "qwen2_5_vl",
    "qwen3-vl": "qwen3_vl",
    "internvl": "internvl",
    "paligemma": "paligemma",
    "florence-2": "florence_2",
    "kosmos-2": "kosmos_2",
    "deepseek-vl2": "deepseek_vl2",
    "cogvlm": "cogvlm",
    "glm-4.5v": "glm_4_5v",
    "gemini": "gemini",
    "molmo": "molmo",
    "minicpm-v": "minicpm_v",
    "shikra": "shikra",
    "llava": "llava",
    "ferret": "ferret",
    "rex-omni": "rex_omni",
    "doctags": "doctags",
}

DIALECTS: Registry[Dialect] = Registry(
    "dialect",
    {name: f"argus_eval.parsing.{module}:DIALECT" for name, module in _MODULES.items()}
    | {"paligemma-1023": "argus_eval.parsing.paligemma:BIG_VISION"},
    "argus_eval.dialects",
)
