"""Rows as the hub has them, to samples; what is wrong with a row is said in words that can be counted."""

from __future__ import annotations

from typing import Any

import pytest

from argus_eval.core.sample import AnswersTarget, Sample
from argus_eval.data.rows import BadRow
from argus_eval.data.schemas.registry import SCHEMAS
from tests.data.tables import jpeg

IMAGE = {"bytes": jpeg(size=(40, 30)), "path": None}

ROWS: dict[str, dict[str, Any]] = {
    "textvqa": {"question_id": 34602, "question": "what?", "answers": ["nokia", " Nokia "] * 5, "image": IMAGE},
    "vqav2": {
        "question_id": 262148000,
        "question": "Where is he looking?",
        "question_type": "none of the above",
        "answer_type": "other",
        "answers": [{"answer": "down", "answer_confidence": "yes", "answer_id": n} for n in range(10)],
        "image": IMAGE,
    },
    "gqa": {
        "id": "2013",
        "imageId": "n161313",
        "question": "Is it overcast?",
        "answer": "no",
        "image": IMAGE,
    },
    "pope": {
        "question_id": "1",
        "question": "Is there a dog?",
        "answer": "Yes",
        "category": "popular",
        "image": IMAGE,
    },
    "docvqa": {"questionId": "49153", "question": "?", "answers": ["0.28", "0.280"], "image": IMAGE},
    "infovqa": {"questionId": "98313", "question": "?", "answers": ["5"], "image": IMAGE},
    "chartqa": {"type": "human_test", "question": "How many?", "answer": "14", "image": IMAGE},
    "ocrbench": {
        "dataset": "IIIT5K",
        "question": "what is written in the image?",
        "question_type": "Regular Text Recognition",
        "answer": ["CENTRE"],
        "image": IMAGE,
    },
    "coco_caption": {"question_id": "000000179765.jpg", "answer": ["A bike.", "Two bikes."], "image": IMAGE},
    "nocaps": {"image_id": 0, "annotations_captions": [f"caption {n}" for n in range(10)], "image": IMAGE},
}


def read(schema: str, row: dict[str, Any], index: int = 7) -> list[Sample | BadRow]:
    return list(SCHEMAS.get(schema).read(row, index))


def one(schema: str, **changes: Any) -> Sample | BadRow:
    (item,) = read(schema, {**ROWS[schema], **changes})
    return item


@pytest.mark.parametrize(
    ("schema", "key", "answers", "attributes"),
    [
        ("textvqa", "34602", ("nokia", " Nokia ") * 5, {}),
        ("vqav2", "262148000", ("down",) * 10, {"question_type": "none of the above", "answer_type": "other"}),
        ("gqa", "2013", ("no",), {}),
        ("pope", "popular/1", ("yes",), {"category": "popular"}),
        ("docvqa", "49153", ("0.28", "0.280"), {}),
        ("infovqa", "98313", ("5",), {}),
        ("chartqa", "7", ("14",), {"split": "human"}),
        (
            "ocrbench",
            "7",
            ("CENTRE",),
            {"dataset_name": "IIIT5K", "question_type": "Regular Text Recognition"},
        ),
        ("coco_caption", "000000179765.jpg", ("A bike.", "Two bikes."), {}),
        ("nocaps", "0", tuple(f"caption {n}" for n in range(10)), {}),
    ],
)
def test_a_row_as_the_hub_has_it(schema, key, answers, attributes):
    sample = one(schema)
    assert (sample.key, sample.target, dict(sample.attributes)) == (
        key,
        AnswersTarget(answers=answers),
        attributes,
    )
    assert sample.image_size == (40, 30)
    assert sample.cluster == sample.images[0].sha256
    assert sample.inputs == ({"question": ROWS[schema]["question"]} if "question" in ROWS[schema] else {})


def test_vqav2_answers_as_datasets_stores_a_sequence_of_objects():
    lists = {"answer": ["a"] * 9 + ["b"], "answer_confidence": ["yes"] * 10, "answer_id": list(range(10))}
    assert one("vqav2", answers=lists).target.answers == ("a",) * 9 + ("b",)


@pytest.mark.parametrize(
    ("schema", "changes", "reason"),
    [
        ("textvqa", {"question": None}, "question is missing"),
        ("textvqa", {"question": " \n"}, "question is empty"),
        ("textvqa", {"question": 5}, "question is not text"),
        ("textvqa", {"answers": []}, "answers is empty"),
        ("textvqa", {"answers": "nokia"}, "answers is not a list"),
        ("textvqa", {"answers": ["a", None]}, "answers holds something that is not text"),
        ("textvqa", {"image": None}, "image is missing"),
        ("textvqa", {"image": {"bytes": b"", "path": ""}}, "image is missing"),
        ("vqav2", {"answers": []}, "answers is empty"),
        ("vqav2", {"answers": [{"answer_id": 1}]}, "answers holds an item without answer"),
        ("vqav2", {"answers": {"answer": ["a"], "answer_id": []}}, "answers has lists of different lengths"),
        ("vqav2", {"answers": ["a"]}, "answers is not a list of objects"),
        ("pope", {"answer": "maybe"}, "answer is neither yes nor no"),
        ("pope", {"category": None}, "category is missing"),
        ("chartqa", {"type": "train"}, "type is neither human_test nor augmented_test"),
        ("coco_caption", {"answer": None}, "answer is missing"),
    ],
)
def test_what_is_wrong_with_a_row(schema, changes, reason):
    item = one(schema, **changes)
    assert isinstance(item, BadRow)
    assert item.reason == reason


def test_a_bad_row_goes_by_its_own_id_or_its_place():
    assert one("textvqa", image=None).key == "34602"
    assert one("chartqa", image=None).key == "row 7"
    row = {**ROWS["textvqa"], "question_id": None}
    assert read("textvqa", row) == [BadRow(key="row 7", reason="question_id is missing")]


def test_a_row_that_was_bad_before_stays_bad():
    bad = BadRow(key="line 3", reason="not valid JSON")
    assert list(SCHEMAS.get("textvqa").read(bad, 0)) == [bad]


def test_an_image_that_cannot_be_decoded_is_still_a_sample():
    assert one("textvqa", image={"bytes": b"no image", "path": None}).image_size is None
