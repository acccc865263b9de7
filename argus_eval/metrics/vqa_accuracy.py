"""Accuracy against ten annotators: VQAv2's official rule and TextVQA's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from argus_eval.core.prediction import Prediction
from argus_eval.core.sample import AnswersTarget, Sample
from argus_eval.errors import UsageError
from argus_eval.metrics.answer_text import answer_text
from argus_eval.metrics.protocol import MetricInfo
from argus_eval.metrics.vqa_text import normalize_evalai, normalize_vqa, plain

__all__ = ["VQA_ACCURACY", "VQA_ACCURACY_EVALAI", "VqaAccuracy", "leave_one_out"]

_ENOUGH = 3  # annotators who must agree for full accuracy


@dataclass(frozen=True, slots=True, kw_only=True)
class VqaAccuracy:
    """Mean over the annotators of ``min(1, matches among the others / 3)``.

    The VQAv2 script normalises (:mod:`argus_eval.metrics.vqa_text`) only where the annotators disagree: for ten
    times "black", the answer "Black." scores 0. TextVQA's normalises always, with its own processor.

    Args:
        normalize: the normal form answers are compared in.
        keep_unanimous: leave answers alone where all annotators wrote the same.
    """

    normalize: Callable[[str], str]
    keep_unanimous: bool
    infos: tuple[MetricInfo, ...]

    def score(self, prediction: Prediction, sample: Sample) -> Mapping[str, float]:
        """One of 0, 0.3, 0.6, 0.9 and 1 where there are ten annotators.

        Raises:
            UsageError: the sample's target is no list of answers.
        """
        if not isinstance(sample.target, AnswersTarget) or not sample.target.answers:
            raise UsageError(f"sample {sample.key!r}: VQA accuracy needs the annotators' answers")
        text = answer_text(prediction)
        value = 0.0 if text is None else self._accuracy(text, sample.target.answers)
        return {self.infos[0].name: value}

    def _accuracy(self, text: str, answers: Sequence[str]) -> float:
        said, given = plain(text), [plain(answer) for answer in answers]
        if not self.keep_unanimous or len(set(given)) > 1:
            said, given = self.normalize(said), [self.normalize(answer) for answer in given]
        return leave_one_out(said, given)


def leave_one_out(answer: str, annotators: Sequence[str]) -> float:
    """Mean over annotators of ``min(1, k / 3)``, k counting the *other* annotators who gave ``answer``.

    >>> leave_one_out("cat", ["cat", "cat"] + ["dog"] * 8)
    0.6
    """
    matches = sum(given == answer for given in annotators)
    scores = [min(1.0, (matches - (given == answer)) / _ENOUGH) for given in annotators]
    return sum(scores) / len(scores)


VQA_ACCURACY = VqaAccuracy(
    normalize=normalize_vqa,
    keep_unanimous=True,
    infos=(
        MetricInfo(
            name="vqa_accuracy",
            higher_is_better=True,
            bounded=True,
            reference="GT-Vision-Lab/VQA PythonEvaluationTools/vqaEvaluation/vqaEval.py",
        ),
    ),
)

VQA_ACCURACY_EVALAI = VqaAccuracy(
    normalize=normalize_evalai,
    keep_unanimous=False,
    infos=(
        MetricInfo(
            name="vqa_accuracy",
            higher_is_better=True,
            bounded=True,
            reference="facebookresearch/mmf m4c_evaluators.py TextVQAAccuracyEvaluator",
        ),
    ),
)
