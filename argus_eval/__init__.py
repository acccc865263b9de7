"""Accuracy and measured efficiency of compact vision-language models.

Importing this package is cheap: torch, transformers and pandas load when something needs them.
"""

from __future__ import annotations

__version__ = "0.1.0"
__all__ = ["__version__"]
