"""OCRBench: the reference occurs in the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from argus_eval.core.prediction import Prediction
from argus_eval.core.sample import Sample
from argus_eval.metrics.answer_text import answer_text
from argus_eval.metrics.exact_match import accepted_answers
from argus_eval.metrics.protocol import MetricInfo

__all__ = ["ANSWER_LENGTH", "OCRBENCH_SCORE", "AnswerLength", "OcrbenchScore"]

#: Handwritten formulas: case matters and every space goes.
_FORMULAS = "HME100k"


@dataclass(frozen=True, slots=True, kw_only=True)
class OcrbenchScore:
    """1 where any accepted answer is a substring of the prediction.

    The published score is the sum over the 1,000 items, that is 1,000 times this mean. A long answer is favoured:
    "1 2 3 4 5" is right wherever the reference is a digit.
    """

    infos: tuple[MetricInfo, ...] = (
        MetricInfo(
            name="ocrbench_score",
            higher_is_better=True,
            bounded=True,
            binary=True,
            reference="Yuliang-Liu/MultimodalOCR OCRBench/example.py (as a share of the items)",
        ),
    )

    def score(self, prediction: Prediction, sample: Sample) -> Mapping[str, float]:
        """1 or 0."""
        text, references = answer_text(prediction), accepted_answers(sample)
        if text is None:
            return {"ocrbench_score": 0.0}
        fold = _fold_formula if sample.attributes.get("dataset_name") == _FORMULAS else _fold_text
        return {"ocrbench_score": float(any(fold(reference) in fold(text) for reference in references))}


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerLength:
    """Characters of an answer: a substring test favours long ones, so their length stands beside it."""

    infos: tuple[MetricInfo, ...] = (
        MetricInfo(
            name="answer_characters",
            higher_is_better=False,
            bounded=False,
            reference="ours: length of the answer after parsing",
        ),
    )

    def score(self, prediction: Prediction, sample: Sample) -> Mapping[str, float]:
        """The number of characters; 0 for what could not be read."""
        del sample
        return {"answer_characters": float(len(answer_text(prediction) or ""))}


def _fold_text(text: str) -> str:
    return text.lower().strip().replace("\n", " ")


def _fold_formula(text: str) -> str:
    return text.strip().replace("\n", " ").replace(" ", "")


OCRBENCH_SCORE = OcrbenchScore()
ANSWER_LENGTH = AnswerLength()
