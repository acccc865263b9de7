"""Choosing a background, and which object colours stand out from it."""

from __future__ import annotations

from argus_eval.data.scenes.colours import COLOUR_NAMES, COLOURS, RGB, distance, mix
from argus_eval.data.scenes.draws import Draws
from argus_eval.data.scenes.scene import Background, BackgroundKind

__all__ = ["choose_background", "standing_out"]

_TONES: tuple[tuple[RGB, float], ...] = (
    ((236, 230, 214), 1.0),  # cream
    ((214, 218, 222), 1.0),  # pale grey
    ((200, 218, 234), 1.0),  # pale blue
    ((206, 226, 204), 1.0),  # pale green
    ((238, 214, 214), 0.7),  # pale pink
    ((214, 196, 166), 0.8),  # sand
    ((172, 184, 180), 0.7),  # sage
    ((150, 166, 190), 0.6),  # dusk blue
    ((44, 52, 74), 0.6),  # navy
    ((54, 56, 60), 0.5),  # charcoal
    ((40, 66, 56), 0.4),  # bottle green
    ((78, 52, 60), 0.4),  # maroon
)
_KINDS: tuple[tuple[BackgroundKind, float], ...] = (
    ("plain", 0.12),
    ("gradient", 0.24),
    ("spot", 0.12),
    ("noise", 0.18),
    ("ground", 0.18),
    ("wall", 0.1),
    ("planks", 0.06),
)
_STANDS_OUT = 190.0


def choose_background(draws: Draws, most_specks: int) -> Background:
    """A background of two related tones."""
    first = draws.weighted(_TONES)
    kind = draws.weighted(_KINDS)
    other = mix(first, draws.choice(((255, 255, 255), (20, 22, 30), (150, 120, 90))), draws.uniform(0.08, 0.24))
    if kind == "ground":
        near = sorted((tone for tone, _ in _TONES), key=lambda tone: distance(tone, first))
        other = draws.choice(near[1:5])
    return Background(
        kind=kind,
        first=first,
        second=other,
        angle=draws.integer(0, 63) / 64,
        level=draws.integer(28, 60) / 100,
        specks=draws.integer(0, most_specks) if draws.chance(0.6) else 0,
    )


def standing_out(background: Background) -> list[str]:
    """The colour names that can be told from the background."""
    tones = (background.first, background.second)
    return [name for name in COLOUR_NAMES if min(distance(COLOURS[name], tone) for tone in tones) > _STANDS_OUT]
