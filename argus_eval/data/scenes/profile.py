"""What kind of scenes to make: which kinds, which sizes, how full."""

from __future__ import annotations

from dataclasses import dataclass

from argus_eval.core.geometry import ImageSize
from argus_eval.data.scenes.scene import SceneKind

__all__ = ["SceneProfile", "ORDINARY", "only"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneProfile:
    """The distribution scenes are drawn from.

    Attributes:
        kinds: scene kinds with weights.
        sizes: image sizes with weights, for scenes of objects and signs; pages have their own shapes.
        objects: fewest and most objects in an ordinary scene.
        crowd: the same in a many-object scene.
        signs: fewest and most signs in a scene of signs; they count among its objects.
        overlapping: share of scenes in which objects may hide parts of each other.
        most_hidden: an object shows at least ``1 - most_hidden`` of its pixels.
        lettered: chance that an object that can carry a word carries one.
        specks: most specks of clutter on the background.
    """

    kinds: tuple[tuple[SceneKind, float], ...]
    sizes: tuple[tuple[ImageSize, float], ...]
    objects: tuple[int, int] = (3, 8)
    crowd: tuple[int, int] = (10, 22)
    signs: tuple[int, int] = (1, 3)
    overlapping: float = 0.35
    most_hidden: float = 0.4
    lettered: float = 0.6
    specks: int = 60


_SIZES = (
    (ImageSize(640, 480), 0.52),
    (ImageSize(640, 427), 0.12),
    (ImageSize(480, 640), 0.12),
    (ImageSize(600, 900), 0.04),
    (ImageSize(1024, 768), 0.06),
    (ImageSize(1280, 960), 0.02),
    (ImageSize(500, 375), 0.06),
    (ImageSize(320, 240), 0.06),
)

#: The mixture a training run streams from unless it says otherwise.
ORDINARY = SceneProfile(
    kinds=(
        ("objects", 0.5),
        ("crowd", 0.07),
        ("signs", 0.2),
        ("document", 0.08),
        ("chart", 0.07),
        ("infographic", 0.03),
        ("diagram", 0.05),
    ),
    sizes=_SIZES,
)


def only(kind: SceneKind) -> SceneProfile:
    """The ordinary profile restricted to one kind of scene."""
    return SceneProfile(kinds=((kind, 1.0),), sizes=_SIZES)
