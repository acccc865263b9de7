"""TextVQA: questions that can only be answered by reading; ten answers each.

Schema: hub ``lmms-lab-encoder/textvqa`` (was ``lmms-lab/textvqa``), validation: ``image_id``, ``question_id``,
``question``, ``question_tokens``, ``image``, ``image_width``, ``image_height``, ``flickr_original_url``,
``flickr_300k_url``, ``answers`` (ten, lower case), ``image_classes``, ``set_name``, ``ocr_tokens``.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from argus_eval.data.scenes.annotate.annotators import misread, ten_answers
from argus_eval.data.scenes.annotate.identity import Row, row_number
from argus_eval.data.scenes.draws import Draws
from argus_eval.data.scenes.language.finding import expressions_for
from argus_eval.data.scenes.language.referring import Extreme, Plain
from argus_eval.data.scenes.language.wording import short_words
from argus_eval.data.scenes.scene import Scene, SceneObject, TextBlock

__all__ = ["Asked", "questions_about", "rows"]

_MOST_ABOUT_ONE = 3

_LABEL_QUESTIONS = {
    "bus": ("what is written on the {}?", "what does the side of the {} say?"),
    "book": ("what is the title of the {}?", "what is the {} about?", "what word is on the {}?"),
    "bottle": ("what brand is the {}?", "what is written on the label of the {}?", "what does the {} say?"),
    "cup": ("what is written on the {}?", "what does the {} say?"),
    "television": ("what is shown on the {}?", "what does the screen of the {} say?"),
}
_SIGN_QUESTIONS = ("what does the {} say?", "what is written on the {}?", "what does it say on the {}?")


class Asked(NamedTuple):
    """A question, its answer, and what hurried people answer instead."""

    question: str
    answer: str
    slips: tuple[str, ...]


def rows(scene: Scene, draws: Draws) -> list[Row]:
    """Rows for the writing in a scene; the same question is never asked twice."""
    asked: dict[str, Asked] = {}
    for block in scene.texts:
        if block.owner is not None:
            for item in questions_about(scene, block, draws):
                asked.setdefault(item.question, item)
    return [_row(scene, index, item, draws) for index, item in enumerate(asked.values())]


def questions_about(scene: Scene, block: TextBlock, draws: Draws) -> list[Asked]:
    """Questions about what is written on one object."""
    assert block.owner is not None, "the text stands on an object"
    thing = scene.objects[block.owner]
    name = _name_of(thing, scene, draws)
    if name is None:
        return []
    found = [_whole(thing, name, block, draws)]
    numbers = [word.text for word in block.words if re.search(r"\d", word.text)]
    if numbers and len(block.words) > 1 and len(numbers) == 1:
        found.append(_number(name, numbers[0], draws))
    lines = {word.line for word in block.words}
    if len(block.words) > 1:
        first, last = block.words[0].text, block.words[-1].text
        place = "at the top" if len(lines) == len(block.words) else "first"
        found.append(_asked(f"what word is {place} on the {name}?", first, draws))
        if not numbers and len(block.words) == 2:
            found.append(_asked(f"what is the last word on the {name}?", last, draws))
    return draws.sample(found, _MOST_ABOUT_ONE)


def _name_of(thing: SceneObject, scene: Scene, draws: Draws) -> str | None:
    """How to speak of an object without saying what is written on it."""
    for expression in expressions_for(thing, scene, draws):
        if isinstance(expression, Plain | Extreme) and expression.what.text is None:
            phrase = short_words(expression, draws).removeprefix("the ")
            if expression.what.category is not None:
                return phrase
    return None


def _whole(thing: SceneObject, name: str, block: TextBlock, draws: Draws) -> Asked:
    forms = _LABEL_QUESTIONS.get(thing.category, _SIGN_QUESTIONS)
    text = block.text
    if thing.category == "bus" and text.isdigit():
        forms = ("what number is the {}?", "what is the number of the {}?")
    slips = [block.words[0].text] if len(block.words) > 1 else []
    return _asked(draws.choice(forms).format(name), text, draws, tuple(slips))


def _number(name: str, number: str, draws: Draws) -> Asked:
    if number.startswith("$"):
        return _asked(f"what is the price on the {name}?", number, draws, (number[1:], f"{number[1:]} dollars"))
    if number.endswith("%"):
        return _asked(f"what percentage is on the {name}?", number, draws, (number[:-1],))
    if ":" in number:
        return _asked(f"what time is written on the {name}?", number, draws, (number.replace(":", ""),))
    return _asked(f"what number is on the {name}?", number, draws, (number[:-1] or number,))


def _asked(question: str, answer: str, draws: Draws, slips: tuple[str, ...] = ()) -> Asked:
    answer = answer.lower()
    wrong = (misread(answer, draws), "unanswerable") if len(answer) > 2 else ("unanswerable",)
    return Asked(question, answer, (*(slip.lower() for slip in slips), *wrong))


def _row(scene: Scene, index: int, item: Asked, draws: Draws) -> Row:
    return {
        "image_id": scene.id,
        "question_id": row_number(scene, index),
        "question": item.question,
        "question_tokens": re.findall(r"[\w$%:']+", item.question),
        "image_width": scene.width,
        "image_height": scene.height,
        "flickr_original_url": "",
        "flickr_300k_url": "",
        "answers": ten_answers(item.answer, item.slips, draws),
        "image_classes": sorted({thing.category for thing in scene.objects}),
        "set_name": "val",
        "ocr_tokens": [word.text for block in scene.texts for word in block.words],
    }
