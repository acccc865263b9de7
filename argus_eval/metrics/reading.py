"""Reading of text: character and word error rates, 1-NED, and word accuracy in three degrees of strictness."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from rapidfuzz.distance import Levenshtein

from argus_eval.core.prediction import Prediction
from argus_eval.core.sample import Sample
from argus_eval.metrics.answer_text import answer_text
from argus_eval.metrics.corpus import WeightedValues, Weights
from argus_eval.metrics.exact_match import accepted_answers
from argus_eval.metrics.protocol import MetricInfo

__all__ = ["READING", "Reading", "ReadingStatistic"]

_SYMBOLS = re.compile(r"[^A-Za-z0-9\u4e00-\u9fa5]")
_MMOCR = "open-mmlab/mmocr evaluation/metrics/recog_metric.py"
_RATES = "edits over the length of the references, both summed over the corpus (jiwer)"


class ReadingStatistic(NamedTuple):
    """Edits and lengths of one text in characters and words, its 1-NED, and whether it is right, thrice."""

    character_edits: int
    characters: int
    word_edits: int
    words: int
    similarity: float
    exact: float
    ignore_case: float
    ignore_case_symbol: float


class Reading:
    """How well a text was read. Unreadable and missing predictions are empty texts.

    ``cer`` and ``wer`` may exceed 1 and are no means of ratios. ``1-ned`` is the mean of one minus the edit
    distance over the longer length (ICDAR 2019 ReCTS), on texts in lower case without symbols. Where several
    answers are accepted, the closest by characters counts.
    """

    infos: tuple[MetricInfo, ...] = (
        MetricInfo(name="cer", higher_is_better=False, bounded=False, reference=_RATES),
        MetricInfo(name="wer", higher_is_better=False, bounded=False, reference=_RATES),
        MetricInfo(name="1-ned", higher_is_better=True, bounded=True, reference=f"{_MMOCR} OneMinusNEDMetric"),
        *(
            MetricInfo(name=name, higher_is_better=True, bounded=True, reference=f"{_MMOCR} WordMetric")
            for name in ("word_accuracy", "word_accuracy_ignore_case", "word_accuracy_ignore_case_symbol")
        ),
    )

    def statistics(self, prediction: Prediction, sample: Sample) -> ReadingStatistic:
        """Counts of one sample.

        Raises:
            UsageError: the sample has no reference text.
        """
        said = answer_text(prediction) or ""
        wanted = min(accepted_answers(sample), key=lambda text: Levenshtein.distance(text, said))
        bare = _bare(said), _bare(wanted)
        longest = max(map(len, bare))
        return ReadingStatistic(
            character_edits=Levenshtein.distance(wanted, said),
            characters=len(wanted),
            word_edits=Levenshtein.distance(wanted.split(), said.split()),
            words=len(wanted.split()),
            similarity=1.0 - Levenshtein.distance(*bare) / longest if longest else 1.0,
            exact=float(said == wanted),
            ignore_case=float(said.lower() == wanted.lower()),
            ignore_case_symbol=float(bare[0] == bare[1]),
        )

    def prepare(self, statistics: Sequence[ReadingStatistic]) -> WeightedValues:
        """One row a sample; what is left to the weights are sums."""
        table = np.array(statistics, dtype=np.float64).reshape(-1, len(ReadingStatistic._fields))

        def values(weights: Weights | None) -> Mapping[str, float | None]:
            counted = np.ones(len(table)) if weights is None else weights
            total, sums = float(counted.sum()), counted @ table
            rates = [float(sums[i] / sums[i + 1]) if sums[i + 1] > 0 else None for i in (0, 2)]
            means = [float(value / total) if total > 0 else None for value in sums[4:]]
            return {info.name: value for info, value in zip(self.infos, [*rates, *means], strict=True)}

        return values

    def reduce(
        self, statistics: Sequence[ReadingStatistic], weights: Weights | None = None
    ) -> Mapping[str, float | None]:
        """The six values; a rate over references without a character has none."""
        return self.prepare(statistics)(weights)


def _bare(text: str) -> str:
    return _SYMBOLS.sub("", text.lower())


READING = Reading()
