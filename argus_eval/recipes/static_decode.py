"""static-decode: a key-value cache of fixed size and a compiled decode step, a CUDA graph on a GPU.

Bottleneck: one decoded token is hundreds of short kernels and as many Python calls; a small decoder waits for
them. A cache that grows with every token moves in memory, so that nothing can be recorded once and replayed.

The cache is allocated once for each power of two of positions and reused; ``generate`` itself compiles the step
after the prefill when it is given such a cache, as its documentation describes. The prefill is stock.

Expected effect: time per output token a third to a tenth on a GPU, 0–30 % less on a CPU; TTFT unchanged or
slightly worse. Attention reads the whole cache behind a mask: other kernels, other rounding. Requests are answered
one at a time.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from argus_eval.core.loss_class import LossClass
from argus_eval.pipeline.cache_argument import cache_argument
from argus_eval.recipes.compilation import ONE_AT_A_TIME, no_compiler
from argus_eval.recipes.protocol import RecipeInfo

if TYPE_CHECKING:
    from argus_eval.core.request import Decoding
    from argus_eval.measure.stages import StageRecorder
    from argus_eval.pipeline.parts import Generated, LanguageModel, ModelInputs
    from argus_eval.pipeline.pipeline import Pipeline

__all__ = ["INFO", "StaticDecode", "apply"]

INFO = RecipeInfo(
    name="static-decode",
    summary="key-value cache of fixed size, compiled decode step, CUDA graph on a GPU",
    parts=frozenset({"language"}),
    scope="pipeline",
    loss_class=LossClass.L1,
    order=60,
    conflicts=frozenset({"prefix-cache"}),
    condition=no_compiler,
    serving={"vllm": None, "sglang": None},
)

_SMALLEST = 256
_BORROWED = ("_compiled_call", "_last_compile_config")
_PARALLELISM = "TOKENIZERS_PARALLELISM"


class StaticDecode:
    """The language part it wraps, given a cache of fixed size.

    Args:
        inner: hands what it does not know of a request's tensors on to ``generate``.
        model: whose ``generate`` that is; it looks as before after every call.
        cuda_graphs: record and replay the step.
        backend: of torch.compile.
    """

    def __init__(self, inner: LanguageModel, model: Any, cuda_graphs: bool, backend: str = "inductor") -> None:
        import torch
        from transformers import CompileConfig

        self._inner, self._model = inner, model
        mode = "reduce-overhead" if cuda_graphs else None
        self._configuration = CompileConfig(dynamic=False, mode=mode, backend=backend)
        self._configuration._compile_all_devices = True
        self._step = torch.compile(model.__call__, **self._configuration.to_dict())
        self._caches: dict[int, Any] = {}

    def __call__(
        self, inputs: ModelInputs, encoded: Any | None, decoding: Decoding, recorder: StageRecorder
    ) -> Generated:
        positions = inputs.tensors["input_ids"].shape[1] + decoding.max_new_tokens
        given = {cache_argument(): self._cache(positions), "compile_config": self._configuration}
        with self._lent():
            return self._inner(
                dataclasses.replace(inputs, tensors={**inputs.tensors, **given}), encoded, decoding, recorder
            )

    def _cache(self, positions: int) -> Any:
        """An empty cache for at least ``positions``: the one of the last request of that size."""
        import torch
        from transformers import StaticCache

        size = max(_SMALLEST, 1 << (positions - 1).bit_length())
        if size not in self._caches:
            self._caches[size] = StaticCache(config=self._model.config, max_cache_len=size)
        with torch.inference_mode():  # its tensors were made in it
            self._caches[size].reset()
        return self._caches[size]

    @contextmanager
    def _lent(self) -> Iterator[None]:
        """The compiled step where ``generate`` looks for it; model and environment as before afterwards."""
        parallelism = os.environ.get(_PARALLELISM)
        before = {name: self._model.__dict__[name] for name in _BORROWED if name in self._model.__dict__}
        self._model.__dict__.update(_compiled_call=self._step, _last_compile_config=self._configuration)
        try:
            yield
        finally:
            for name in _BORROWED:
                self._model.__dict__.pop(name, None)
            self._model.__dict__.update(before)
            if parallelism is None:
                os.environ.pop(_PARALLELISM, None)
            else:
                os.environ[_PARALLELISM] = parallelism


def apply(pipeline: Pipeline) -> Pipeline:
    """Wrap the language part."""
    from argus_eval.recipes.model_copy import noted

    language = StaticDecode(pipeline.language, pipeline.model, pipeline.device.type == "cuda")
    changed = dataclasses.replace(pipeline, language=language, collate=None)
    return noted(changed, ONE_AT_A_TIME.format(INFO.name))
