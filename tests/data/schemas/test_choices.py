from __future__ import annotations

from typing import Any

import pytest

from argus_eval.core.sample import Sample
from argus_eval.data.rows import BadRow
from argus_eval.data.schemas.registry import SCHEMAS
from tests.data.tables import jpeg

IMAGE = {"bytes": jpeg(), "path": None}
AI2D = {"question": "Which?", "options": ["a", "b", "c", "d"], "answer": "2", "image": IMAGE}
SCIENCEQA = {"question": "Which?", "choices": ["x", "y"], "answer": 1, "hint": "Look.", "image": IMAGE}
MMMU = {
    "id": "validation_Art_Theory_12",
    "question": "<image 1> Compare <image 2>.",
    "options": "['$6', '$7, or so', \"it's $8\"]",
    "answer": "B",
    "question_type": "multiple-choice",
    "image_1": IMAGE,
    "image_2": {"bytes": jpeg((9, 9, 9)), "path": None},
    **{f"image_{number}": None for number in range(3, 8)},
}


def one(schema: str, row: dict[str, Any], **changes: Any) -> Sample | BadRow:
    (item,) = SCHEMAS.get(schema).read({**row, **changes}, 4)
    return item


def test_ai2d_counts_options_from_zero_in_text():
    sample = one("ai2d", AI2D)
    assert (sample.key, sample.target.answers, sample.options) == ("4", ("C",), ("a", "b", "c", "d"))
    assert sample.inputs == {"question": "Which?"}


def test_scienceqa_has_a_hint():
    sample = one("scienceqa_img", SCIENCEQA)
    assert (sample.target.answers, sample.options) == (("B",), ("x", "y"))
    assert sample.inputs == {"question": "Which?", "hint": "Look."}
    assert "hint" not in one("scienceqa_img", SCIENCEQA, hint="").inputs


def test_mmmu_keeps_its_options_as_the_text_of_a_list():
    sample = one("mmmu", MMMU)
    assert sample.options == ("$6", "$7, or so", "it's $8")
    assert (sample.key, sample.target.answers, len(sample.images)) == ("validation_Art_Theory_12", ("B",), 2)
    assert sample.attributes == {"subject": "Art_Theory", "question_type": "multiple-choice", "images": 2}


@pytest.mark.parametrize(
    ("answer", "answers"), [("8", ("8",)), ("['8', 'eight']", ("8", "eight")), ("[24, 24.5]", ("24", "24.5"))]
)
def test_mmmu_open_questions_have_no_options_and_perhaps_several_answers(answer, answers):
    sample = one("mmmu", MMMU, question_type="open", options="[]", answer=answer)
    assert (sample.options, sample.target.answers) == ((), answers)


@pytest.mark.parametrize(
    ("schema", "row", "changes", "reason"),
    [
        ("ai2d", AI2D, {"answer": "4"}, "answer is not the number of an option"),
        ("ai2d", AI2D, {"answer": "-1"}, "answer is not the number of an option"),
        ("ai2d", AI2D, {"answer": "B"}, "answer is not the number of an option"),
        ("ai2d", AI2D, {"options": [str(n) for n in range(27)]}, "more options than letters"),
        ("scienceqa_img", SCIENCEQA, {"choices": None}, "choices is missing"),
        ("scienceqa_img", SCIENCEQA, {"image": None}, "image is missing"),
        ("mmmu", MMMU, {"image_1": None, "image_2": None}, "image_1 is missing"),
        ("mmmu", MMMU, {"answer": "D"}, "answer is not the letter of an option"),
        ("mmmu", MMMU, {"options": "[__import__('os')]"}, "options is not a list"),
        ("mmmu", MMMU, {"options": "[" * 5000}, "options is not a list"),
        ("mmmu", MMMU, {"options": "[" + "1," * 20_000 + "]"}, "options is too long"),
        ("mmmu", MMMU, {"options": "[[1]]"}, "options is not a list of texts"),
    ],
)
def test_what_is_wrong_with_a_row(schema, row, changes, reason):
    item = one(schema, row, **changes)
    assert isinstance(item, BadRow)
    assert item.reason == reason
