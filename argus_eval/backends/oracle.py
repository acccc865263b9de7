"""An oracle: answers each question with the task's best reference, written in a given dialect.

It proves the chain behind the model: whatever it does not score, no model can. A task declares what it must read.
"""

from __future__ import annotations

from collections.abc import Sequence

from argus_eval.backends.protocol import ArmRunner, LoadedFacts, Question
from argus_eval.core.geometry import ImageSize, PixelBox, iou
from argus_eval.core.prediction import Parsed, Region, Regions
from argus_eval.core.request import Request
from argus_eval.core.response import Lengths, Response
from argus_eval.core.sample import AnswersTarget, BoxTarget, Sample
from argus_eval.core.timing import Timing
from argus_eval.errors import SampleError
from argus_eval.parsing.answers import ANSWER_PARSERS
from argus_eval.parsing.dialects import DIALECTS
from argus_eval.parsing.protocol import Dialect, ParseContext
from argus_eval.tasks.perfect import as_written, counted
from argus_eval.tasks.reading import parse_context
from argus_eval.tasks.task import Task

__all__ = ["DEFAULT_DIALECT", "OracleBackend", "reference_text"]

DEFAULT_DIALECT = "argus"

# Scales tried where the box itself reads back too far off; every dialect but the coarsest is done with the first.
_SCALES = (1.0, 1.25, 1.5, 0.75, 0.5, 0.0)
_CLOSE_ENOUGH = 0.75


class OracleBackend:
    """Answers from the targets; has no weights, no recipes and no speed."""

    def __init__(self, dialect: str) -> None:
        self._dialect = DIALECTS.get(dialect, where="--model oracle")
        self.loaded = LoadedFacts(
            parameters=None, dtype="", device="", source="references", image_processor="", weights="none"
        )

    def runner(self, recipes: tuple[str, ...]) -> ArmRunner:
        """The only arm there is."""
        assert not recipes, "recipes for an oracle are refused when arms are planned"
        return _OracleRunner(self._dialect)

    def twin(self) -> ArmRunner:
        """The same: an oracle is never timed."""
        return _OracleRunner(self._dialect)

    def close(self) -> None:
        """Nothing to let go of."""


class _OracleRunner:
    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect

    def answer(self, questions: Sequence[Question]) -> list[Response | SampleError]:
        answers: list[Response | SampleError] = []
        for question in questions:
            try:
                text = reference_text(question.task, question.sample, self._dialect)
            except SampleError as problem:
                answers.append(problem)
            else:
                answers.append(Response(text=text, lengths=Lengths(output_tokens=None)))
        return answers

    def time(self, request: Request, *, stages: bool = True, hashes: bool = False) -> Response:
        raise SampleError("an oracle has no speed")

    def host(self, request: Request) -> Timing:
        raise SampleError("an oracle does no host work")


def reference_text(task: Task, sample: Sample, dialect: Dialect) -> str:
    """What a perfect model would write for ``sample``.

    Raises:
        SampleError: the image header cannot be read, so its boxes cannot be written in units of the image.
    """
    target = sample.target
    if isinstance(target, AnswersTarget):
        return _best_answer(task, sample, target.answers)
    size = sample.image_size
    if size is None:
        raise SampleError("image header cannot be read")
    context = parse_context(task.spec, sample)
    try:
        if isinstance(target, BoxTarget):
            return _best_box(target.box, size, sample.inputs.get("expression"), dialect, context)
        return dialect.encode([as_written(region, size) for region in counted(target)], context)
    except ValueError as problem:
        raise SampleError(f"the {dialect.name} dialect cannot write this reference: {problem}") from problem


def _best_box(box: PixelBox, size: ImageSize, label: str | None, dialect: Dialect, context: ParseContext) -> str:
    """The reference box in the dialect; on a coarse grid, or what a box a little larger or smaller reads."""
    best, best_iou = "", -1.0
    for width in _SCALES:
        for height in _SCALES:
            if best_iou >= _CLOSE_ENOUGH:
                return best
            text = dialect.encode([Region(box=_scaled(box, width, height).to_unit(size), label=label)], context)
            parsed = dialect.decode(text, context)
            if isinstance(parsed, Parsed) and isinstance(parsed.value, Regions):
                read = iou(parsed.value.regions[0].box.to_pixels(size), box)
                best, best_iou = (text, read) if read > best_iou else (best, best_iou)
            best = best or text
    return best


def _scaled(box: PixelBox, width: float, height: float) -> PixelBox:
    """The box scaled about its centre."""
    x, y = (box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2
    half_width, half_height = (box.x2 - box.x1) / 2 * width, (box.y2 - box.y1) / 2 * height
    return PixelBox(x - half_width, y - half_height, x + half_width, y + half_height)


def _best_answer(task: Task, sample: Sample, answers: tuple[str, ...]) -> str:
    """The accepted answer that the task's own metric likes best; the first where it needs the corpus."""
    metric = task.metrics[0]
    if hasattr(metric, "reduce"):
        return answers[0]
    parse = ANSWER_PARSERS.get(task.spec.parser)
    context = parse_context(task.spec, sample)

    def value(answer: str) -> float:
        return metric.score(parse(answer, context), sample)[metric.infos[0].name]

    return max(dict.fromkeys(answers), key=value)
