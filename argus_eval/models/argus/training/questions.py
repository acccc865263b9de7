"""Questions and answers about a scene, in the words the benchmarks will use for this family."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from argus_eval.core.geometry import UnitBox
from argus_eval.core.prediction import Region
from argus_eval.data.scenes.annotate.refcoco import referred
from argus_eval.data.scenes.annotate.registry import annotate
from argus_eval.data.scenes.catalogue import CATEGORIES
from argus_eval.data.scenes.draws import Stream, draws_for
from argus_eval.data.scenes.scene import Scene, SceneObject
from argus_eval.errors import UnknownNameError
from argus_eval.models.argus.location_tokens import LocationVocabulary
from argus_eval.tasks.prompts import PROMPTS

__all__ = ["Question", "QUESTION_KINDS", "questions_of"]

_STYLE = "argus"
_LOCATIONS = LocationVocabulary(first_token_id=0)  # only its text form is used here


class Question(NamedTuple):
    """One turn: what is asked, what is to be answered.

    ``target`` is the best reference in the form a metric wants: a unit box for grounding, else the answer.
    """

    kind: str
    prompt: str
    answer: str
    target: tuple[float, ...] | str


def questions_of(scene: Scene, kinds: tuple[str, ...]) -> list[Question]:
    """Every question of the given kinds that can be asked about a scene, kind by kind.

    Args:
        scene: what is asked about; equal scenes give equal questions.
        kinds: of `QUESTION_KINDS`.

    Raises:
        UnknownNameError: there is no such kind.
    """
    found: list[Question] = []
    for kind in kinds:
        if kind not in _MAKERS:
            raise UnknownNameError("question kind", kind, _MAKERS)
        found += _MAKERS[kind](kind, scene)
    return found


def _prompt(name: str, **fields: str) -> str:
    return PROMPTS[name].for_style(_STYLE).user.format(**fields)


def _unit(thing: SceneObject, scene: Scene) -> UnitBox:
    return thing.box.to_unit(scene.size)


def _grounding(kind: str, scene: Scene) -> Iterator[Question]:
    draws = draws_for(Stream(scene.stream), scene.seed, kind)
    for thing, sentences in referred(scene, draws, places=kind != "refcoco+"):
        box = _unit(thing, scene)
        for sentence in sentences:
            prompt = _prompt("grounding", expression=sentence)
            yield Question(kind, prompt, _LOCATIONS.box_text(box), tuple(box.as_list()))


def _short(kind: str, scene: Scene) -> Iterator[Question]:
    for row in annotate(kind, scene):
        answer = _best_answer(row)
        yield Question(kind, _prompt("short_answer", question=str(row["question"])), answer, answer)


def _reading(kind: str, scene: Scene) -> Iterator[Question]:
    for row in annotate(kind, scene):
        answer = _best_answer(row)
        yield Question(kind, _prompt("question", question=str(row["question"])), answer, answer)


def _detection(kind: str, scene: Scene) -> Iterator[Question]:
    if scene.objects and scene.kind in ("objects", "crowd", "signs"):
        names = ", ".join(category.name for category in CATEGORIES)
        things = sorted(scene.objects, key=lambda thing: (thing.box.x1, thing.box.y1))
        regions = [Region(label=thing.category, box=_unit(thing, scene)) for thing in things]
        answer = _LOCATIONS.regions_text(regions)
        yield Question(kind, _prompt("detection", categories=names), answer, answer)


def _best_answer(row: dict[str, Any]) -> str:
    """The reference that most annotators gave."""
    if "multiple_choice_answer" in row:
        return str(row["multiple_choice_answer"])
    if "answers" in row:
        return str(Counter(row["answers"]).most_common(1)[0][0])
    answer = row["answer"]
    return str(answer[0] if isinstance(answer, list) else answer)


_MAKERS: dict[str, Callable[[str, Scene], Iterator[Question]]] = {
    "refcoco": _grounding,
    "refcoco+": _grounding,
    "textvqa": _short,
    "pope": _short,
    "vqav2": _short,
    "gqa": _short,
    "ocrbench": _reading,
    "coco_detection": _detection,
}

QUESTION_KINDS: tuple[str, ...] = tuple(_MAKERS)
