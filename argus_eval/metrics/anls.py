"""Average normalised Levenshtein similarity: DocVQA, InfographicVQA, ST-VQA."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from argus_eval.core.prediction import Prediction
from argus_eval.core.sample import Sample
from argus_eval.metrics.answer_text import answer_text
from argus_eval.metrics.exact_match import accepted_answers
from argus_eval.metrics.protocol import MetricInfo

__all__ = ["ANLS", "ANLS_STRICT", "Anls"]

_LEAST_SIMILARITY = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Anls:
    """Best similarity ``1 − distance / length`` over the accepted answers, 0 where it is below one half.

    The evaluation server's rule (``strict=False``) folds case and white space for the distance, divides by the
    longer of the *raw* strings, padding included, and keeps a similarity of exactly one half. The paper's rule
    (``strict=True``; Biten et al., ICCV 2019) divides by the length of what is compared and drops one half.
    """

    strict: bool = False
    infos: tuple[MetricInfo, ...]

    def score(self, prediction: Prediction, sample: Sample) -> Mapping[str, float]:
        """A value in {0} ∪ [0.5, 1]."""
        text, references = answer_text(prediction), accepted_answers(sample)
        best = 0.0 if text is None else max(self._similarity(text, reference) for reference in references)
        kept = best > _LEAST_SIMILARITY if self.strict else best >= _LEAST_SIMILARITY
        return {self.infos[0].name: best if kept else 0.0}

    def _similarity(self, text: str, reference: str) -> float:
        said, given = _folded(text), _folded(reference)
        if self.strict:
            length = max(len(given), len(said))
        else:
            length = max(len(reference.upper()), len(text.upper()))
        return 1.0 if length == 0 else 1.0 - Levenshtein.distance(given, said) / length


def _folded(text: str) -> str:
    return " ".join(text.strip().lower().split())


ANLS = Anls(
    infos=(
        MetricInfo(
            name="anls",
            higher_is_better=True,
            bounded=True,
            reference="Robust Reading Competition, DocVQA evaluation script",
        ),
    )
)
ANLS_STRICT = Anls(
    strict=True,
    infos=(
        MetricInfo(
            name="anls_strict",
            higher_is_better=True,
            bounded=True,
            reference="shunk031/ANLS (the paper's rule)",
        ),
    ),
)
