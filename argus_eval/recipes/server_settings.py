"""Recipes that only servers have: caches, front ends, threads, token budgets, devices of the image processor.

They change how a server is started and nothing in a local pipeline. Names of flags are those of vLLM 0.32 and
SGLang's server arguments; an argument ``NAME=value`` is an environment variable of the server.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from argus_eval.core.loss_class import LossClass
from argus_eval.errors import IncompatibleError
from argus_eval.recipes.protocol import RecipeInfo, Target

if TYPE_CHECKING:
    from argus_eval.pipeline.pipeline import Pipeline

__all__ = [
    "BATCHED_TOKENS",
    "FRONT_ENDS",
    "GPU_PROCESSOR",
    "MEDIA_THREADS",
    "NO_PREFIX_CACHE",
    "NO_PROCESSOR_CACHE",
    "ServerRecipe",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRecipe:
    """A recipe without a local form."""

    INFO: RecipeInfo

    def apply(self, pipeline: Pipeline) -> Pipeline:
        """Not possible.

        Raises:
            IncompatibleError: always.
        """
        raise IncompatibleError(f"recipe {self.INFO.name!r} is a setting of servers")


def _servers_only(target: Target) -> str | None:
    return "it is a setting of servers; use --model vllm:…" if target.backend == "transformers" else None


def _server_recipe(
    name: str,
    summary: str,
    serving: Mapping[str, tuple[str, ...] | None],
    *,
    order: int,
    loss_class: LossClass = LossClass.L0,
    devices: frozenset[str] = frozenset(),
) -> ServerRecipe:
    return ServerRecipe(
        INFO=RecipeInfo(
            name=name,
            summary=summary,
            parts=frozenset({"server"}),
            scope="pipeline",  # every arm of a served model has a process of its own anyway
            loss_class=loss_class,
            order=order,
            devices=devices,
            staged=False,
            condition=_servers_only,
            serving=serving,
        )
    )


#: The processor cache hashes every image and copies its tiles; on images that never repeat it is only cost.
NO_PROCESSOR_CACHE = _server_recipe(
    "server-no-processor-cache",
    "servers: no cache of processed images (costs hashing and copies on images that never repeat)",
    {"vllm": ("--mm-processor-cache-gb", "0"), "sglang": ("SGLANG_VLM_CACHE_SIZE_MB=0",)},
    order=500,
)

NO_PREFIX_CACHE = _server_recipe(
    "server-no-prefix-cache",
    "servers: no reuse of keys and values between prompts",
    {"vllm": ("--no-enable-prefix-caching",), "sglang": ("--disable-radix-cache",)},
    order=510,
)

#: On the GPU the resize has no LANCZOS and falls back to bicubic: other pixels, so not the same mathematics.
GPU_PROCESSOR = _server_recipe(
    "server-gpu-processor",
    "servers: images are resized, cut and normalised on the GPU",
    {"vllm": ("--mm-processor-device", "cuda"), "sglang": None},
    order=520,
    loss_class=LossClass.L2,
    devices=frozenset({"cuda"}),
)

FRONT_ENDS = _server_recipe(
    "server-front-ends",
    "servers: two processes read requests and process images (throughput)",
    {"vllm": ("--api-server-count", "2"), "sglang": ("--tokenizer-worker-num", "2")},
    order=530,
)

MEDIA_THREADS = _server_recipe(
    "server-media-threads",
    "servers: one thread reads images instead of eight, which would contend for the interpreter",
    {"vllm": ("VLLM_MEDIA_LOADING_THREAD_COUNT=1",)},
    order=540,
)

#: Larger than the prompt of one tiled image, so that it is not prefilled in pieces.
BATCHED_TOKENS = _server_recipe(
    "server-batched-tokens",
    "servers: a token budget above one image's prompt, so that it is prefilled at once",
    {"vllm": ("--max-num-batched-tokens", "8192"), "sglang": ("--chunked-prefill-size", "8192")},
    order=550,
    loss_class=LossClass.L1,
)
