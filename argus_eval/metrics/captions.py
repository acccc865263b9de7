"""Image captioning: CIDEr, BLEU and ROUGE-L, held against COCO's caption scorer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NotRequired, TypedDict

import numpy as np

from argus_eval.core.prediction import Prediction
from argus_eval.core.sample import Sample
from argus_eval.metrics.answer_text import answer_text
from argus_eval.metrics.bleu import bleu_from_counts, bleu_row
from argus_eval.metrics.cider import DocumentFrequency, cider_d, document_frequency
from argus_eval.metrics.corpus import WeightedValues, Weights
from argus_eval.metrics.exact_match import accepted_answers
from argus_eval.metrics.protocol import MetricInfo
from argus_eval.metrics.ptb import caption_words
from argus_eval.metrics.rouge import rouge_l

__all__ = ["CAPTIONS", "CAPTIONS_TOKENIZED", "CaptionStatistic", "Captions", "Tokenizer", "caption_statistic"]

Tokenizer = Literal["ptb", "none"]
_REFERENCE = "tylin/coco-caption pycocoevalcap"


class CaptionStatistic(TypedDict):
    """Words of a caption and of its references, and the benchmark's document frequencies where they are known."""

    words: list[str]
    references: list[list[str]]
    frequency: NotRequired[DocumentFrequency]


def caption_statistic(prediction: Prediction, sample: Sample, tokenizer: Tokenizer) -> CaptionStatistic:
    """Tokenised texts of one image; an unreadable prediction is an empty caption.

    Raises:
        UsageError: the sample has no reference captions.
    """
    return CaptionStatistic(
        words=_words(answer_text(prediction) or "", tokenizer),
        references=[_words(reference, tokenizer) for reference in accepted_answers(sample)],
    )


def _words(text: str, tokenizer: Tokenizer) -> list[str]:
    return caption_words(text.replace("\n", " ")) if tokenizer == "ptb" else text.split()


@dataclass(frozen=True, slots=True, kw_only=True)
class Captions:
    """CIDEr-D, BLEU-1 to BLEU-4 and ROUGE-L of a corpus.

    CIDEr weighs words by how many images' references use them. The frequencies come from ``frequency`` where it is
    given (:meth:`with_references`), else from the images that are scored, as the official scorer does; the two
    differ as soon as a subset is scored, and a value over a subset with its own frequencies is not comparable with
    a published one. Weights (a bootstrap) never change the frequencies.

    Args:
        tokenizer: "ptb" as the official scorer, "none" for text that is tokenised already.
        frequency: document frequencies of the whole benchmark.
    """

    tokenizer: Tokenizer = "ptb"
    frequency: DocumentFrequency | None = None
    infos: tuple[MetricInfo, ...] = (
        MetricInfo(name="CIDEr", higher_is_better=True, bounded=False, reference=_REFERENCE),
        *(
            MetricInfo(name=f"BLEU-{n}", higher_is_better=True, bounded=True, reference=_REFERENCE)
            for n in (1, 2, 3, 4)
        ),
        MetricInfo(name="ROUGE-L", higher_is_better=True, bounded=True, reference=_REFERENCE),
    )

    def with_references(self, references: Iterable[Sequence[str]]) -> Captions:
        """The same metric with the document frequencies of these references, one sequence an image."""
        tokenised = ([_words(text, self.tokenizer) for text in of_one] for of_one in references)
        return replace(self, frequency=document_frequency(tokenised))

    def statistics(self, prediction: Prediction, sample: Sample) -> CaptionStatistic:
        """The words of the caption and of its references; all of them share one table of frequencies."""
        statistic = caption_statistic(prediction, sample, self.tokenizer)
        if self.frequency is not None:
            statistic["frequency"] = self.frequency
        return statistic

    def prepare(self, statistics: Sequence[CaptionStatistic]) -> WeightedValues:
        """Everything of each image; what is left to the weights are sums."""
        known = self.frequency or next((item["frequency"] for item in statistics if "frequency" in item), None)
        frequency = known or document_frequency(item["references"] for item in statistics)
        cider = np.array([cider_d(item["words"], item["references"], frequency) for item in statistics])
        bleu = np.array([bleu_row(item["words"], item["references"]) for item in statistics], dtype=np.float64)
        rouge = np.array([rouge_l(item["words"], item["references"]) for item in statistics])

        def values(weights: Weights | None) -> Mapping[str, float | None]:
            counted = np.ones(len(cider)) if weights is None else weights
            total = float(counted.sum())
            if total == 0:
                return {info.name: None for info in self.infos}
            by_length = bleu_from_counts(bleu, counted)
            return {
                "CIDEr": float(counted @ cider) / total,
                **{f"BLEU-{n}": value for n, value in enumerate(by_length, start=1)},
                "ROUGE-L": float(counted @ rouge) / total,
            }

        return values

    def reduce(
        self, statistics: Sequence[CaptionStatistic], weights: Weights | None = None
    ) -> Mapping[str, float | None]:
        """The six values; ``None`` where nothing is counted."""
        return self.prepare(statistics)(weights)


CAPTIONS = Captions()
CAPTIONS_TOKENIZED = Captions(tokenizer="none")
