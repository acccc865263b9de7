"""Who answers: what every backend offers to the engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from argus_eval.core.request import Request
from argus_eval.core.response import Response
from argus_eval.core.sample import Sample
from argus_eval.core.timing import Timing
from argus_eval.errors import SampleError
from argus_eval.tasks.task import Task

__all__ = [
    "ArmRunner",
    "Backend",
    "ConsumedTensors",
    "Load",
    "LoadedFacts",
    "LooksAhead",
    "ModelFacts",
    "Question",
    "ShowsLogits",
    "ShowsTensors",
    "ShowsTokens",
    "TakesLoad",
]

WeightsKind = Literal["trained", "random", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What is known of a model before any weight is loaded.

    Attributes:
        name: what was typed after ``--model``; arms are called ``name:arm``.
        backend: "transformers", "oracle", "replay" …
        family: the card's family; decides which recipes exist.
        staged: the family has a staged pipeline.
        dialect: how it writes boxes; ``None`` for a model that cannot.
        capabilities: kinds of question it was made for; ``None`` where nothing is declared (any).
        weights: "random" means accuracy is not measured.
        label: how pages call it: ``argus-2b (random weights, assumed architecture)``.
        measures_speed: its times are of a machine that was really used.
        device: "cpu", "cuda" …
        parameters: from the card; ``None`` where unknown until loaded.
    """

    name: str
    backend: str
    family: str
    staged: bool
    dialect: str | None
    capabilities: frozenset[str] | None
    weights: WeightsKind
    label: str
    measures_speed: bool
    device: str
    parameters: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedFacts:
    """What is known once a model is there."""

    parameters: int | None
    dtype: str
    device: str
    source: str
    image_processor: str
    weights: WeightsKind
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request with the sample it was made of. Only the oracle may look at the sample."""

    task: Task
    sample: Sample
    request: Request


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumedTensors:
    """What a model is fed for one request: ids (1, L) and pixels in float32; no pixels for a text-only request."""

    ids: NDArray[np.int64]
    pixels: NDArray[np.float32] | None


@runtime_checkable
class ShowsTensors(Protocol):
    """A runner whose model inputs can be looked at, so that a recipe's claim can be checked on them."""

    def consumed(self, request: Request) -> ConsumedTensors:
        """What the model would be fed for ``request``.

        Raises:
            SampleError: the request cannot be prepared.
        """
        ...


@runtime_checkable
class ShowsLogits(Protocol):
    """A runner that can show what its model thinks of the first token."""

    def first_logits(self, request: Request) -> NDArray[np.float32] | None:
        """Logits over the vocabulary; ``None`` where the arm's language part does not give them.

        Raises:
            SampleError: the request failed.
        """
        ...


@runtime_checkable
class ShowsTokens(Protocol):
    """A runner whose inputs nobody sees, but which tells the tokens of its prompts and answers: a server."""

    def tokens(self, request: Request, *, cold: bool) -> Response:
        """A greedy answer with its token ids, and with a hash ``ids`` of the prompt's; untimed.

        Args:
            request: what to ask.
            cold: no cache may know its images.

        Raises:
            SampleError: it failed.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What came of many requests at a time: an answer or an error of each, in order, and the seconds for all."""

    answers: tuple[Response | SampleError, ...]
    seconds: float


@runtime_checkable
class TakesLoad(Protocol):
    """A runner that answers many requests at a time, each as soon as it can, and times the whole itself."""

    def load(self, requests: Sequence[Request], *, streams: int) -> Load:
        """Answer all of ``requests``, ``streams`` at a time, each once: what fails is not tried again.

        Images are made unknown to every cache before the clock starts.
        """
        ...


class ArmRunner(Protocol):
    """One arm, ready to answer."""

    def answer(self, questions: Sequence[Question]) -> list[Response | SampleError]:
        """Answers in order, untimed; a sample that fails gets its error and spoils no other."""
        ...

    def time(self, request: Request, *, stages: bool = True, hashes: bool = False) -> Response:
        """One timed request.

        Raises:
            SampleError: it failed.
        """
        ...

    def host(self, request: Request) -> Timing:
        """Only the host work of one request, timed.

        Raises:
            SampleError: it failed.
        """
        ...


@runtime_checkable
class LooksAhead(Protocol):
    """A runner that can prepare questions in the background before they are asked."""

    @property
    def looks_ahead(self) -> bool:
        """Whether the arm may do so where throughput is measured."""
        ...

    def expect(self, questions: Sequence[Question]) -> None:
        """What will be asked after the questions at hand; returns at once. The caller does ask all of them."""
        ...


class Backend(Protocol):
    """A model that is there."""

    @property
    def loaded(self) -> LoadedFacts:
        """What is known of it by now; a server tells more while a run goes on."""
        ...

    def runner(self, recipes: tuple[str, ...]) -> ArmRunner:
        """The arm with these recipes."""
        ...

    def twin(self) -> ArmRunner:
        """The baseline once more, built from scratch."""
        ...

    def close(self) -> None:
        """Let go of memory, processes and connections."""
        ...
