"""How alike two region descriptions are."""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Callable, Sequence

from argus_eval.metrics.meteor import meteor_folder, sentence_scores

__all__ = ["Pair", "Similarity", "description_words", "meteor_similarity", "token_f1", "token_f1_similarity"]

#: A description and the references of the region it was assigned to, as words.
Pair = tuple[Sequence[str], Sequence[Sequence[str]]]

#: One value in [0, 1] a pair; ``None`` where it cannot be measured here.
Similarity = Callable[[Sequence[Pair]], list[float] | None]

_REPLACED = str.maketrans(
    {"½": "half", "—": "-", "™": "", "¢": "cent", "ç": "c", "û": "u", "é": "e", "°": " degree", "è": "e", "…": ""}
)
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def description_words(text: str) -> list[str]:
    """Words as DenseCap prepares its references: a few symbols spelt out, lower case, punctuation dropped.

    >>> description_words("A man's T-shirt, size ½.")
    ['a', 'mans', 'tshirt', 'size', 'half']
    """
    return text.translate(_REPLACED).lower().translate(_NO_PUNCTUATION).split()


def token_f1(words: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """Largest F1 of the words as multisets, over the references; 0 without references.

    >>> token_f1(["red", "car"], [["a", "red", "car"], ["bus"]])
    0.8
    """
    own = Counter(words)
    best = 0.0
    for reference in references:
        shared = (own & Counter(reference)).total()
        total = len(words) + len(reference)
        best = max(best, 2 * shared / total if total else 0.0)
    return best


def token_f1_similarity(pairs: Sequence[Pair]) -> list[float]:
    """:func:`token_f1` of each pair."""
    return [token_f1(words, references) for words, references in pairs]


def meteor_similarity(pairs: Sequence[Pair]) -> list[float] | None:
    """METEOR 1.5 of each pair with references, 0 for the others; ``None`` where its program is missing."""
    folder = meteor_folder()
    if folder is None:
        return None
    asked = [i for i, (words, references) in enumerate(pairs) if words and references]
    found = sentence_scores((pairs[i] for i in asked), folder)
    scores = [0.0] * len(pairs)
    for i, score in zip(asked, found, strict=True):
        scores[i] = score
    return scores
