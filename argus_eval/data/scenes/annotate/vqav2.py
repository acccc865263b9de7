"""VQAv2: short questions, ten answers with confidences.

Schema: hub ``lmms-lab-encoder/VQAv2`` (was ``lmms-lab/VQAv2``), validation: ``question_type``,
``multiple_choice_answer``, ``answers`` list of {``answer``, ``answer_confidence``, ``answer_id``}, ``image_id``,
``answer_type``, ``question_id``, ``question``, ``image``.
"""

from __future__ import annotations

from argus_eval.data.scenes.annotate.annotators import ten_answers
from argus_eval.data.scenes.annotate.identity import Row, image_number, row_number
from argus_eval.data.scenes.catalogue import plural
from argus_eval.data.scenes.draws import Draws
from argus_eval.data.scenes.language.asking import Query, queries_about
from argus_eval.data.scenes.language.describing import article
from argus_eval.data.scenes.scene import PICTURES, Scene

__all__ = ["rows"]

_MOST = 5
_SKIPPED = {"choose": 1.0, "more": 0.65, "both": 0.65, "exists": 0.2}  # keeps yes/no below a half, as in VQAv2
_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_SIDES = {
    "left of": "to the left of",
    "right of": "to the right of",
    "above": "above",
    "below": "below",
    "next to": "next to",
}


def rows(scene: Scene, draws: Draws) -> list[Row]:
    """Up to five questions about what stands in a scene, of different kinds where possible."""
    if not scene.objects or scene.kind not in PICTURES:
        return []
    by_kind: dict[str, list[Query]] = {}
    for query in queries_about(scene, draws):
        by_kind.setdefault(query.kind, []).append(query)
    kinds = draws.shuffled([kind for kind in by_kind if not draws.chance(_SKIPPED.get(kind, 0.0))])
    chosen = [by_kind[kind][0] for kind in kinds][:_MOST]
    return [_row(scene, index, query, draws) for index, query in enumerate(chosen)]


def _row(scene: Scene, index: int, query: Query, draws: Draws) -> Row:
    question, kind, answer_type, others = _worded(query, draws)
    answers = ten_answers(query.answer, others, draws)
    return {
        "question_type": kind,
        "multiple_choice_answer": query.answer,
        "answers": [
            {
                "answer": answer,
                "answer_confidence": draws.weighted((("yes", 0.85), ("maybe", 0.12), ("no", 0.03))),
                "answer_id": number,
            }
            for number, answer in enumerate(answers, start=1)
        ],
        "image_id": image_number(scene),
        "answer_type": answer_type,
        "question_id": row_number(scene, index),
        "question": question,
    }


def _worded(query: Query, draws: Draws) -> tuple[str, str, str, tuple[str, ...]]:
    """Question, question type, answer type, and what other annotators say."""
    what = query.subject.phrase()
    other = query.other.phrase() if query.other is not None else ""
    side = _SIDES[query.relation] if query.relation is not None else ""
    match query.kind:
        case "count":
            many = what.rsplit(" ", 1)[0] + " " if " " in what and query.subject.colour else ""
            things = many + plural(query.subject.category or "thing")
            form = draws.choice(("How many {} are there?", "How many {} are in the picture?"))
            words = (_NUMBERS[int(query.answer)],) if int(query.answer) < len(_NUMBERS) else ()
            return form.format(things), "how many", "number", (*query.wrong, *words)
        case "colour":
            grey = ("grey",) if query.answer == "gray" else ()
            return (
                f"What color is the {what}?",
                "what color is the",
                "other",
                (*grey, f"dark {query.answer}", query.wrong[0]),
            )
        case "texture":
            noun = {"striped": "stripes", "dotted": "dots", "checkered": "checks"}[query.answer]
            return f"What pattern does the {what} have?", "what", "other", (noun, "pattern")
        case "exists":
            form = draws.choice(("Is there {} in the picture?", "Is there {}?"))
            return form.format(article(what)), "is there a", "yes/no", query.wrong
        case "side":
            return f"Is the {what} {side} the {other}?", "is the", "yes/no", query.wrong
        case "what":
            return f"What is {side} the {other}?", "what is", "other", (article(query.answer), *query.wrong)
        case "more":
            question = f"Are there more {plural(what)} than {plural(other)}?"
            return question, "are there", "yes/no", query.wrong
        case "choose":
            first, second = draws.shuffled([query.answer, query.wrong[0]])
            return f"Is the {what} {first} or {second}?", "is the", "other", query.wrong
        case "both":
            question = f"Are there both {article(what)} and {article(other)} in the picture?"
            return question, "are there", "yes/no", query.wrong
