"""VQA accuracy against values the official scripts gave."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest

from argus_eval.core.prediction import Answer, Parsed, Unparsed
from argus_eval.core.sample import AnswersTarget, Sample
from argus_eval.metrics.registry import METRICS
from argus_eval.metrics.vqa_text import normalize_evalai, normalize_vqa


def sample(*answers: str) -> Sample:
    return Sample(key="1", images=(), inputs={}, target=AnswersTarget(answers=answers), cluster="1")


def accuracy(name: str, text: str, answers: list[str]) -> float:
    metric: Any = METRICS.get(name)
    scores: dict[str, float] = metric.score(Parsed(value=Answer(text=text)), sample(*answers))
    return scores["vqa_accuracy"]


def cases(reference_dir: pathlib.Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((reference_dir / "vqa" / "accuracy_cases_sample.json").read_text())[
        "cases"
    ]
    return found


def test_normal_forms_are_the_official_ones(reference_dir: pathlib.Path) -> None:
    rows = json.loads((reference_dir / "vqa" / "normalisation_sample.json").read_text())["rows"]
    assert [normalize_vqa(row["raw"]) for row in rows] == [row["official"] for row in rows]
    assert [normalize_evalai(row["raw"]) for row in rows] == [row["evalai"] for row in rows]


def test_accuracies_are_the_official_ones(reference_dir: pathlib.Path) -> None:
    for case in cases(reference_dir):
        official = accuracy("vqa_accuracy", case["pred"], case["gt"])
        textvqa = accuracy("vqa_accuracy_evalai", case["pred"], case["gt"])
        assert round(100 * official, 2) == case["official_overall"], case["desc"]
        assert textvqa == pytest.approx(case["textvqa_evaluator"], abs=1e-12), case["desc"]


def test_unanimous_annotators_switch_normalisation_off_in_vqav2_only() -> None:
    assert accuracy("vqa_accuracy", "Black.", ["black"] * 10) == 0
    assert accuracy("vqa_accuracy_evalai", "Black.", ["black"] * 10) == 1
    assert accuracy("vqa_accuracy", "Black.", ["black"] * 9 + ["dark"]) == 1


@pytest.mark.parametrize(
    ("raw", "normal"),
    [
        ("1,000 people", "1000 people"),  # a comma between digits deletes every mark
        ("a/b", "b"),  # the slash becomes a space, the article goes
        ("a /b", "b"),
        ("Im", "im"),  # the table's key has a capital I
        ("somebody'd", "somebodyd"),
        ("3.5.", "3.5"),
        ("." * 40, "." * 8),  # at most 32 periods go
        ("$5 & 10%", "$5 & 10%"),
        ("don\tt", "don t"),
    ],
)
def test_quirks_of_the_original_are_kept(raw: str, normal: str) -> None:
    assert normalize_vqa(raw) == normal


def test_nothing_read_is_wrong_and_an_empty_answer_is_a_text() -> None:
    metric: Any = METRICS.get("vqa_accuracy")
    assert metric.score(Unparsed(reason="missing"), sample(*[""] * 10)) == {"vqa_accuracy": 0.0}
    assert metric.score(Unparsed(reason="empty answer"), sample(*[""] * 10)) == {"vqa_accuracy": 1.0}
