"""DocVQA: questions about pages, with every accepted spelling of the answer.

Schema: hub ``lmms-lab-encoder/DocVQA`` (was ``lmms-lab/DocVQA``), config DocVQA, validation: ``questionId``,
``question``, ``question_types``, ``image``, ``docId``, ``ucsf_document_id``, ``ucsf_document_page_no``,
``answers``, ``data_split``.
"""

from __future__ import annotations

from argus_eval.data.scenes.annotate.identity import Row, image_number, row_number
from argus_eval.data.scenes.draws import Draws
from argus_eval.data.scenes.scene import Document, Scene

__all__ = ["page_questions", "rows"]

_MOST = 4
_PAGE = {
    "receipt": "receipt",
    "form": "form",
    "letter": "letter",
    "table": "table",
    "poster": "poster",
    "note": "note",
}


def rows(scene: Scene, draws: Draws) -> list[Row]:
    """Up to four questions about a page of text."""
    if scene.document is None or scene.kind != "document":
        return []
    asked = draws.sample(page_questions(scene.document), _MOST)
    return [
        {
            "questionId": str(row_number(scene, index)),
            "question": question,
            "question_types": [kind],
            "docId": image_number(scene),
            "ucsf_document_id": scene.id,
            "ucsf_document_page_no": "1",
            "answers": answers,
            "data_split": "val",
        }
        for index, (question, answers, kind) in enumerate(asked)
    ]


def page_questions(page: Document) -> list[tuple[str, list[str], str]]:
    """Question, accepted answers and question type."""
    name = _PAGE.get(page.kind, "document")
    found = []
    if page.title:
        found.append((f"What is the title of the {name}?", [page.title], "layout"))
    for key, value in page.fields:
        if key == "formula":
            continue
        kind = "form" if page.kind in ("form", "receipt") else "free_text"
        found.append((_field_question(page.kind, key, name), _spellings(value), kind))
    for row in page.rows:
        for column, cell in list(zip(page.header, row, strict=True))[1:]:
            question = (
                f"What is the price of {row[0]}?"
                if page.kind == "receipt"
                else f"What is the value of {column} for {row[0]}?"
            )
            found.append((question, _spellings(cell), "table/list"))
    if page.kind == "note" and page.body:
        found.append(("What is written in the first line?", [page.body[0]], "handwritten"))
        found.append(("What is written in the last line?", [page.body[-1]], "handwritten"))
    return found


def _field_question(kind: str, key: str, name: str) -> str:
    if kind == "letter":
        return {"Date": "What is the date of the letter?", "To": "To whom is the letter written?"}.get(
            key, "Who signed the letter?"
        )
    if kind == "poster":
        return {
            "Date": "On which date is the event?",
            "Time": "At what time does the event start?",
            "Place": "Where is the event?",
        }.get(key, "How much are the tickets?")
    return f"What is the {key} on the {name}?"


def _spellings(value: str) -> list[str]:
    return [value, value[1:]] if value.startswith("$") else [value]
