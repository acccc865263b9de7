"""Everything that can stand in a scene, and what is found together.

Categories are numbered from 1 in the order of `CATEGORIES`: the ids of the detection annotations.
"""

from __future__ import annotations

from argus_eval.data.scenes.things.category import Category
from argus_eval.data.scenes.things.food import FOOD
from argus_eval.data.scenes.things.home import HOME
from argus_eval.data.scenes.things.outdoor import OUTDOOR
from argus_eval.data.scenes.things.shapes import SHAPES
from argus_eval.data.scenes.things.street import STREET

__all__ = ["CATEGORIES", "BY_NAME", "LOOKALIKES", "THEMES", "category_id", "plural"]

CATEGORIES: tuple[Category, ...] = (*SHAPES, *STREET, *HOME, *FOOD, *OUTDOOR)
BY_NAME: dict[str, Category] = {category.name: category for category in CATEGORIES}

#: What is found together. An object comes from its scene's theme with high probability, which gives presence
#: questions the co-occurrence statistics that their popular and adversarial variants need.
THEMES: dict[str, tuple[str, ...]] = {
    "shapes": tuple(category.name for category in SHAPES),
    "street": ("car", "bus", "house", "tree", "traffic light", "sign", "balloon", "umbrella"),
    "kitchen": ("cup", "bottle", "bowl", "apple", "cake", "donut", "clock", "mushroom"),
    "room": ("lamp", "chair", "book", "television", "vase", "clock", "candle", "key", "hat"),
    "garden": ("flower", "tree", "mushroom", "kite", "ball", "umbrella", "house", "bell"),
    "harbour": ("boat", "fish", "umbrella", "ball", "hat", "kite", "bottle", "balloon"),
}

#: What could be taken for what: no question claims that the one is absent where the other is present.
LOOKALIKES: dict[str, tuple[str, ...]] = {
    "circle": ("ball", "donut", "ring", "clock", "balloon"),
    "ring": ("donut", "clock", "circle"),
    "ball": ("circle",),
    "balloon": ("ball",),
    "donut": ("ring", "circle", "clock"),
    "square": ("television", "book", "sign", "house", "cake"),
    "diamond": ("kite",),
    "kite": ("diamond",),
    "triangle": ("boat", "house", "lamp"),
    "mushroom": ("umbrella",),
    "umbrella": ("mushroom",),
    "bowl": ("cup",),
    "bottle": ("vase",),
    "vase": ("bottle",),
}


def plural(name: str) -> str:
    """The plural of a category name.

    >>> plural("traffic light"), plural("cross"), plural("fish")
    ('traffic lights', 'crosses', 'fish')
    """
    if name == "fish":
        return name
    return name + ("es" if name.endswith(("s", "sh", "x", "ch")) else "s")


def category_id(name: str) -> int:
    """The number of a category in detection annotations, from 1."""
    return 1 + next(at for at, category in enumerate(CATEGORIES) if category.name == name)
