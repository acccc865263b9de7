"""POPE: object hallucination asked as yes/no questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from argus_eval.core.prediction import Prediction
from argus_eval.core.sample import Sample
from argus_eval.errors import UsageError
from argus_eval.metrics.answer_text import answer_text
from argus_eval.metrics.corpus import WeightedValues, Weights
from argus_eval.metrics.exact_match import accepted_answers
from argus_eval.metrics.protocol import MetricInfo

__all__ = ["POPE", "Pope", "pope_answer"]

_REFERENCE = "RUCAIBox/POPE evaluate.py"
_NO = frozenset(("No", "not", "no"))


def pope_answer(text: str) -> Literal["yes", "no"]:
    """What the official script reads: "no" where ``No``, ``no`` or ``not`` is a word before the first full stop.

    Words are what single spaces separate once commas are gone, so "", "NO", "nope" and "No\\n" are "yes".

    >>> pope_answer("No, there is none."), pope_answer("nope"), pope_answer("There is. Not here.")
    ('no', 'yes', 'yes')
    """
    first_sentence = text.split(".")[0].replace(",", "")
    return "no" if _NO.intersection(first_sentence.split(" ")) else "yes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pope:
    """Accuracy, and F1, precision and recall of "yes", after the official reading of the answer.

    ``yes_ratio`` is the share of predicted "yes" and has no better direction by itself; it is listed as higher is
    better only because a direction must be stated. A question without any answer counts as answered wrongly.
    Where a ratio has nothing below the line (never "yes" predicted) it is ``None``; the original divides by zero.
    """

    infos: tuple[MetricInfo, ...] = tuple(
        MetricInfo(name=name, higher_is_better=True, bounded=True, reference=_REFERENCE)
        for name in ("accuracy", "f1", "precision", "recall", "yes_ratio")
    )

    def statistics(self, prediction: Prediction, sample: Sample) -> tuple[bool, bool]:
        """Whether the reference is "yes", and whether the answer is read as "yes".

        Raises:
            UsageError: the reference is neither "yes" nor "no".
        """
        label = accepted_answers(sample)[0].strip().lower()
        if label not in ("yes", "no"):
            raise UsageError(f"sample {sample.key!r}: a POPE label is 'yes' or 'no', got {label!r}")
        text = answer_text(prediction)
        said_yes = label == "no" if text is None else pope_answer(text) == "yes"
        return label == "yes", said_yes

    def prepare(self, statistics: Sequence[tuple[bool, bool]]) -> WeightedValues:
        """The confusion matrix of each question; what is left to the weights is a product."""
        table = np.array(statistics, dtype=bool).reshape(-1, 2)
        is_yes, said_yes = table[:, 0], table[:, 1]
        cells = np.stack([is_yes & said_yes, ~is_yes & said_yes, is_yes & ~said_yes, ~is_yes & ~said_yes], axis=1)
        counts = cells.astype(np.float64)
        return lambda weights: _summary(counts, np.ones(len(counts)) if weights is None else weights)

    def reduce(
        self, statistics: Sequence[tuple[bool, bool]], weights: Weights | None = None
    ) -> Mapping[str, float | None]:
        """The five numbers from the weighted confusion matrix."""
        return self.prepare(statistics)(weights)


def _summary(cells: NDArray[np.float64], weights: Weights) -> dict[str, float | None]:
    true_yes, false_yes, false_no, true_no = (float(total) for total in weights @ cells)
    total = true_yes + false_yes + false_no + true_no
    return {
        "accuracy": _ratio(true_yes + true_no, total),
        "f1": _ratio(2 * true_yes, 2 * true_yes + false_yes + false_no),
        "precision": _ratio(true_yes, true_yes + false_yes),
        "recall": _ratio(true_yes, true_yes + false_no),
        "yes_ratio": _ratio(true_yes + false_yes, total),
    }


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


POPE = Pope()
