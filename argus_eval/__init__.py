"""Accuracy and measured efficiency of compact vision-language models.

Importing this package is cheap: torch, transformers and pandas load when something needs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from argus_eval.api import Run, evaluate, load_run

__version__ = "0.1.0"
__all__ = ["Run", "__version__", "evaluate", "load_run"]


def __getattr__(name: str) -> Any:
    if name in ("Run", "evaluate", "load_run"):
        import argus_eval.api

        return getattr(argus_eval.api, name)
    raise AttributeError(f"module 'argus_eval' has no attribute {name!r}")
