"""ChartQA: exact text, or a number within five per cent."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from argus_eval.core.prediction import Prediction
from argus_eval.core.sample import Sample
from argus_eval.metrics.answer_text import answer_text
from argus_eval.metrics.corpus import Weights
from argus_eval.metrics.exact_match import accepted_answers
from argus_eval.metrics.protocol import MetricInfo

__all__ = [
    "RELAXED_ACCURACY",
    "RELAXED_ACCURACY_BY_SPLIT",
    "RELAXED_ACCURACY_CLEAN",
    "RelaxedAccuracy",
    "RelaxedAccuracyBySplit",
    "relaxed_match",
]

_TOLERANCE = 0.05
_REFERENCE = "google-research/pix2struct metrics.py relaxed_correctness"
_DECORATION = re.compile(r"[$€£¥,\s]")
_SPLITS = ("human", "augmented")


def relaxed_match(text: str, reference: str) -> bool:
    """Whether ``text`` is within 5 % of a numeric ``reference``, or the same string but for case.

    Numbers are what ``float`` reads, with a final ``%`` dividing by 100; nothing is stripped. A reference of zero
    is compared as a string, and so is "977,633".

    >>> relaxed_match("104.9", "100"), relaxed_match("0.27", "27%"), relaxed_match("27", "27%")
    (True, True, False)
    """
    said, given = _to_float(text), _to_float(reference)
    if said is not None and given:
        return abs(said - given) / abs(given) <= _TOLERANCE
    return text.lower() == reference.lower()


def _to_float(text: str) -> float | None:
    try:
        return float(text.rstrip("%")) / 100.0 if text.endswith("%") else float(text)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaxedAccuracy:
    """1 where the answer matches a reference (:func:`relaxed_match`).

    With ``clean`` currency signs, thousands separators, white space and a final full stop are removed from both
    sides first; that is another metric and has another name.
    """

    clean: bool = False
    infos: tuple[MetricInfo, ...]

    def score(self, prediction: Prediction, sample: Sample) -> Mapping[str, float]:
        """1 or 0."""
        text, references = answer_text(prediction), accepted_answers(sample)
        if text is None:
            return {self.infos[0].name: 0.0}
        pairs = ((_cleaned(text), _cleaned(ref)) if self.clean else (text, ref) for ref in references)
        return {self.infos[0].name: float(any(relaxed_match(said, given) for said, given in pairs))}


def _cleaned(text: str) -> str:
    return _DECORATION.sub("", text).removesuffix(".")


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaxedAccuracyBySplit:
    """Relaxed accuracy of the human-written and of the machine-generated questions.

    A sample's ``split`` attribute says which it is; a split without samples has no value.
    """

    infos: tuple[MetricInfo, ...] = tuple(
        MetricInfo(name=f"relaxed_accuracy_{split}", higher_is_better=True, bounded=True, reference=_REFERENCE)
        for split in _SPLITS
    )

    def statistics(self, prediction: Prediction, sample: Sample) -> tuple[str, float]:
        """The split and whether the answer is right."""
        right = RELAXED_ACCURACY.score(prediction, sample)["relaxed_accuracy"]
        return str(sample.attributes.get("split", "")), right

    def reduce(
        self, statistics: Sequence[tuple[str, float]], weights: Weights | None = None
    ) -> Mapping[str, float | None]:
        """The weighted share of right answers in each split."""
        right = np.array([value for _, value in statistics], dtype=np.float64)
        counts = np.ones(len(right)) if weights is None else weights
        values: dict[str, float | None] = {}
        for split in _SPLITS:
            here = counts * np.array([name == split for name, _ in statistics], dtype=np.float64)
            total = float(here.sum())
            values[f"relaxed_accuracy_{split}"] = float(here @ right) / total if total > 0 else None
        return values


RELAXED_ACCURACY = RelaxedAccuracy(
    infos=(
        MetricInfo(
            name="relaxed_accuracy", higher_is_better=True, bounded=True, binary=True, reference=_REFERENCE
        ),
    )
)
RELAXED_ACCURACY_CLEAN = RelaxedAccuracy(
    clean=True,
    infos=(
        MetricInfo(
            name="relaxed_accuracy_clean",
            higher_is_better=True,
            bounded=True,
            binary=True,
            reference="ours: relaxed_accuracy after removing currency signs, separators and white space",
        ),
    ),
)
RELAXED_ACCURACY_BY_SPLIT = RelaxedAccuracyBySplit()
