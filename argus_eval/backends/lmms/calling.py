"""Any model of lmms-eval as a backend: it answers, untimed.

lmms-eval hands a model requests that point into a data set. Here the data set is the batch at hand.
"""

from __future__ import annotations

import gc
import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import Any

from lmms_eval.api.instance import Instance, unwrap_generation_output
from lmms_eval.models import get_model
from PIL import Image, ImageFile

from argus_eval.backends.lmms.naming import LmmsModel
from argus_eval.backends.protocol import ArmRunner, LoadedFacts, ModelFacts, Question
from argus_eval.core.request import Request
from argus_eval.core.response import Lengths, Response
from argus_eval.core.timing import Timing
from argus_eval.errors import ArgusEvalError, EnvironmentError_, SampleError, UsageError
from argus_eval.tasks.lmms.log import quiet_log

__all__ = ["LmmsBackend"]

_TASK, _SPLIT = "argus_eval", "batch"
_NO_SPEED = "a model of lmms-eval is not timed: its adapter reads, prepares and generates in one call"


class LmmsBackend:
    """A model of lmms-eval; it has no recipes and no speed.

    Args:
        facts: of :func:`~argus_eval.backends.lmms.naming.lmms_facts`.
        model: its name and arguments there.

    Raises:
        EnvironmentError_: a package it needs is missing.
        UsageError: lmms-eval cannot make it; the message says what it said.
    """

    def __init__(self, facts: ModelFacts, model: LmmsModel) -> None:
        quiet_log()
        with _loading(facts.name):
            kind = get_model(model.name)
            given = {} if "device" in model.arguments else {"device": facts.device}
            self._model: Any = kind.create_from_arg_string(model.argument_text(), {"batch_size": 1, **given})
        quiet_log()
        self.loaded = LoadedFacts(
            parameters=None,
            dtype="",
            device=facts.device,
            source=model.arguments.get("pretrained", f"lmms-eval's {model.name}"),
            image_processor="",
            weights="trained",
            notes=("answers come through lmms-eval's adapter; speed is not measured",),
        )

    def runner(self, recipes: tuple[str, ...]) -> ArmRunner:
        """The only arm there is."""
        assert not recipes, "recipes for a model of lmms-eval are refused when arms are planned"
        return _LmmsRunner(self._model)

    def twin(self) -> ArmRunner:
        """The same: it is never timed."""
        return _LmmsRunner(self._model)

    def close(self) -> None:
        """Let lmms-eval free the model's memory."""
        self._model.clean()
        self._model = None
        gc.collect()


class _LmmsRunner:
    def __init__(self, model: Any) -> None:
        self._model = model

    def answer(self, questions: Sequence[Question]) -> list[Response | SampleError]:
        """See :class:`~argus_eval.backends.protocol.ArmRunner`."""
        found: list[Response | SampleError] = []
        for question in questions:
            # One by one: many of its adapters take one request at a time, and one that fails spoils no other.
            try:
                found.append(self._one(question.request))
            except SampleError as problem:
                found.append(problem)
        return found

    def time(self, request: Request, *, stages: bool = True, hashes: bool = False) -> Response:
        raise SampleError(_NO_SPEED)

    def host(self, request: Request) -> Timing:
        raise SampleError(_NO_SPEED)

    def _one(self, request: Request) -> Response:
        if request.prefix:
            raise SampleError("lmms-eval cannot force the beginning of an answer, which this prompt does")
        simple = bool(self._model.is_simple)
        if simple and request.system is not None:
            raise SampleError("this model of lmms-eval takes no system turn, which this prompt has")
        pictures = [_picture(image.data) for image in request.images]
        limits = {"max_new_tokens": request.decoding.max_new_tokens, "temperature": 0, "do_sample": False}
        limits["num_beams"] = 1
        self._model.task_dict[_TASK] = {_SPLIT: [{"request": request, "pictures": pictures}]}
        place = (0, _TASK, _SPLIT)
        arguments = (request.prompt, limits, _visuals, *place) if simple else ("", _messages, limits, *place)
        with _sample_boundary():
            instance = Instance(
                request_type="generate_until",
                arguments=arguments,
                idx=0,
                metadata={"task": _TASK, "doc_id": 0, "repeats": 1, "split": _SPLIT},
            )
            text, counts = unwrap_generation_output(self._model.generate_until([instance])[0])
        made = counts.output_tokens if counts is not None else None
        read = counts.input_tokens if counts is not None else None
        limit = request.decoding.max_new_tokens
        return Response(
            text=str(text),
            lengths=Lengths(output_tokens=made, prompt_tokens=read),
            hit_limit=made is not None and made >= limit,
        )


def _visuals(doc: Mapping[str, Any]) -> list[Image.Image]:
    return list(doc["pictures"])


def _messages(doc: Mapping[str, Any]) -> list[dict[str, Any]]:
    request: Request = doc["request"]
    content: list[dict[str, Any]] = [{"type": "image", "url": picture} for picture in doc["pictures"]]
    content.append({"type": "text", "text": request.prompt})
    messages: list[dict[str, Any]] = [{"role": "user", "content": content}]
    if request.system is not None:
        messages.insert(0, {"role": "system", "content": [{"type": "text", "text": request.system}]})
    return messages


def _picture(data: bytes) -> Image.Image:
    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as problem:
        raise SampleError(f"image cannot be decoded: {problem}") from problem


@contextmanager
def _loading(name: str) -> Iterator[None]:
    """Whatever an adapter raises while it is made becomes one line; Pillow stays as strict as it was."""
    truncated = ImageFile.LOAD_TRUNCATED_IMAGES
    try:
        with redirect_stdout(sys.stderr):
            yield
    except ArgusEvalError:
        raise
    except ImportError as problem:
        raise EnvironmentError_(f"--model {name}: lmms-eval needs a package for it: {problem}") from problem
    except Exception as problem:
        first = next(iter(str(problem).splitlines()), "")
        raise UsageError(
            f"--model {name}: lmms-eval cannot make it ({type(problem).__name__}: {first[:300]})"
        ) from problem
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = truncated


@contextmanager
def _sample_boundary() -> Iterator[None]:
    """Whatever goes wrong with one sample becomes its error."""
    try:
        with redirect_stdout(sys.stderr):
            yield
    except SampleError:
        raise
    except Exception as problem:
        first = next(iter(str(problem).splitlines()), "")
        raise SampleError(f"{type(problem).__name__}: {first}"[:500]) from problem
