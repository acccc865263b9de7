"""compiled-vision: the tower compiled for a few numbers of tiles, replayed as CUDA graphs on a GPU.

Bottleneck: a small tower is hundreds of short kernels; the time to launch them exceeds the time they run.

The tower's own ``forward`` is compiled once for each bucket of tile counts; a batch between two buckets is filled
up with copies of its last tile, whose outputs are dropped. Above the largest bucket the tower runs as before.
Merge and decoder are untouched. The compiled forward belongs to a copy of the modules around the same weights.

Expected effect: 2–20 % of TTFT on a GPU, more for small towers and few tiles; on a CPU some of the pointwise work,
at the price of a compilation for each bucket, which the warm-up pays. Not for Qwen-VL, whose tower runs on shapes
that follow the picture. Requests are answered one at a time, so that every answer comes from the compiled tower.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from argus_eval.core.loss_class import LossClass
from argus_eval.recipes.compilation import ONE_AT_A_TIME, no_compiler
from argus_eval.recipes.protocol import RecipeInfo

if TYPE_CHECKING:
    import torch

    from argus_eval.pipeline.pipeline import Pipeline

__all__ = ["BUCKETS", "INFO", "BucketedTower", "apply"]

INFO = RecipeInfo(
    name="compiled-vision",
    summary="tower compiled for buckets of tile counts, CUDA graphs on a GPU",
    parts=frozenset({"vision"}),
    scope="pipeline",
    loss_class=LossClass.L1,
    order=4,
    families=frozenset({"argus", "smolvlm", "internvl"}),
    condition=no_compiler,
    serving={
        "vllm": ("--compilation-config", '{"cudagraph_mm_encoder": true, "compile_mm_encoder": true}'),
        "sglang": ("SGLANG_VIT_ENABLE_CUDA_GRAPH=1",),
    },
)

#: Tile counts that are compiled for: what the families' tilers produce most, each with its thumbnail.
BUCKETS = (1, 3, 5, 7, 9, 13, 17)


class BucketedTower:
    """A tower's ``forward``, compiled, on batches filled up to the next bucket.

    Args:
        forward: the tower's own; the first tensor is (N, 3, H, W), others have N rows too.
        cuda_graphs: record and replay graphs instead of launching kernels.
        backend: of torch.compile.
    """

    def __init__(self, forward: Any, cuda_graphs: bool, backend: str = "inductor") -> None:
        import torch

        mode = "reduce-overhead" if cuda_graphs else None
        self._eager, self._graphs = forward, cuda_graphs
        self._compiled: Any = torch.compile(forward, mode=mode, backend=backend, dynamic=False)

    def __call__(self, pixel_values: torch.Tensor, **kwargs: Any) -> Any:
        """See the tower's ``forward``."""
        import torch

        count = len(pixel_values)
        bucket = next((size for size in BUCKETS if size >= count), None)
        if bucket is None:
            return self._eager(pixel_values, **kwargs)
        filled = {name: _fill(value, count, bucket) for name, value in kwargs.items()}
        if self._graphs:
            torch.compiler.cudagraph_mark_step_begin()  # type: ignore[no-untyped-call]
        output = self._compiled(_fill(pixel_values, count, bucket), **filled)
        for name, value in list(output.items()):
            if isinstance(value, torch.Tensor) and len(value) == bucket:
                # A replayed graph writes into the same memory again: what is kept has to be a copy.
                output[name] = value[:count].clone() if self._graphs else value[:count]
        return output


def _fill(value: Any, count: int, bucket: int) -> Any:
    """``value`` with its last row repeated up to ``bucket``; what has no row for each tile passes."""
    import torch

    if not isinstance(value, torch.Tensor) or value.ndim == 0 or len(value) != count or count == bucket:
        return value
    return torch.cat([value, value[-1:].expand(bucket - count, *value.shape[1:])])


def apply(pipeline: Pipeline) -> Pipeline:
    """The pipeline around a copy of the modules whose tower is compiled."""
    from argus_eval.recipes.model_copy import noted, shared_copy, with_model

    model = shared_copy(pipeline.model)
    base = model.base_model
    tower = getattr(base, "vision_tower", None) or base.vision_model
    tower.forward = BucketedTower(tower.forward, cuda_graphs=pipeline.device.type == "cuda")
    compiled = noted(with_model(pipeline, model), ONE_AT_A_TIME.format(INFO.name))
    return dataclasses.replace(compiled, collate=None)
