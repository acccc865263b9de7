"""Width and height change places."""

from __future__ import annotations

from tests.gate.broken_transfer import broken_recipe

INFO, apply = broken_recipe("swapped-axes", "swaps the axes of a tile", lambda pixels: pixels.transpose(-1, -2))
