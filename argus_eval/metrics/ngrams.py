"""Counts of word sequences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

__all__ = ["Ngram", "ngram_counts"]

Ngram = tuple[str, ...]


def ngram_counts(words: Sequence[str], longest: int = 4) -> Counter[Ngram]:
    """How often each sequence of 1 to ``longest`` words occurs.

    >>> sorted(ngram_counts(["a", "b", "a"], 2).items())
    [(('a',), 2), (('a', 'b'), 1), (('b',), 1), (('b', 'a'), 1)]
    """
    return Counter(tuple(words[i : i + n]) for n in range(1, longest + 1) for i in range(len(words) - n + 1))
