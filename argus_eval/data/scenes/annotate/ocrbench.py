"""OCRBench: reading in ten settings; right if any answer stands in the output.

Schema: hub ``echo840/OCRBench``, test: ``dataset``, ``question``, ``question_type``, ``answer`` list, ``image``.
``dataset`` is "synthetic", but ``HME100k`` for handwritten formulas: the official rule for formulas (case kept,
blanks dropped) hangs on that name.
"""

from __future__ import annotations

import re

from argus_eval.data.scenes.annotate import docvqa_val, textvqa
from argus_eval.data.scenes.annotate.identity import Row
from argus_eval.data.scenes.draws import Draws
from argus_eval.data.scenes.scene import Scene, TextBlock
from argus_eval.data.scenes.words import known

__all__ = ["rows"]

_BARE = "what is written in the image?"
_TURNED_DEGREES = 4.0
_ITEM = " Answer this question using the text in the image directly."


def rows(scene: Scene, draws: Draws) -> list[Row]:
    """Rows for whatever can be read in a scene."""
    if scene.document is not None and scene.kind == "document":
        return _page(scene, draws)
    blocks = [block for block in scene.texts if block.owner is not None]
    if len(blocks) == 1:
        return [_row(_kind(blocks[0], scene), _BARE, [blocks[0].text])]
    return [
        _row("Scene Text-centric VQA", asked.question, [asked.answer])
        for block in blocks
        for asked in textvqa.questions_about(scene, block, draws)[:1]
    ]


def _kind(block: TextBlock, scene: Scene) -> str:
    """Which of the recognition settings a single piece of writing belongs to."""
    assert block.owner is not None, "the writing stands on an object"
    if re.fullmatch(r"[\d$%:]+", block.text):
        return "Digit String Recognition"
    if not all(known(word.text) for word in block.words if not re.search(r"\d", word.text)):
        return "Non-Semantic Text Recognition"
    if block.face == "stroke":
        return "Artistic Text Recognition"
    if abs(scene.objects[block.owner].turn_degrees) >= _TURNED_DEGREES:
        return "Irregular Text Recognition"
    return "Regular Text Recognition"


def _page(scene: Scene, draws: Draws) -> list[Row]:
    page = scene.document
    assert page is not None, "the caller has looked"
    formula = dict(page.fields).get("formula")
    if formula is not None:
        # LaTeX, as the official answers write it.
        text = formula.replace("×", r"\times")
        question = "Please write out the expression of the formula in the image using LaTeX format."
        return [_row("Handwritten Mathematical Expression Recognition", question, [text], "HME100k")]
    if page.kind == "note":
        return [_row("Handwriting Recognition", "what is written in the first line of the image?", [page.body[0]])]
    questions = docvqa_val.page_questions(page)
    extracted = [asked for asked in questions if asked[2] == "form"]
    others = [asked for asked in questions if asked[2] != "form"]
    return [
        *(
            _row("Key Information Extraction", question + _ITEM, answers)
            for question, answers, _ in draws.sample(extracted, 2)
        ),
        *(_row("Doc-oriented VQA", question, answers) for question, answers, _ in draws.sample(others, 2)),
    ]


def _row(kind: str, question: str, answers: list[str], dataset: str = "synthetic") -> Row:
    return {"dataset": dataset, "question": question, "question_type": kind, "answer": answers}
