"""Every recipe by name, and the presets: static lists, the same for everybody."""

from __future__ import annotations

from argus_eval.recipes.protocol import Recipe
from argus_eval.registry import Registry

__all__ = ["GENERATORS", "PRESETS", "RECIPES"]

#: A recipe is a module with ``INFO`` and ``apply``.
RECIPES: Registry[Recipe] = Registry(
    "recipe",
    {
        "fused-tiles": "argus_eval.recipes.fused_tiles",
        "token-splice": "argus_eval.recipes.token_splice",
    },
    "argus_eval.recipes",
)

#: Preset → recipes in it; those that do not exist for a family or a device are left out when it is resolved.
#: A recipe that turns out not to help stays in the list and is reported as not helping.
PRESETS: dict[str, tuple[str, ...]] = {
    "exact": ("token-splice",),
    "lossless": ("fused-tiles", "token-splice"),
    "paper": ("fused-tiles", "token-splice"),
    "fastest": ("fused-tiles", "token-splice"),
}

#: Names in ``--recipes`` that stand for several arms.
GENERATORS = ("ladder", "ablate")
