"""The eleven colour names a question can use, and how far apart two colours look."""

from __future__ import annotations

from argus_eval.data.scenes.draws import Draws

__all__ = ["RGB", "COLOURS", "COLOUR_NAMES", "shade_of", "mix", "distance", "luminance", "ink_on"]


#: An sRGB colour, 0–255 a channel.
RGB = tuple[int, int, int]

#: Centre of each named colour. Jitter (`shade_of`) stays well inside its neighbourhood.
COLOURS: dict[str, RGB] = {
    "red": (212, 38, 40),
    "orange": (244, 128, 20),
    "yellow": (248, 210, 40),
    "green": (44, 152, 66),
    "blue": (38, 92, 210),
    "purple": (128, 58, 176),
    "pink": (246, 132, 182),
    "brown": (122, 78, 42),
    "black": (30, 30, 34),
    "white": (244, 244, 242),
    "gray": (138, 140, 144),
}
COLOUR_NAMES: tuple[str, ...] = tuple(COLOURS)

_BRIGHTER = 14
_JITTER = 5
_READABLE = 380.0


def shade_of(name: str, draws: Draws) -> RGB:
    """One shade of a named colour."""
    red, green, blue = COLOURS[name]
    brighter = draws.integer(-_BRIGHTER, _BRIGHTER)
    return _shifted(red, brighter, draws), _shifted(green, brighter, draws), _shifted(blue, brighter, draws)


def _shifted(channel: int, brighter: int, draws: Draws) -> int:
    return min(255, max(0, channel + brighter + draws.integer(-_JITTER, _JITTER)))


def mix(first: RGB, second: RGB, share: float) -> RGB:
    """``share`` of the second colour in the first, 0 to 1."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def luminance(colour: RGB) -> float:
    """Perceived brightness, 0–255 (ITU-R BT.601 weights)."""
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


def distance(first: RGB, second: RGB) -> float:
    """How different two colours look, about 0–765 (the low-cost "redmean" weighting)."""
    mean_red = (first[0] + second[0]) / 2
    red, green, blue = (a - b for a, b in zip(first, second, strict=True))
    weighted = (2 + mean_red / 256) * red**2 + 4 * green**2 + (2 + (255 - mean_red) / 256) * blue**2
    return float(weighted**0.5)


def ink_on(paper: RGB, draws: Draws) -> RGB:
    """A text colour that reads well on ``paper``."""
    dark: list[RGB] = [(20, 20, 24), (24, 34, 92), (96, 16, 20), (14, 66, 34)]
    light: list[RGB] = [(252, 252, 250), (255, 240, 176), (224, 240, 255)]
    readable = [ink for ink in (dark if luminance(paper) > 120 else light) if distance(ink, paper) > _READABLE]
    return draws.choice(readable or (dark[:1] if luminance(paper) > 120 else light[:1]))
