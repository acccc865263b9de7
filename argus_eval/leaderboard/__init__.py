"""Pages over many runs."""

from __future__ import annotations

from argus_eval.leaderboard.build import build
from argus_eval.leaderboard.entries import add

__all__ = ["add", "build"]
