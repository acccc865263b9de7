"""Our models for lmms-eval: ``lmms-eval --model argus_eval --model_args model=argus-nano,weights=PATH …``.

Imported by lmms-eval alone, once this model is chosen.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from lmms_eval.api.instance import GenerationResult, TokenCounts
from lmms_eval.api.model import lmms
from loguru import logger
from tqdm import tqdm  # type: ignore[import-untyped]

from argus_eval.backends.protocol import ModelFacts, Question
from argus_eval.backends.resolve import load_backend, model_facts
from argus_eval.core.request import Decoding, Request
from argus_eval.core.response import Response
from argus_eval.core.sample import AnswersTarget, Sample
from argus_eval.data.source import SourceSpec
from argus_eval.errors import SampleError, UsageError
from argus_eval.recipes.compose import plan_arms
from argus_eval.recipes.protocol import Target
from argus_eval.tasks.lmms.answering import DEFAULT_MAX_NEW_TOKENS, cut_at, greedy_note, stop_strings
from argus_eval.tasks.lmms.index import PREFIX
from argus_eval.tasks.lmms.question import Turn, encode_picture, turn_from_messages, turn_from_parts
from argus_eval.tasks.spec import TaskSpec
from argus_eval.tasks.task import Task

__all__ = ["ArgusEvalChat", "ArgusEvalSimple"]


class _ArgusEval(lmms):  # type: ignore[misc]  # lmms-eval is untyped
    """A model of ours with one set of recipes.

    Args:
        model: what ``--model`` of argus-eval takes: a registry name, ``hf:…``, ``openai:…``, ``replay:RUN`` …
        weights: checkpoint, as ``--weights`` takes it.
        recipes: one arm: ``baseline``, a preset, or names joined by ``+``.
        device, dtype: as the flags of the same name.
        runs_dir: where ``replay:`` looks for runs.
        seed: of random weights.
        batch_size: questions answered together.

    Raises:
        UsageError: an argument is wrong, or several processes are asked for.
    """

    def __init__(
        self,
        model: str = "argus-nano",
        weights: str | None = None,
        recipes: str = "baseline",
        device: str | None = None,
        dtype: str | None = None,
        runs_dir: str = "runs",
        seed: int = 0,
        batch_size: int | str = 1,
        max_batch_size: int | None = None,
        **unknown: Any,
    ) -> None:
        super().__init__()
        if unknown:
            raise UsageError(f"--model_args: argus_eval does not know {', '.join(sorted(unknown))}")
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            raise UsageError("argus_eval answers in one process; start lmms-eval without accelerate or torchrun")
        if not str(batch_size).isdigit() or int(batch_size) < 1:
            raise UsageError(f"--batch_size {batch_size}: argus_eval wants a number, the same for every run")
        kind = (device or "auto").partition(":")[0]
        facts = model_facts(model, weights=weights, device=kind, dialect=None)
        if facts.weights == "random":
            logger.warning(f"{facts.label}: its answers, and every score made of them, mean nothing")
        self.batch_size = int(batch_size)
        self._backend: Any = load_backend(
            facts, weights=weights, dtype=dtype, runs_dir=Path(runs_dir), seed=int(seed)
        )
        self._runner: Any = self._backend.runner(_recipes_of(facts, recipes))

    def generate_until(self, requests: Sequence[Any]) -> list[Any]:
        """Answers in order. A question that fails is logged and answered with nothing: the run goes on."""
        answers: list[Any] = []
        with tqdm(total=len(requests), desc="argus_eval", disable=None) as progress:
            for batch in _batches(requests, self.batch_size):
                answers.extend(self._answer(batch))
                progress.update(len(batch))
        return answers

    def generate_until_multi_round(self, requests: Sequence[Any]) -> NoReturn:
        """Not offered."""
        raise NotImplementedError("argus_eval asks in one round; this task wants several")

    def loglikelihood(self, requests: Sequence[Any]) -> NoReturn:
        """Not offered."""
        raise NotImplementedError("argus_eval generates; this task compares likelihoods of given answers")

    def clean(self) -> None:
        """Let go of the model, as lmms-eval does with all of its own once the answers are there."""
        super().clean()
        if self._backend is not None:
            self._backend.close()
        self._backend = self._runner = None

    def _answer(self, batch: Sequence[Any]) -> list[Any]:
        found: list[Response | SampleError] = []
        questions: list[Question] = []
        places: list[int] = []
        for place, request in enumerate(batch):
            try:
                questions.append(self._question(request))
                places.append(place)
            except SampleError as problem:
                found.append(problem)
            else:
                found.append(SampleError("no answer"))
        for place, answer in zip(places, self._runner.answer(questions) if questions else [], strict=True):
            found[place] = answer
        return [_result(request, answer) for request, answer in zip(batch, found, strict=True)]

    def _question(self, request: Any) -> Question:
        turn = self._turn(request)
        images = tuple(encode_picture(picture, ()) for picture in turn.pictures)
        generation = _generation(request)
        decoding = Decoding(max_new_tokens=int(generation.get("max_new_tokens") or DEFAULT_MAX_NEW_TOKENS))
        key = str(request.doc_id)
        asked = Request(key=key, images=images, prompt=turn.text, system=turn.system, decoding=decoding)
        cluster = images[0].sha256 if images else f"document {key}"
        target = AnswersTarget(answers=("",))
        sample = Sample(key=key, images=images, inputs={"prompt": turn.text}, target=target, cluster=cluster)
        return Question(task=_task(request, decoding), sample=sample, request=asked)

    def _turn(self, request: Any) -> Turn:
        raise NotImplementedError


class ArgusEvalChat(_ArgusEval):
    """The form in which a task gives chat messages."""

    is_simple = False

    def _turn(self, request: Any) -> Turn:
        _, doc_to_messages, _, doc_id, task, split = request.args
        try:
            return turn_from_messages(doc_to_messages(self.task_dict[task][split][doc_id]))
        except SampleError as problem:
            raise SampleError(f"{problem}; lmms-eval's --force_simple puts images first") from problem


class ArgusEvalSimple(_ArgusEval):
    """The form in which a task gives a text and images to put in front of it."""

    is_simple = True

    def _turn(self, request: Any) -> Turn:
        text, _, doc_to_visual, doc_id, task, split = request.args
        return turn_from_parts(doc_to_visual(self.task_dict[task][split][doc_id]), text)


def _recipes_of(facts: ModelFacts, text: str) -> tuple[str, ...]:
    target = Target(
        model=facts.name, family=facts.family, staged=facts.staged, backend=facts.backend, device=facts.device
    )
    arms, _ = plan_arms(text, target)
    wanted = [arm for arm in arms if not arm.is_baseline]
    if len(wanted) > 1:
        raise UsageError(f"--model_args recipes={text}: {len(wanted)} arms; lmms-eval runs one")
    return wanted[0].recipes if wanted else ()


def _generation(request: Any) -> Mapping[str, Any]:
    """The request's ``generation_kwargs``, which chat and simple form keep at different places."""
    return next(item for item in request.args if isinstance(item, dict))


