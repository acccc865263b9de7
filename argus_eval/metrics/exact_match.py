"""Accuracy against one reference: free answers (GQA) and multiple choice (AI2D, ScienceQA)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from argus_eval.core.prediction import Prediction
from argus_eval.core.sample import AnswersTarget, Sample
from argus_eval.errors import UsageError
from argus_eval.metrics.answer_text import answer_text
from argus_eval.metrics.protocol import MetricInfo
from argus_eval.metrics.vqa_text import normalize_vqa

__all__ = ["ACCURACY", "GQA_ACCURACY", "Accuracy", "GqaAccuracy", "accepted_answers", "choice_index"]


def accepted_answers(sample: Sample) -> tuple[str, ...]:
    """The reference answers of a sample.

    Raises:
        UsageError: the target is something else, or empty.
    """
    if not isinstance(sample.target, AnswersTarget) or not sample.target.answers:
        raise UsageError(f"sample {sample.key!r}: this metric needs a reference answer")
    return sample.target.answers


def choice_index(text: str, options: Sequence[str]) -> int | None:
    """Which option ``text`` names: by its letter, else by its wording; ``None`` where it names none.

    A letter comes first, because letters are what the prompt asks for: with the options "B" and "A" (labels in a
    diagram), "A" is the first option.

    >>> choice_index("B", ["cat", "dog"]), choice_index("Dog", ["cat", "dog"]), choice_index("C", ["cat", "dog"])
    (1, 1, None)
    """
    said = text.strip().casefold()
    if len(said) == 1 and 0 <= ord(said) - ord("a") < len(options):
        return ord(said) - ord("a")
    return next((i for i, option in enumerate(options) if option.strip().casefold() == said), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """1 where the answer names the right option or, without options, equals a reference.

    Answer and reference may each be a letter or the option's wording. Without options they are compared
    lower-cased and without white space around them, and with nothing else removed.
    """

    infos: tuple[MetricInfo, ...] = (
        MetricInfo(
            name="accuracy",
            higher_is_better=True,
            bounded=True,
            binary=True,
            reference="MMMU-Benchmark/MMMU eval_utils.py eval_multi_choice (the same option, or wrong)",
        ),
    )

    def score(self, prediction: Prediction, sample: Sample) -> Mapping[str, float]:
        """1 or 0.

        Raises:
            UsageError: the reference names none of the options.
        """
        text = answer_text(prediction)
        return {"accuracy": 0.0 if text is None else float(_same(text, sample))}


def _same(text: str, sample: Sample) -> bool:
    references = accepted_answers(sample)
    if not sample.options:
        return any(text.strip().lower() == reference.strip().lower() for reference in references)
    right = {choice_index(reference, sample.options) for reference in references}
    if None in right:
        raise UsageError(
            f"sample {sample.key!r}: the target {references!r} names none of its {len(sample.options)} options"
        )
    return choice_index(text, sample.options) in right


@dataclass(frozen=True, slots=True, kw_only=True)
class GqaAccuracy:
    """GQA's exact match, and beside it the match after VQAv2's normalisation.

    The official script compares the strings as they are; case is folded, as every published number does. The
    second value forgives articles, punctuation and number words, and is never the one to quote.
    """

    infos: tuple[MetricInfo, ...] = (
        MetricInfo(
            name="accuracy",
            higher_is_better=True,
            bounded=True,
            binary=True,
            reference="GQA eval.py (lower-cased equality)",
        ),
        MetricInfo(
            name="accuracy_vqa_norm",
            higher_is_better=True,
            bounded=True,
            binary=True,
            reference="open-mmlab/mmpretrain GQAAcc (equality after the VQA normaliser)",
        ),
    )

    def score(self, prediction: Prediction, sample: Sample) -> Mapping[str, float]:
        """Two values, each 1 or 0."""
        text, references = answer_text(prediction), accepted_answers(sample)
        if text is None:
            return {"accuracy": 0.0, "accuracy_vqa_norm": 0.0}
        exact = any(text.strip().lower() == reference.strip().lower() for reference in references)
        loose = any(normalize_vqa(text) == normalize_vqa(reference) for reference in references)
        return {"accuracy": float(exact), "accuracy_vqa_norm": float(loose)}


ACCURACY = Accuracy()
GQA_ACCURACY = GqaAccuracy()
