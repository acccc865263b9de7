"""The log of lmms-eval, which would otherwise mix with results on standard output."""

from __future__ import annotations

import sys

from loguru import logger

__all__ = ["quiet_log"]


def quiet_log() -> None:
    """Send lmms-eval's warnings and worse to standard error, and nothing anywhere else."""
    logger.remove()
    logger.add(sys.stderr, level="WARNING", format="lmms-eval: {message}")
