"""Pixels are normalised with the wrong mean."""

from __future__ import annotations

from tests.gate.broken_transfer import broken_recipe

INFO, apply = broken_recipe("shifted-normalisation", "normalises with the wrong mean", lambda pixels: pixels - 1.5)