def _batches(requests: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Neighbours with the same limit, at most ``size`` of them."""
    for generation, group in itertools.groupby(requests, key=lambda request: dict(_generation(request))):
        if note := greedy_note(generation):
            logger.warning(f"the task {note}")
        while batch := list(itertools.islice(group, size)):
            yield batch


def _result(request: Any, answer: Response | SampleError) -> Any:
    if isinstance(answer, SampleError):
        logger.error(f"{request.task_name}: document {request.doc_id}: {answer}; counted as an empty answer")
        return GenerationResult(text="")
    counts = TokenCounts(input_tokens=answer.lengths.prompt_tokens, output_tokens=answer.lengths.output_tokens)
    return GenerationResult(text=cut_at(answer.text, stop_strings(_generation(request))), token_counts=counts)


def _task(request: Any, decoding: Decoding) -> Task:
    """The name under which a run of ours files the same task, so that ``replay:`` finds its answers."""
    source = SourceSpec(schema="lmms", split=str(request.args[-1]), checked="")
    return Task(
        TaskSpec(
            name=PREFIX + str(request.task_name),
            title=str(request.task_name),
            kind="vqa",
            version=1,
            source=source,
            prompt="lmms-eval",
            prompt_version=1,
            decoding=decoding,
            parser="verbatim",
            metrics=(),
            primary="",
        )
    )
