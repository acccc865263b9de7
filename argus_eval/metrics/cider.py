"""CIDEr-D, the consensus measure that the COCO caption scorer calls CIDEr."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from argus_eval.metrics.ngrams import Ngram, ngram_counts

__all__ = ["DocumentFrequency", "cider_d", "document_frequency"]

_LONGEST = 4
_SIGMA = 6.0

#: vectors by n, their norms, and the length that the penalty looks at
_Vectors = tuple[list[dict[Ngram, float]], list[float], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFrequency:
    """In how many images' references each n-gram occurs.

    Attributes:
        counts: n-gram → number of images.
        images: number of images.
    """

    counts: Mapping[Ngram, int]
    images: int


def document_frequency(references: Iterable[Sequence[Sequence[str]]]) -> DocumentFrequency:
    """From the references of every image of the benchmark, tokenised."""
    counts: Counter[Ngram] = Counter()
    images = 0
    for of_one_image in references:
        images += 1
        counts.update({ngram for words in of_one_image for ngram in ngram_counts(words, _LONGEST)})
    return DocumentFrequency(counts=counts, images=images)


def cider_d(words: Sequence[str], references: Sequence[Sequence[str]], frequency: DocumentFrequency) -> float:
    """Score of one caption, in [0, 10]; with a single image in ``frequency`` every weight is 0.

    Mean over n = 1…4 and over references of the cosine of tf-idf vectors, with the caption's weights clipped at
    the reference's, times a Gaussian of the difference in length (σ = 6), times 10. As in the original the length
    is counted in *bigrams*.
    """
    log_images = math.log(frequency.images)
    own = _vectors(words, frequency, log_images)
    total = sum(_similarity(own, _vectors(reference, frequency, log_images)) for reference in references)
    return total / _LONGEST / len(references) * 10.0


def _vectors(words: Sequence[str], frequency: DocumentFrequency, log_images: float) -> _Vectors:
    vectors: list[dict[Ngram, float]] = [{} for _ in range(_LONGEST)]
    squares = [0.0] * _LONGEST
    length = 0
    for ngram, count in ngram_counts(words, _LONGEST).items():
        n = len(ngram) - 1
        weight = count * (log_images - math.log(max(1, frequency.counts.get(ngram, 0))))
        vectors[n][ngram] = weight
        squares[n] += weight**2
        if n == 1:
            length += count
    return vectors, [math.sqrt(square) for square in squares], length


def _similarity(own: _Vectors, other: _Vectors) -> float:
    (own_vectors, own_norms, own_length), (vectors, norms, length) = own, other
    penalty = math.exp(-((own_length - length) ** 2) / (2 * _SIGMA**2))
    total = 0.0
    for n in range(_LONGEST):
        theirs = vectors[n]
        shared = sum(
            min(weight, theirs[ngram]) * theirs[ngram]
            for ngram, weight in own_vectors[n].items()
            if ngram in theirs
        )
        if own_norms[n] and norms[n]:
            shared /= own_norms[n] * norms[n]
        total += shared * penalty
    return total
