"""MMMU: questions from many fields, with options or open; the image is named in the text.

Schema: hub ``lmms-lab-encoder/MMMU`` (was ``lmms-lab/MMMU``), validation: ``id``, ``question`` with ``<image 1>``,
``options`` the Python text of a list, ``explanation``, ``image_1`` … ``image_7``, ``img_type``, ``answer`` a
letter or the text, ``topic_difficulty``, ``question_type`` multiple-choice or open, ``subfield``.
"""

from __future__ import annotations

from argus_eval.data.scenes.annotate.choices import about_chart, about_diagram, about_objects
from argus_eval.data.scenes.annotate.docvqa_val import page_questions
from argus_eval.data.scenes.annotate.identity import Row, row_number
from argus_eval.data.scenes.draws import Draws
from argus_eval.data.scenes.scene import Scene

__all__ = ["rows"]

_MOST = 2
_LETTERS = "ABCD"
_FIELDS = {
    "chart": ("Economics", "Statistics", "['Plots and Charts']"),
    "document": ("Accounting", "Financial Accounting", "['Tables']"),
    "diagram": ("Biology", "Ecology", "['Diagrams']"),
    "objects": ("Design", "Visual Design", "['Photographs']"),
}


def rows(scene: Scene, draws: Draws) -> list[Row]:
    """Up to two questions about a chart, a table, a diagram or a picture."""
    if scene.kind not in _FIELDS:
        return []
    if scene.document is not None:
        return _open(scene, draws)
    choices = (
        about_diagram(scene.diagram, scene, draws)
        if scene.diagram is not None
        else [*about_chart(scene, draws), *([] if scene.chart else about_objects(scene, draws))]
    )
    return [
        _row(scene, index, choice.question, list(choice.options), _LETTERS[choice.right], draws)
        for index, choice in enumerate(choices[:_MOST])
    ]


def _open(scene: Scene, draws: Draws) -> list[Row]:
    """Open questions with a number for an answer."""
    assert scene.document is not None, "the caller has looked"
    numbers = [
        (question, answers[-1])
        for question, answers, kind in page_questions(scene.document)
        if kind == "table/list" and answers[-1].replace(".", "").isdigit()
    ]
    return [
        _row(scene, index, question, [], answer, draws)
        for index, (question, answer) in enumerate(draws.sample(numbers, _MOST))
    ]


def _row(scene: Scene, index: int, question: str, options: list[str], answer: str, draws: Draws) -> Row:
    field, subfield, image_type = _FIELDS[scene.kind]
    opening = draws.choice(("Look at <image 1>. ", "<image 1> ", "Consider the following picture. <image 1> "))
    return {
        "id": f"validation_{field}_{row_number(scene, index)}",
        "question": opening + question,
        "options": repr(options),
        "explanation": "",
        **{f"image_{number}": None for number in range(2, 8)},
        "img_type": image_type,
        "answer": answer,
        "topic_difficulty": draws.choice(("Easy", "Medium")),
        "question_type": "multiple-choice" if options else "open",
        "subfield": subfield,
    }
