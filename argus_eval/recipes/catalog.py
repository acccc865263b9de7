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
        "fast-decode": "argus_eval.recipes.fast_decode",
        "uint8-transfer": "argus_eval.recipes.uint8_transfer",
        "pinned-copies": "argus_eval.recipes.pinned_copies",
        "prompt-memo": "argus_eval.recipes.prompt_memo",
        "sync-free-merge": "argus_eval.recipes.sync_free_merge",
        "gpu-preprocess": "argus_eval.recipes.gpu_preprocess",
        "draft-decode": "argus_eval.recipes.draft_decode",
        "stock-pil": "argus_eval.recipes.stock_pil",
        "stock-path": "argus_eval.recipes.stock_path",
        "bf16": "argus_eval.recipes.bf16",
        "int8-weights": "argus_eval.recipes.int8_weights",
        "int4-weights": "argus_eval.recipes.int4_weights",
        "w8a8": "argus_eval.recipes.w8a8",
        "attention-eager": "argus_eval.recipes.attention_eager",
        "attention-sdpa": "argus_eval.recipes.attention_sdpa",
        "attention-flash": "argus_eval.recipes.attention_flash",
        "compiled-vision": "argus_eval.recipes.compiled_vision",
        "tile-cap": "argus_eval.recipes.tile_cap",
        "visual-pool": "argus_eval.recipes.visual_pool",
        "static-decode": "argus_eval.recipes.static_decode",
        "prefix-cache": "argus_eval.recipes.prefix_cache",
        "vision-cache": "argus_eval.recipes.vision_cache",
        "overlap": "argus_eval.recipes.overlap",
        "threads": "argus_eval.recipes.threads",
        "gc-freeze": "argus_eval.recipes.gc_freeze",
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
NAMED_ARMS: dict[str, str] = {"baseline@pil": "stock-pil", "baseline@path": "stock-path"}

#: Names in ``--recipes`` that stand for several arms.
GENERATORS = ("ladder", "ablate")
