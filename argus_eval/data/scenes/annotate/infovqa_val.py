"""InfographicVQA: questions about pages of pictures and numbers.

Schema: hub ``lmms-lab-encoder/DocVQA`` (was ``lmms-lab/DocVQA``), config InfographicVQA, validation:
``questionId``, ``question``, ``answers``, ``answer_type``, ``image``, ``image_url``, ``operation/reasoning``,
``ocr``, ``data_split``.
"""

from __future__ import annotations

import json

from argus_eval.data.scenes.annotate.identity import Row, row_number
from argus_eval.data.scenes.draws import Draws
from argus_eval.data.scenes.scene import Document, Scene

__all__ = ["rows"]

_MOST = 5

#: Question, accepted answers, answer type, operation.
_Asked = tuple[str, list[str], str, list[str]]


def rows(scene: Scene, draws: Draws) -> list[Row]:
    """Up to five questions about an infographic."""
    if scene.document is None or scene.kind != "infographic":
        return []
    lines = json.dumps([{"Text": block.text} for block in scene.texts])
    asked = draws.sample(_questions(scene.document, scene, draws), _MOST)
    return [
        {
            "questionId": str(row_number(scene, index)),
            "question": question,
            "answers": answers,
            "answer_type": [kind],
            "image_url": f"{scene.id}.jpeg",
            "operation/reasoning": operation,
            "ocr": lines,
            "data_split": "val",
        }
        for index, (question, answers, kind, operation) in enumerate(asked)
    ]


def _questions(page: Document, scene: Scene, draws: Draws) -> list[_Asked]:
    numbers = [(said, int(value.rstrip("%"))) for said, value in page.fields]
    found: list[_Asked] = [
        (f"What percentage of people {said}?", [f"{number}%", f"{number} %", str(number)], "single span", [])
        for said, number in numbers
    ]
    said, number = draws.choice(numbers)
    verb, thing = said.split(" ", 1)
    found.append((f"What do {number}% of people {_plain(verb)}?", [thing], "single span", []))
    highest = max(numbers, key=lambda pair: pair[1])[0].split(" ", 1)[1]
    lowest = min(numbers, key=lambda pair: pair[1])[0].split(" ", 1)[1]
    found.append(("Which things have the highest percentage?", [highest], "single span", ["comparison"]))
    found.append(("Which things have the lowest percentage?", [lowest], "single span", ["comparison"]))
    found.append(("What is the title of the infographic?", [page.title], "single span", []))
    found.append(("How many percentages are shown?", [str(len(numbers))], "non-extractive", ["counting"]))
    shown = draws.choice(scene.objects)
    found.append((f"What is the color of the {shown.category}?", [shown.colour], "non-extractive", []))
    rest = 100 - number
    answers = [f"{rest}%", f"{rest} %", str(rest)]
    found.append((f"What percentage of people do not {_plain(said)}?", answers, "non-extractive", ["arithmetic"]))
    return found


def _plain(words: str) -> str:
    """The infinitive of the few verbs that stand in the past."""
    return words.replace("bought", "buy").replace("found", "find")
