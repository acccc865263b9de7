"""Subsets by name: each value is the plain metric on the samples of the subset."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from argus_eval.core.prediction import Answer, Parsed
from argus_eval.core.sample import AnswersTarget, Sample
from argus_eval.metrics.captions import CAPTIONS
from argus_eval.metrics.grouped import (
    ACCURACY_BY_SUBJECT,
    MMMU_BY_DISCIPLINE,
    NOCAPS_BY_DOMAIN,
    OCRBENCH_BY_GROUP,
    POPE_BY_SPLIT,
    VQA_BY_ANSWER_TYPE,
)
from argus_eval.metrics.pope import POPE
from argus_eval.metrics.registry import METRICS


def sample(*answers: str, **attributes: Any) -> Sample:
    return Sample(
        key="1",
        images=(),
        inputs={},
        target=AnswersTarget(answers=answers),
        cluster="1",
        attributes=attributes,
    )


def said(text: str) -> Parsed:
    return Parsed(value=Answer(text=text))


def values(metric: Any, *pairs: tuple[str, Sample], weights: Any = None) -> Any:
    return metric.reduce([metric.statistics(said(text), item) for text, item in pairs], weights)


def test_a_subset_has_the_mean_of_its_samples_and_an_absent_one_is_not_listed() -> None:
    pairs = [
        ("yes", sample(*["yes"] * 10, answer_type="yes/no")),
        ("no", sample(*["yes"] * 10, answer_type="yes/no")),
        ("cat", sample(*["cat"] * 10, answer_type="other")),
        ("cat", sample(*["cat"] * 10)),
    ]
    assert values(VQA_BY_ANSWER_TYPE, *pairs) == {"vqa_accuracy_yes_no": 0.5, "vqa_accuracy_other": 1.0}
    weighted = values(VQA_BY_ANSWER_TYPE, *pairs, weights=np.array([3.0, 1.0, 0.0, 9.0]))
    assert weighted == {"vqa_accuracy_yes_no": 0.75, "vqa_accuracy_other": None}


@pytest.mark.parametrize(
    ("metric", "attribute", "given", "name"),
    [
        (ACCURACY_BY_SUBJECT, "subject", "natural science", "accuracy_natural_science"),
        (MMMU_BY_DISCIPLINE, "subject", "Art_Theory", "accuracy_art_and_design"),
        (MMMU_BY_DISCIPLINE, "subject", "Mechanical_Engineering", "accuracy_tech_and_engineering"),
        (OCRBENCH_BY_GROUP, "question_type", "Doc-oriented VQA", "ocrbench_document_vqa"),
        (OCRBENCH_BY_GROUP, "question_type", "Digit String Recognition", "ocrbench_recognition"),
    ],
)
def test_published_names_lead_to_their_subset(metric: Any, attribute: str, given: str, name: str) -> None:
    item = replace(sample("A", **{attribute: given}), options=("x", "y"))
    assert values(metric, ("A", item)) == {name: 1.0}


def test_mmmu_has_thirty_subjects_in_six_disciplines() -> None:
    assert len(MMMU_BY_DISCIPLINE.groups) == 6
    assert len(OCRBENCH_BY_GROUP.groups) == 5


def test_pope_s_mean_is_of_the_three_splits() -> None:
    rng = np.random.default_rng(0)
    pairs = [
        (str(rng.choice(["yes", "no"])), sample(str(rng.choice(["yes", "no"])), category=split))
        for split in ("random", "popular", "adversarial")
        for _ in range(20)
    ]
    found = values(POPE_BY_SPLIT, *pairs)
    each = [values(POPE, *pairs[i : i + 20])["f1"] for i in (0, 20, 40)]
    assert [found["f1_random"], found["f1_popular"], found["f1_adversarial"]] == each
    assert found["f1_mean"] == pytest.approx(np.mean(each))
    assert "f1_mean" not in values(POPE_BY_SPLIT, *pairs[:20])


def test_a_domain_is_scored_with_its_own_document_frequencies() -> None:
    near = [(f"a cat on mat {i}", sample(f"a cat on a mat {i}", domain="near-domain")) for i in range(5)]
    out = [(f"a yak {i}", sample(f"one yak stands {i}", domain="out-domain")) for i in range(4)]
    found = values(NOCAPS_BY_DOMAIN, *near, *out)
    alone = values(CAPTIONS, *near)
    assert found["CIDEr_near"] == alone["CIDEr"]
    assert found["BLEU-4_near"] == alone["BLEU-4"]
    assert set(found) == {"CIDEr_near", "BLEU-4_near", "CIDEr_out", "BLEU-4_out"}


@pytest.mark.parametrize(
    "name",
    ["accuracy_by_subject", "mmmu_by_discipline", "vqa_by_answer_type", "pope_by_split", "ocrbench_by_group"],
)
def test_values_are_those_that_are_announced(name: str) -> None:
    infos = METRICS.get(name).infos
    assert len({info.name for info in infos}) == len(infos)
    assert all(info.reference for info in infos)
