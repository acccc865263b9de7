"""The ArgusVLM family. Importing this package registers it with transformers' Auto classes."""

from __future__ import annotations

from transformers import AutoConfig, AutoModel, AutoModelForImageTextToText, AutoProcessor

from argus_eval.models.argus.build import build_argus
from argus_eval.models.argus.configuration import PRESETS, ArgusConfig
from argus_eval.models.argus.modeling import ArgusForConditionalGeneration, ArgusModel
from argus_eval.models.argus.processing import ArgusProcessor

__all__ = [
    "ArgusConfig",
    "ArgusForConditionalGeneration",
    "ArgusModel",
    "ArgusProcessor",
    "PRESETS",
    "build_argus",
    "register",
]


def register() -> None:
    """Makes ``AutoConfig``, ``AutoModelForImageTextToText`` and ``AutoProcessor`` know the family; idempotent."""
    AutoConfig.register(ArgusConfig.model_type, ArgusConfig, exist_ok=True)
    AutoModel.register(ArgusConfig, ArgusModel, exist_ok=True)
    AutoModelForImageTextToText.register(ArgusConfig, ArgusForConditionalGeneration, exist_ok=True)
    AutoProcessor.register(ArgusConfig, ArgusProcessor, exist_ok=True)


register()
