"""tile-cap: fewer tiles, or fewer pixels, of every picture.

Bottleneck: the tilers enlarge. SmolVLM brings every picture to 2,048 px and cuts 13 or 17 tiles out of it; what
the tower and the prefill then do grows with the tiles, not with what is in the picture.

Argus: 1 tile instead of 4. InternVL: at most 4 instead of 12. SmolVLM: long side 1,024 px instead of 2,048 (5
tiles instead of 17). Qwen-VL: at most 256 visual tokens. Everything else of the processor stays stock.

Expected effect: the largest of all recipes on a CPU, TTFT −50 to −80 %; answers about small text and small objects
suffer, questions about the whole picture hardly do: the accuracy gate has to allow it, task by task.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from argus_eval.core.loss_class import LossClass
from argus_eval.recipes.protocol import RecipeInfo

if TYPE_CHECKING:
    from argus_eval.pipeline.pipeline import Pipeline

__all__ = ["INFO", "apply"]

#: Tiles without the thumbnail, where the processor counts tiles.
_MOST_TILES = {"argus": 1, "internvl": 4}
_SMOLVLM_TILES_A_SIDE = 2
_QWEN_TOKENS = 256

INFO = RecipeInfo(
    name="tile-cap",
    summary="fewer tiles of every picture (Qwen-VL: at most 256 visual tokens)",
    parts=frozenset({"image_processor", "prompt_encoder"}),
    scope="pipeline",
    loss_class=LossClass.L2,
    order=5,
    families=frozenset({"argus", "internvl", "smolvlm", "qwen2-vl", "qwen2.5-vl", "qwen3-vl"}),
)


def apply(pipeline: Pipeline) -> Pipeline:
    """The pipeline around a copy of the stock processor with a lower limit."""
    from argus_eval.recipes.model_copy import noted, with_processor

    processor = copy.copy(pipeline.processor)
    processor.image_processor = copy.deepcopy(pipeline.processor.image_processor)
    limit = _lower(processor.image_processor, pipeline.family)
    return noted(with_processor(pipeline, processor), **{"tile-cap.limit": limit})


def _lower(image_processor: Any, family: str) -> int:
    """Sets the family's own limit, never above what it was; returns it."""
    if family in _MOST_TILES:
        image_processor.max_patches = min(_MOST_TILES[family], int(image_processor.max_patches))
        return int(image_processor.max_patches)
    size = dict(image_processor.size)
    if family == "smolvlm":
        wanted = _SMOLVLM_TILES_A_SIDE * int(image_processor.max_image_size["longest_edge"])
    else:
        side = int(image_processor.patch_size) * int(image_processor.merge_size)
        wanted = max(_QWEN_TOKENS * side * side, int(size["shortest_edge"]))
    size["longest_edge"] = min(wanted, int(size["longest_edge"]))
    image_processor.size = type(image_processor.size)(**size)
    return int(size["longest_edge"])
