"""A model of transformers in this process, as staged pipelines that share its weights."""

from __future__ import annotations

import copy
import dataclasses
import gc
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from argus_eval.backends.protocol import ArmRunner, ConsumedTensors, LoadedFacts, Question
from argus_eval.core.request import Request
from argus_eval.core.response import Response
from argus_eval.core.timing import Timing
from argus_eval.errors import SampleError
from argus_eval.measure.stages import DeviceEvent, StageRecorder
from argus_eval.models.families import pipeline_for
from argus_eval.models.load import LoadedModel
from argus_eval.pipeline.parts import ModelInputs
from argus_eval.pipeline.pipeline import Pipeline
from argus_eval.recipes.compose import apply_recipes
from argus_eval.recipes.model_copy import shared_copy

__all__ = ["LocalBackend", "LocalRunner"]

# A twin of a larger model shares the weights' memory: two copies of a 2 B model do not fit beside each other on
# a common machine, and its modules, processor and pipeline are separate objects all the same.
_TWIN_COPIES_WEIGHTS_BELOW = 400_000_000
_SHARED_TWIN = "the A/A twin has modules and a pipeline of its own and shares the weights' memory"


class LocalRunner:
    """One pipeline, answering in batches and one by one."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self._events = _cuda_event if pipeline.device.type == "cuda" else None
        self._thread: ThreadPoolExecutor | None = None
        self._one_at_a_time = threading.Lock()
        # By identity, and with the request itself so that its identity is not given to another one; then what is
        # made of its batch, and its place there.
        self._expected: dict[int, tuple[Request, Future[list[ModelInputs | SampleError]], int]] = {}

    @property
    def looks_ahead(self) -> bool:
        """See :class:`~argus_eval.backends.protocol.LooksAhead`."""
        return self.pipeline.looks_ahead

    def expect(self, questions: Sequence[Question]) -> None:
        """See :class:`~argus_eval.backends.protocol.LooksAhead`. A pipeline that remembers is left alone."""
        if self.pipeline.remembers:
            return
        if self._thread is None:
            self._thread = _thread_beside_the_model()
        made = self._thread.submit(self._prepared, [question.request for question in questions])
        for place, question in enumerate(questions):
            self._expected[id(question.request)] = (question.request, made, place)

    def answer(self, questions: Sequence[Question]) -> list[Response | SampleError]:
        """See :class:`~argus_eval.backends.protocol.ArmRunner`."""
        prepared = self._host_inputs([question.request for question in questions])
        good = [inputs for inputs in prepared if isinstance(inputs, ModelInputs)]
        answers = iter(self._generate(good, questions[0].request.decoding) if good else ())
        return [next(answers) if isinstance(inputs, ModelInputs) else inputs for inputs in prepared]

    def _host_inputs(self, requests: Sequence[Request]) -> list[ModelInputs | SampleError]:
        expected = [self._expected.pop(id(request), None) for request in requests]
        missing = [request for request, found in zip(requests, expected, strict=True) if found is None]
        made = iter(self._prepared(missing))
        return [next(made) if found is None else found[1].result()[found[2]] for found in expected]

    def _prepared(self, requests: Sequence[Request]) -> list[ModelInputs | SampleError]:
        """Host tensors of a batch, or why there are none of a request."""
        with self._one_at_a_time:  # parts need not bear two threads
            try:
                with _sample_boundary():
                    return list(self.pipeline.host_inputs_together(requests))
            except SampleError as problem:
                if len(requests) == 1:
                    return [problem]
        # One sample must not take its batch down: the others are prepared alone.
        return [found for request in requests for found in self._prepared([request])]

    def _generate(self, inputs: Sequence[Any], decoding: Any) -> list[Response | SampleError]:
        try:
            with _sample_boundary():
                return list(self.pipeline.run_prepared(inputs, decoding))
        except SampleError as problem:
            if len(inputs) == 1:
                return [problem]
        # One sample must not take its batch down: the others answer alone.
        return [answer for item in inputs for answer in self._generate([item], decoding)]

    def time(self, request: Request, *, stages: bool = True, hashes: bool = False) -> Response:
        """See :class:`~argus_eval.backends.protocol.ArmRunner`."""
        recorder = StageRecorder(events=self._events, enabled=stages)
        if self._events is not None:
            torch.cuda.synchronize()
        with _sample_boundary():
            return self.pipeline.run(request, recorder, hashes=hashes)

    def consumed(self, request: Request) -> ConsumedTensors:
        """What the model would be fed for ``request``, on the host."""
        with _sample_boundary():
            tensors = self.pipeline.prepare(request, StageRecorder(enabled=False)).tensors
        pixels = tensors.get("pixel_values")
        return ConsumedTensors(
            ids=tensors["input_ids"].cpu().numpy(),
            pixels=None if pixels is None else pixels.float().cpu().numpy(),
        )

    def first_logits(self, request: Request) -> NDArray[np.float32] | None:
        """See :class:`~argus_eval.backends.protocol.ShowsLogits`."""
        with _sample_boundary():
            logits = self.pipeline.first_logits(request)
        return None if logits is None else logits.float().cpu().numpy()

    def host(self, request: Request) -> Timing:
        """See :class:`~argus_eval.backends.protocol.ArmRunner`."""
        with _sample_boundary():
            return self.pipeline.run_host(request, StageRecorder(events=self._events))


def _thread_beside_the_model() -> ThreadPoolExecutor:
    """A thread whose kernels do not take the cores from those of the model."""
    threads, beside = torch.get_num_threads(), ThreadPoolExecutor(1, "look-ahead")
    beside.submit(torch.set_num_threads, 1).result()
    # The number is a thread's own, but every later thread of the process would start with the last one set.
    torch.set_num_threads(threads)
    return beside


def _cuda_event() -> DeviceEvent:
    return cast(DeviceEvent, torch.cuda.Event(enable_timing=True))  # type: ignore[no-untyped-call]


@contextmanager
def _sample_boundary() -> Iterator[None]:
    """Whatever goes wrong with one sample becomes its error: stock parts raise anything."""
    try:
        yield
    except SampleError:
        raise
    except Exception as problem:
        first = next(iter(str(problem).splitlines()), "")
        raise SampleError(f"{type(problem).__name__}: {first}"[:500]) from problem


class LocalBackend:
    """A loaded model and the pipelines made of it.

    Args:
        model: what the loader returned.
        family: the card's family.
        reload: loads the same model again, for the twin.
    """

    def __init__(self, model: LoadedModel, family: str, reload: Callable[[], LoadedModel]) -> None:
        self._model, self._family, self._reload = model, family, reload
        self._baseline = pipeline_for(family, model.model, model.processor)
        processor = getattr(model.processor, "image_processor", None)
        self.loaded = LoadedFacts(
            parameters=model.parameters,
            dtype=model.dtype,
            device=str(self._baseline.device),
            source=model.source,
            image_processor=f"{type(processor).__name__} ({getattr(processor, 'backend', 'unknown')} backend)",
            weights=model.weights,
            notes=(
                *self._baseline.notes,
                *((_SHARED_TWIN,) if model.parameters >= _TWIN_COPIES_WEIGHTS_BELOW else ()),
            ),
        )

    def runner(self, recipes: tuple[str, ...]) -> ArmRunner:
        """See :class:`~argus_eval.backends.protocol.Backend`."""
        pipeline = apply_recipes(self._baseline, recipes)
        # What a recipe finds out when it is applied (that it does not fit) belongs to the results.
        found = [f"{'+'.join(recipes)}: {note}" for note in pipeline.notes if note not in self._baseline.notes]
        notes = tuple(dict.fromkeys((*self.loaded.notes, *found)))
        self.loaded = dataclasses.replace(self.loaded, notes=notes)
        return LocalRunner(pipeline)

    def twin(self) -> ArmRunner:
        """See :class:`~argus_eval.backends.protocol.Backend`."""
        if self._model.parameters < _TWIN_COPIES_WEIGHTS_BELOW:
            again = self._reload()
            return LocalRunner(pipeline_for(self._family, again.model, again.processor))
        model = shared_copy(self._model.model)
        return LocalRunner(pipeline_for(self._family, model, copy.deepcopy(self._model.processor)))

    def close(self) -> None:
        """See :class:`~argus_eval.backends.protocol.Backend`."""
        del self._model, self._baseline
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
