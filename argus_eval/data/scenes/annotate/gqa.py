"""GQA: compositional questions with their reasoning steps and one answer.

Schema: hub ``lmms-lab-encoder/GQA`` (was ``lmms-lab/GQA``), ``testdev_balanced_instructions``: ``id``,
``imageId``, ``question``, ``answer``, ``fullAnswer``, ``isBalanced``, ``groups``, ``entailed``, ``equivalent``,
``types``, ``annotations``, ``semantic``, ``semanticStr``. There the images are a second table; here ``image`` is
joined.
"""

from __future__ import annotations

from typing import NamedTuple

from argus_eval.data.scenes.annotate.identity import Row, row_number
from argus_eval.data.scenes.draws import Draws
from argus_eval.data.scenes.language.asking import Query, queries_about
from argus_eval.data.scenes.language.describing import Description, article
from argus_eval.data.scenes.scene import PICTURES, Scene

__all__ = ["rows"]

_MOST = 4
_SIDES = {
    "left of": "to the left of",
    "right of": "to the right of",
    "above": "above",
    "below": "below",
    "next to": "next to",
}


class _Step(NamedTuple):
    operation: str
    argument: str
    dependencies: tuple[int, ...]


class _Worded(NamedTuple):
    question: str
    full_answer: str
    structural: str
    semantic: str
    detailed: str
    steps: tuple[_Step, ...]


def rows(scene: Scene, draws: Draws) -> list[Row]:
    """Up to four questions of different kinds about a scene."""
    if not scene.objects or scene.kind not in PICTURES:
        return []
    by_kind: dict[str, Query] = {}
    for query in queries_about(scene, draws):
        if query.kind not in ("count", "more", "texture"):
            by_kind.setdefault(query.kind, query)
    chosen = draws.sample(list(by_kind.values()), _MOST)
    return [_row(scene, index, query, draws) for index, query in enumerate(chosen)]


def _row(scene: Scene, index: int, query: Query, draws: Draws) -> Row:
    worded = _worded(query, draws)
    key = str(row_number(scene, index))
    return {
        "id": key,
        "imageId": scene.id,
        "question": worded.question,
        "answer": query.answer,
        "fullAnswer": worded.full_answer,
        "isBalanced": True,
        "groups": {"global": query.kind, "local": f"{query.kind}-{query.subject.phrase()}"},
        "entailed": "",
        "equivalent": key,
        "types": {"structural": worded.structural, "semantic": worded.semantic, "detailed": worded.detailed},
        "annotations": {
            "question": [{"objectId": "0", "value": str(at)} for at in query.things],
            "answer": [],
            "fullAnswer": [],
        },
        "semantic": [
            {"operation": step.operation, "argument": step.argument, "dependencies": list(step.dependencies)}
            for step in worded.steps
        ],
        "semanticStr": "->".join(
            f"{step.operation}: {step.argument} {list(step.dependencies)}" for step in worded.steps
        ),
    }


def _select(what: Description) -> tuple[_Step, ...]:
    steps = [_Step("select", what.category or "object", ())]
    for value in (what.texture, what.colour):
        if value is not None:
            steps.append(_Step("filter", value, (len(steps) - 1,)))
    return tuple(steps)


def _worded(query: Query, draws: Draws) -> _Worded:
    what = query.subject.phrase()
    other = query.other.phrase() if query.other is not None else ""
    side = _SIDES[query.relation] if query.relation is not None else ""
    chain = _select(query.subject)
    last = (len(chain) - 1,)
    match query.kind:
        case "colour":
            return _Worded(
                draws.choice(("What color is the {}?", "Which color is the {}?")).format(what),
                f"The {what} is {query.answer}.",
                "query", "attr", "color", (*chain, _Step("query", "color", last)),
            )  # fmt: skip
        case "choose":
            first, second = draws.shuffled([query.answer, query.wrong[0]])
            return _Worded(
                f"Is the {what} {first} or {second}?",
                f"The {what} is {query.answer}.",
                "choose", "attr", "chooseAttr", (*chain, _Step("choose color", f"{first}|{second}", last)),
            )  # fmt: skip
        case "exists":
            form = draws.choice(("Is there {} in the image?", "Do you see {}?"))
            full = f"Yes, there is {article(what)}." if query.answer == "yes" else f"No, there is no {what}."
            return _Worded(
                form.format(article(what)), full,
                "verify", "obj", "exist", (*chain, _Step("exist", "?", last)),
            )  # fmt: skip
        case "side":
            full = (
                f"{query.answer.capitalize()}, it is{'' if query.answer == 'yes' else ' not'} {side} the {other}."
            )
            return _Worded(
                f"Is the {what} {side} the {other}?", full,
                "verify", "rel", "relVerify", (*chain, _Step("verify rel", f"{other},{side},s", last)),
            )  # fmt: skip
        case "what":
            anchor = _select(query.other) if query.other is not None else ()
            end = (len(anchor) - 1,)
            return _Worded(
                f"What is {side} the {other}?",
                f"The {query.answer} is {side} the {other}.",
                "query", "rel", "relS",
                (*anchor, _Step("relate", f"_,{side},s", end), _Step("query", "name", (len(anchor),))),
            )  # fmt: skip
        case _:
            full = "Yes, there are both." if query.answer == "yes" else "No, there are not both."
            return _Worded(
                f"Are there both {article(what)} and {article(other)} in the image?", full,
                "logical", "obj", "existAnd", (*chain, _Step("exist", "?", last), _Step("and", other, last)),
            )  # fmt: skip
