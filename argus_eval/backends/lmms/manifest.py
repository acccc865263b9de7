"""What lmms-eval reads at every start through the entry point ``lmms_eval.models``: names and addresses only."""

from __future__ import annotations

from typing import Any

__all__ = ["MODEL_ID", "manifest"]

MODEL_ID = "argus_eval"

_MODULE = "argus_eval.backends.lmms.serving"


def manifest() -> Any:
    """The entry of our models: chat form, and simple form for ``--force_simple``."""
    from lmms_eval.models.registry_v2 import ModelManifest

    return ModelManifest(
        model_id=MODEL_ID,
        simple_class_path=f"{_MODULE}.ArgusEvalSimple",
        chat_class_path=f"{_MODULE}.ArgusEvalChat",
    )
