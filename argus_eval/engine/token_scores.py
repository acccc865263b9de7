"""Confidences of boxes from the probabilities of the tokens that spell them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from argus_eval.core.prediction import Parsed, Prediction, Region, Regions
from argus_eval.core.response import Response

__all__ = ["with_token_scores"]


def with_token_scores(
    prediction: Prediction, response: Response, decode: Callable[[str], Prediction]
) -> Prediction:
    """``prediction`` with a score for every region: the geometric mean of the probabilities of its number tokens.

    A region's tokens are those written since the region before it was complete, and its number tokens those with a
    digit in them: location tokens, or the digits of coordinates. The rule needs nothing of a dialect but its
    parser. Confidences that the model wrote itself are kept, and where tokens and text do not belong together
    nothing is scored.

    Args:
        prediction: what the answer says.
        response: the answer with its tokens' texts and log probabilities.
        decode: the dialect's parser in the answer's context.
    """
    texts, logprobs = response.token_texts, response.token_logprobs
    if logprobs is None or not texts or len(texts) != len(logprobs) or not isinstance(prediction, Parsed):
        return prediction
    regions = _regions(prediction)
    if not regions or any(region.score is not None for region in regions):
        return prediction
    ends = _ends(texts, len(regions), lambda text: len(_regions(decode(text))))
    scores = [_score(texts[a:b], logprobs[a:b]) for a, b in zip([0, *ends], ends, strict=False)]
    known = [score for score in scores if score is not None]
    if len(known) != len(regions):
        return prediction
    scored = tuple(replace(region, score=score) for region, score in zip(regions, known, strict=True))
    return replace(prediction, value=Regions(regions=scored))


def _regions(prediction: Prediction) -> tuple[Region, ...]:
    if isinstance(prediction, Parsed) and isinstance(prediction.value, Regions):
        return prediction.value.regions
    return ()


def _ends(texts: Sequence[str], regions: int, count: Callable[[str], int]) -> list[int]:
    """How many tokens there are when each region is first complete; empty if the tokens do not hold them all."""
    if count("".join(texts)) != regions:
        return []
    ends: list[int] = []
    low = 1
    for wanted in range(1, regions + 1):
        high = len(texts)
        while low < high:
            middle = (low + high) // 2
            if count("".join(texts[:middle])) >= wanted:
                high = middle
            else:
                low = middle + 1
        ends.append(low)
    return ends


def _score(texts: Sequence[str], logprobs: Sequence[float]) -> float | None:
    numbers = [p for text, p in zip(texts, logprobs, strict=True) if any(c.isdigit() for c in text)]
    return math.exp(sum(numbers) / len(numbers)) if numbers else None
