"""ROUGE-L as COCO's caption scorer computes it."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz.distance import LCSseq

__all__ = ["rouge_l"]

_BETA = 1.2


def rouge_l(words: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """F-measure of the longest common subsequence, with recall weighted by β = 1.2.

    Precision and recall are maximised over the references *separately*; that is the original's rule. An empty
    caption scores 0.

    >>> round(rouge_l("a cat sits".split(), ["a cat is here".split(), "the cat".split()]), 4)
    0.5571
    """
    common = [LCSseq.similarity(words, reference) for reference in references]
    precision = max(n / max(1, len(words)) for n in common)
    recall = max(n / max(1, len(reference)) for n, reference in zip(common, references, strict=True))
    if precision == 0 or recall == 0:
        return 0.0
    return (1 + _BETA**2) * precision * recall / (recall + _BETA**2 * precision)
