"""Every recipe by name, the arms that have a name of their own, and the generators. Presets: presets.py."""

from __future__ import annotations

from argus_eval.recipes.presets import PRESETS
from argus_eval.recipes.protocol import Recipe
from argus_eval.registry import Registry

__all__ = ["GENERATORS", "NAMED_ARMS", "PRESETS", "RECIPES"]

#: A recipe is a module with ``INFO`` and ``apply``.
RECIPES: Registry[Recipe] = Registry(
    "recipe",
    {
        "fused-tiles": "argus_eval.recipes.fused_tiles",
        "token-splice": "argus_eval.recipes.token_splice",
        "server-no-processor-cache": "argus_eval.recipes.server_settings:NO_PROCESSOR_CACHE",
        "server-no-prefix-cache": "argus_eval.recipes.server_settings:NO_PREFIX_CACHE",
        "server-gpu-processor": "argus_eval.recipes.server_settings:GPU_PROCESSOR",
        "server-front-ends": "argus_eval.recipes.server_settings:FRONT_ENDS",
        "server-media-threads": "argus_eval.recipes.server_settings:MEDIA_THREADS",
        "server-batched-tokens": "argus_eval.recipes.server_settings:BATCHED_TOKENS",
    },
    "argus_eval.recipes",
)

#: Arm → the recipe it stands for: stock in another of its own forms, beside the baseline.
NAMED_ARMS: dict[str, str] = {}

#: Names in ``--recipes`` that stand for several arms.
GENERATORS = ("ladder", "ablate")
