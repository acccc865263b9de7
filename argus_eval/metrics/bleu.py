"""BLEU as COCO's caption scorer computes it; not sacrebleu's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from argus_eval.metrics.ngrams import Ngram, ngram_counts

__all__ = ["LONGEST", "bleu_from_counts", "bleu_row"]

LONGEST = 4
_TINY, _SMALL = 1e-15, 1e-9


def bleu_row(words: Sequence[str], references: Sequence[Sequence[str]]) -> list[int]:
    """What one caption contributes: own length, length of the closest reference, guesses 1–4, matches 1–4.

    The closest reference is the one whose length differs least, the shorter one of two. A match is clipped at the
    largest count of the n-gram in any one reference.
    """
    most: Counter[Ngram] = Counter()
    for reference in references:
        most |= ngram_counts(reference, LONGEST)
    matches = [0] * LONGEST
    for ngram, count in ngram_counts(words, LONGEST).items():
        matches[len(ngram) - 1] += min(count, most.get(ngram, 0))
    closest = min((abs(len(reference) - len(words)), len(reference)) for reference in references)[1]
    guesses = [max(0, len(words) - n) for n in range(LONGEST)]
    return [len(words), closest, *guesses, *matches]


def bleu_from_counts(rows: NDArray[np.float64], weights: NDArray[np.float64]) -> list[float]:
    """BLEU-1 … BLEU-4 of a corpus from the :func:`bleu_row` of each caption, shape (N, 10), and weights (N,)."""
    total = weights @ rows
    length, reference = float(total[0]), float(total[1])
    guesses, matches = total[2 : 2 + LONGEST], total[2 + LONGEST :]
    precisions = np.cumprod((matches + _TINY) / (guesses + _SMALL))
    ratio = (length + _TINY) / (reference + _SMALL)
    penalty = float(np.exp(1 - 1 / ratio)) if ratio < 1 else 1.0
    return [float(precision) ** (1 / n) * penalty for n, precision in enumerate(precisions, start=1)]
