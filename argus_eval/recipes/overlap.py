"""overlap: the host work of the next requests runs beside the model. Throughput only.

Bottleneck: while the model computes the host waits, and while the host prepares the next picture the model waits.

Decoding and preprocessing of a request start in one background thread as soon as its host tensors are asked for;
who needs them first waits for them. Whoever asks for the tensors of the next requests before answering the last
ones (``Pipeline.host_inputs`` does not block) has both work at once. A request that is timed alone runs as before.

One thread, not several: the image kernels use the machine's cores by themselves, and more Python threads take the
interpreter from the thread that feeds the model.

Expected effect: nothing on the latency of one request; throughput up to the larger of both shares, where the host
has a core to spare. The numbers and their order stay the same.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from argus_eval.core.loss_class import LossClass
from argus_eval.recipes.protocol import RecipeInfo

if TYPE_CHECKING:
    from collections.abc import Mapping

    from argus_eval.measure.stages import StageRecorder
    from argus_eval.pipeline.parts import Decoder, ModelInputs, Preprocessor, Transfer
    from argus_eval.pipeline.pipeline import Collate, Pipeline

__all__ = ["INFO", "PendingInputs", "apply"]

INFO = RecipeInfo(
    name="overlap",
    summary="host work of the next requests beside the model (throughput only)",
    parts=frozenset({"decoder", "preprocess", "transfer"}),
    scope="pipeline",
    loss_class=LossClass.L0,
    order=90,
    serving={"vllm": None, "sglang": None},
)


class PendingInputs:
    """Host tensors that are being made; reading anything of them waits."""

    def __init__(self, future: Future[ModelInputs]) -> None:
        self._future = future

    def result(self) -> ModelInputs:
        """The inputs, or whatever their preparation raised."""
        return self._future.result()

    @property
    def tensors(self) -> Mapping[str, Any]:
        """See :class:`~argus_eval.pipeline.parts.ModelInputs`."""
        return self.result().tensors

    @property
    def tiles(self) -> int | None:
        """See :class:`~argus_eval.pipeline.parts.ModelInputs`."""
        return self.result().tiles

    @property
    def resized_size(self) -> tuple[int, int] | None:
        """See :class:`~argus_eval.pipeline.parts.ModelInputs`."""
        return self.result().resized_size


def _made(inputs: ModelInputs | PendingInputs) -> ModelInputs:
    return inputs.result() if isinstance(inputs, PendingInputs) else inputs


class _Later:
    """Stands for the decoder: the bytes go on as they are."""

    def __call__(self, data: bytes) -> bytes:
        return data


class _BackgroundPreprocessor:
    def __init__(self, decoder: Decoder, inner: Preprocessor) -> None:
        self._decoder, self._inner = decoder, inner
        self._thread: ThreadPoolExecutor | None = None

    def __call__(self, text: str, images: Sequence[Any], recorder: StageRecorder) -> Any:
        if recorder.enabled:
            return self._prepare(text, images, recorder)
        if self._thread is None:
            self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="overlap")
        return PendingInputs(self._thread.submit(self._prepare, text, images, recorder))

    def _prepare(self, text: str, images: Sequence[Any], recorder: StageRecorder) -> ModelInputs:
        with recorder.span("image_decode"):
            pictures = [self._decoder(data) for data in images]
        return self._inner(text, pictures, recorder)


class _WaitingTransfer:
    def __init__(self, inner: Transfer) -> None:
        self._inner = inner

    def __call__(self, inputs: ModelInputs) -> ModelInputs:
        return self._inner(_made(inputs))


class _WaitingCollate:
    def __init__(self, inner: Collate) -> None:
        self._inner = inner

    def __call__(self, batch: Sequence[ModelInputs]) -> ModelInputs:
        return self._inner([_made(inputs) for inputs in batch])


def apply(pipeline: Pipeline) -> Pipeline:
    """Decode and preprocess in a thread; transfer and batching wait for it."""
    return dataclasses.replace(
        pipeline,
        decoder=_Later(),
        preprocess=_BackgroundPreprocessor(pipeline.decoder, pipeline.preprocess),
        transfer=_WaitingTransfer(pipeline.transfer),
        collate=None if pipeline.collate is None else _WaitingCollate(pipeline.collate),
    )
